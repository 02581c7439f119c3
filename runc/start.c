/* runc start - let a created container's program run. */
#include <fcntl.h>
#include <poll.h>

#include "lib/die.h"
#include "lib/io.h"
#include "runc/log.h"
#include "runc/make.h"
#include "runc/notify.h"
#include "runc/runc.h"

static const struct opt opts[] = { { 0 } };

static const struct usage usage = {
	"ID", "Let a created container's program run.", opts, OPT_STOP | OPT_SINGLE, NULL,
};

static void check_status(const struct container *c)
{
	switch (container_status(c)) {
	case STATUS_CREATED:
		return;
	case STATUS_RUNNING:
		diex("cannot start an already running container");
	case STATUS_STOPPED:
		diex("cannot start a container that has stopped");
	case STATUS_CREATING:
	case STATUS_PAUSED:
		diex("cannot start a container in the %s state", status_name(container_status(c)));
	}
}

/* Our opening the fifo wakes init; it writes a byte, and its execve is the end of the file. What
 * else it writes is why there was none. */
static void wake(const struct container *c, int pidfd, struct buf *said)
{
	_close_ int fd = openat(c->dirfd, CONTAINER_FIFO,
				O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
	char block[512];

	if (fd < 0)
		die("open the start fifo of container '%s'", c->id);
	for (;;) {
		ssize_t n;

		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			die("wait for container '%s'", c->id);
		}
		n = read(fd, block, sizeof(block));
		if (n > 0)
			buf_add(said, block, (size_t)n);
		else if (!n && (said->len || p[1].revents))
			return;
		else if (p[1].revents)
			return;
	}
}

int verb_start(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_spec_ struct spec spec = { 0 };
	_buf_ struct buf said = { 0 };
	_close_ int pidfd = -1, notifyfd = -1;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	log_prefix("runc start failed");
	xcontainer_load(&c, argv[0], true);
	check_status(&c);
	pidfd = container_pidfd(&c);
	if (pidfd < 0 && errno != ESRCH)
		die("open init of container '%s'", c.id);
	if (pidfd < 0)
		diex("cannot start a container that has stopped");
	xcontainer_spec(&c, &spec);
	hooks_log(&c.annotations);
	notifyfd = notify_open(&c);
	wake(&c, pidfd, &said);
	if (unlinkat(c.dirfd, CONTAINER_FIFO, 0) && errno != ENOENT)
		die("remove the start fifo");
	if (!said.len)
		diex("container init died before it was started");
	if (said.len > 1)
		diex("unable to start container process: %s", said.data + 1);
	c.started = state_now();
	if (container_save(&c))
		warn("write state of container '%s'", c.id);
	make_poststart(&c, &spec);
	notify_wait(notifyfd, (pid_t)c.init_process_pid, pidfd);
	return 0;
}
