/* console.c - the container's terminal: the runtime sends us its master, we keep its size. */
#include <fcntl.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/sock.h"
#include "lib/tty.h"
#include "shim/monitor.h"

static void apply_size(struct monitor *m)
{
	struct winsize ws = { .ws_row = m->rows, .ws_col = m->cols };

	if (m->have_size && m->streams[STREAM_OUT].src.fd >= 0 && m->have_console)
		(void)!tty_set_size(m->streams[STREAM_OUT].src.fd, &ws);
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

static void adopt_master(struct monitor *m, int fd)
{
	if (m->have_console) {
		close(fd);
		return;
	}
	m->have_console = true;
	map_newlines(fd);
	/* The same device twice, as epoll knows a descriptor once. */
	m->input.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	(void)!stdio_watch(m, &m->streams[STREAM_OUT], fd);
	apply_size(m);
	clients_watch(m);
}

static void receive_master(struct source *src, uint32_t events _unused_)
{
	struct monitor *m = container_of(src, struct monitor, console);
	_close_ int conn = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC);
	int fds[1];
	size_t nfds = 1;
	char name[256];

	if (conn >= 0 && sock_recv_fds(conn, name, sizeof(name), fds, &nfds) > 0 && nfds == 1)
		adopt_master(m, fds[0]);
}

int console_listen(struct monitor *m)
{
	char path[FD_LINK_MAX + 32], link[FD_LINK_MAX];

	snprintf(path, sizeof(path), "%s/%s", fd_link(m->plan->dirfd, link), m->plan->console_name);
	m->console = (struct source){ .ready = receive_master };
	m->console.fd = sock_listen(path, SOCK_STREAM, 0600, 1);
	if (m->console.fd < 0)
		return -1;
	/* By way of our own descriptor: however deep the directory, it fits into a socket address.
	 */
	snprintf(m->console_path, sizeof(m->console_path), "/proc/%d/fd/%d/%s", getpid(),
		 m->plan->dirfd, m->plan->console_name);
	*m->plan->console_slot = m->console_path;
	return loop_watch(&m->loop, &m->console, EPOLLIN);
}

void console_close(struct monitor *m)
{
	if (m->console.fd < 0)
		return;
	loop_close(&m->loop, &m->console);
	unlinkat(m->plan->dirfd, m->plan->console_name, 0);
}

void console_resize(struct monitor *m, unsigned rows, unsigned cols)
{
	m->have_size = true;
	m->rows = (unsigned short)rows;
	m->cols = (unsigned short)cols;
	apply_size(m);
}
