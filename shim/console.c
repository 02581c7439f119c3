/* console.c - the container's terminal: the runtime sends us its master, we keep its size. */
#include <stdio.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/sock.h"
#include "lib/tty.h"
#include "shim/console.h"

void console_fit(const struct console *c, int masterfd)
{
	if (c->have_size)
		(void)!tty_set_size(masterfd, &c->size);
}

void console_set_size(struct console *c, unsigned rows, unsigned cols)
{
	c->have_size = true;
	c->size = (struct winsize){ .ws_row = (unsigned short)rows,
				    .ws_col = (unsigned short)cols };
}

/* Runtimes differ in whether they leave this on; programs expect it. */
static void map_newlines(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return;
	t.c_oflag |= ONLCR;
	tcsetattr(fd, TCSANOW, &t);
}

/* Whoever connects and leaves without a master makes room for another. */
static void receive(struct console *c)
{
	int fds[1];
	size_t nfds = 1;
	char name[256];
	ssize_t n = sock_recv_fds(c->conn.fd, name, sizeof(name), fds, &nfds);

	if (n < 0 && errno == EAGAIN)
		return;
	loop_close(c->loop, &c->conn);
	loop_watch(c->loop, &c->listener, EPOLLIN);
	if (n <= 0 || nfds != 1)
		return;
	map_newlines(fds[0]);
	console_fit(c, fds[0]);
	c->adopt(c, fds[0]);
}

static void conn_ready(struct source *src, uint32_t events _unused_)
{
	receive(container_of(src, struct console, conn));
}

static void accept_runtime(struct console *c)
{
	c->conn.fd = accept4(c->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (c->conn.fd < 0)
		return;
	loop_watch(c->loop, &c->listener, 0);
	loop_watch(c->loop, &c->conn, EPOLLIN);
}

static void listener_ready(struct source *src, uint32_t events _unused_)
{
	accept_runtime(container_of(src, struct console, listener));
}

int console_listen(struct console *c, struct loop *l, int dirfd, const char *name)
{
	char path[FD_LINK_MAX + 64], link[FD_LINK_MAX];

	c->loop = l;
	c->dirfd = dirfd;
	c->name = name;
	snprintf(path, sizeof(path), "%s/%s", fd_link(dirfd, link), name);
	c->conn = (struct source){ .fd = -1, .ready = conn_ready };
	c->listener = (struct source){ .ready = listener_ready };
	c->listener.fd = sock_listen(path, SOCK_STREAM | SOCK_NONBLOCK, 0600, 1);
	if (c->listener.fd < 0)
		return -1;
	/* By way of our own descriptor: however deep the directory, it fits into a socket address.
	 */
	snprintf(c->path, sizeof(c->path), "/proc/%d/fd/%d/%s", getpid(), dirfd, name);
	return loop_watch(l, &c->listener, EPOLLIN);
}

void console_close(struct console *c)
{
	if (c->listener.fd < 0)
		return;
	/* The runtime may have sent it just before it ended. */
	if (c->conn.fd < 0)
		accept_runtime(c);
	if (c->conn.fd >= 0)
		receive(c);
	loop_close(c->loop, &c->conn);
	loop_close(c->loop, &c->listener);
	unlinkat(c->dirfd, c->name, 0);
}
