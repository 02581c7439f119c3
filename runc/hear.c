#include <poll.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "runc/hear.h"

void hear_no_more(const struct launch *l)
{
	uint64_t kills = 0;

	if (l->container->cgroup && !cgroup_oom_kills(&l->group, &kills) && kills)
		diex("container init was OOM-killed (memory limit too low?)");
	diex("unable to start container process: init died without saying why");
}

enum sync_type hear(const struct launch *l, struct buf *text)
{
	for (;;) {
		enum sync_type type = sync_recv(l->syncfd, text);

		if (type == SYNC_WARNING)
			warnx("%s", buf_str(text));
		else if (type == SYNC_ERROR)
			diex("unable to start container process: %s", buf_str(text));
		else if (type == SYNC_BROKEN)
			die("unable to start container process: read what it says");
		else
			return type;
	}
}

void hear_answer(const struct launch *l, enum sync_type type)
{
	_buf_ struct buf text = { 0 };

	if (!sync_answer(l->syncfd, type))
		return;
	if (errno != EPIPE && errno != ECONNRESET)
		die("unable to start container process: answer it");
	while (hear(l, &text) != SYNC_END)
		;
	hear_no_more(l);
}

enum sync_type hear_first(const struct launch *l, struct buf *text)
{
	if (l->early == SYNC_END)
		return hear(l, text);
	buf_adds(text, l->early_text);
	return l->early;
}

/* The stage's next word, or the one that its child said first; dies when there will be none: that
 * child has the channel, too, which therefore has no end when the stage is killed. */
static enum sync_type hear_either(const struct launch *l, struct buf *text)
{
	struct pollfd p[] = { { .fd = l->syncfd, .events = POLLIN },
			      { .fd = l->pidfd, .events = POLLIN } };

	while (poll(p, ARRAY_LEN(p), -1) < 0) {
		if (errno != EINTR)
			die("wait for the joining process");
	}
	if (!p[0].revents)
		diex("unable to start container process: the joining process died");
	return hear(l, text);
}

void hear_stage(struct launch *l)
{
	_buf_ struct buf text = { 0 };
	enum sync_type type;
	int pid;

	while ((type = hear_either(l, &text)) != SYNC_PID) {
		if (type == SYNC_END)
			diex("unable to start container process: the joining process died");
		if (l->early_text)
			diex("unable to start container process: two first words");
		l->early = type;
		l->early_text = buf_steal(&text);
	}
	if (num_int(buf_str(&text), 1, INT32_MAX, &pid))
		diex("unable to start container process: bad pid '%s'", buf_str(&text));
	waitid(P_PIDFD, (id_t)l->pidfd, NULL, WEXITED);
	close(l->pidfd);
	l->pid = pid;
	l->pidfd = proc_pidfd_open(pid);
	if (l->pidfd < 0)
		die("open a pidfd of %d", pid);
}
