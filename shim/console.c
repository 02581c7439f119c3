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

static void receive_master(struct source *src, uint32_t events _unused_)
{
	struct console *c = container_of(src, struct console, listener);
	_close_ int conn = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC);
	int fds[1];
	size_t nfds = 1;
	char name[256];

	if (conn < 0 || sock_recv_fds(conn, name, sizeof(name), fds, &nfds) <= 0 || nfds != 1)
		return;
	map_newlines(fds[0]);
	console_fit(c, fds[0]);
	c->adopt(c, fds[0]);
}

int console_listen(struct console *c, struct loop *l, int dirfd, const char *name)
{
	char path[FD_LINK_MAX + 64], link[FD_LINK_MAX];

	c->loop = l;
	c->dirfd = dirfd;
	c->name = name;
	snprintf(path, sizeof(path), "%s/%s", fd_link(dirfd, link), name);
	c->listener = (struct source){ .ready = receive_master };
	c->listener.fd = sock_listen(path, SOCK_STREAM, 0600, 1);
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
	loop_close(c->loop, &c->listener);
	unlinkat(c->dirfd, c->name, 0);
}
