/* control.c - the control fifo. */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/base.h"
#include "shim/monitor.h"

static void obey(struct monitor *m, const struct ctl_command *cmd)
{
	switch (cmd->verb) {
	case CTL_NONE:
		return;
	case CTL_RESIZE:
		stdio_resize(m, cmd->rows, cmd->cols);
		return;
	case CTL_REOPEN:
		logging_reopen(m);
		return;
	case CTL_EOF:
		input_end(m);
	}
}

static void control_ready(struct source *src, uint32_t events _unused_)
{
	struct monitor *m = container_of(src, struct monitor, ctl);
	char data[512];
	ssize_t n = read(src->fd, data, sizeof(data));

	for (ssize_t i = 0; i < n;) {
		struct ctl_command cmd;

		i += (ssize_t)ctl_read(&m->ctl_reader, data + i, (size_t)(n - i), &cmd);
		obey(m, &cmd);
	}
}

int control_open(struct monitor *m)
{
	const char *name = m->plan->ctl_name;

	m->ctl = (struct source){ .fd = -1, .ready = control_ready };
	if (!name)
		return 0;
	if (unlinkat(m->plan->dirfd, name, 0) < 0 && errno != ENOENT)
		return -1;
	if (mkfifoat(m->plan->dirfd, name, 0660) < 0)
		return -1;
	/* We are a writer too: no end, no storm of hang-ups when the last other one leaves. */
	m->ctl.fd = openat(m->plan->dirfd, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (m->ctl.fd < 0)
		return -1;
	return loop_watch(&m->loop, &m->ctl, EPOLLIN);
}

void control_close(struct monitor *m)
{
	if (m->ctl.fd < 0)
		return;
	loop_close(&m->loop, &m->ctl);
	unlinkat(m->plan->dirfd, m->plan->ctl_name, 0);
}
