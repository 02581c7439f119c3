#include <sys/pidfd.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/num.h"
#include "lib/sock.h"
#include "runc/launch.h"

/* Which container, and which process of it, as the specification wants it told. */
static void describe(const struct launch *l, struct buf *out)
{
	enum status status = l->exec ? STATUS_RUNNING : STATUS_CREATING;
	_buf_ struct buf state = { 0 };
	struct emit e = { .out = out };

	container_emit(l->container, status, false, 0, &state);
	emit_object(&e, NULL);
	emit_str(&e, "ociVersion", SPEC_VERSION);
	emit_array(&e, "fds");
	emit_str(&e, NULL, "seccompFd");
	emit_end(&e);
	emit_int(&e, "pid", l->pid);
	emit_str_if(&e, "metadata", l->listener_metadata);
	emit_raw(&e, "state", state.data, state.len);
	emit_end(&e);
}

void listener_hand_over(struct launch *l, const char *number)
{
	_close_ int fd = -1, sockfd = -1;
	_buf_ struct buf text = { 0 };
	int n;

	if (num_int(number, 0, INT32_MAX, &n))
		diex("bad number of a seccomp listener: '%s'", number);
	fd = pidfd_getfd(l->pidfd, n, 0);
	if (fd < 0)
		die("take the seccomp listener");
	if (!l->exec)
		l->container->init_process_pid = l->pid;
	describe(l, &text);
	sockfd = sock_connect(l->listener_path, SOCK_STREAM);
	if (sockfd < 0)
		die("connect to linux.seccomp.listenerPath '%s'", l->listener_path);
	if (sock_send_fds(sockfd, text.data, text.len, &fd, 1))
		die("send to linux.seccomp.listenerPath '%s'", l->listener_path);
	/* Should the child be gone, the next word from it is the end. */
	if (sync_answer(l->syncfd, SYNC_TAKEN))
		debug("the seccomp listener's process is gone");
}
