/* input.c - the container's stdin: what clients send, until it ends.
 *
 * One buffer, shared: while it holds something the container has not taken, no client is read.
 */
#include <sys/socket.h>

#include "shim/monitor.h"

/* The last writer goes; the container reads an end. A terminal has none. */
static void close_now(struct monitor *m)
{
	loop_close(&m->loop, &m->input);
	m->input_off = m->input_len = 0;
}

static void input_ready(struct source *src, uint32_t events);

/* Hand on what the container takes; returns with the rest kept, or nothing. */
static void push(struct monitor *m)
{
	while (m->input_len) {
		ssize_t n = write(m->input.fd, m->input_buf + m->input_off, m->input_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			m->input.ready = input_ready;
			loop_watch(&m->loop, &m->input, EPOLLOUT);
			return;
		}
		if (n < 0) {
			close_now(m);
			return;
		}
		m->input_off += (size_t)n;
		m->input_len -= (size_t)n;
	}
	loop_watch(&m->loop, &m->input, 0);
	if (m->input_wanted_end)
		close_now(m);
}

static void input_ready(struct source *src, uint32_t events _unused_)
{
	struct monitor *m = container_of(src, struct monitor, input);

	push(m);
	if (!m->input_len)
		clients_watch(m);
}

bool input_take(struct monitor *m, int fd)
{
	ssize_t n = recv(fd, m->input_buf, INPUT_BUF, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	m->warm = true;
	if (m->input.fd < 0)
		return true; /* nobody reads it */
	m->input_off = 0;
	m->input_len = (size_t)n;
	push(m);
	if (m->input_len)
		clients_watch(m);
	return true;
}

void input_end(struct monitor *m)
{
	if (m->plan->tty || m->input.fd < 0)
		return;
	m->input_wanted_end = true;
	if (!m->input_len)
		close_now(m);
}

void input_close(struct monitor *m)
{
	close_now(m);
}
