/* clients.c - clients on the attach socket, and the output they are sent.
 *
 * A client's queue is its socket's send buffer. When one is full, reading from the container stops
 * for plan->stall_ms at most; a client that has not taken the piece by then is dropped. The logs
 * have had the piece before any client.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "lib/sock.h"
#include "shim/monitor.h"

enum {
	QUEUE = 1024 * 1024,
	OUTPUT_HEADER = 2,     /* + the stream's number: 2 is stdout, 3 is stderr */
	LISTEN_AGAIN_MS = 100, /* after descriptors ran out */
};

static uint32_t client_events(const struct client *c)
{
	uint32_t out = c->m->fan.from && c->sent < c->m->fan.len ? EPOLLOUT : 0;

	return out | (c->input_ended || c->m->input_len ? EPOLLHUP : EPOLLIN);
}

static void client_watch(struct client *c)
{
	loop_watch(&c->m->loop, &c->src, client_events(c));
}

static bool fan_waits(const struct monitor *m)
{
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (m->clients[i].src.fd >= 0 && m->clients[i].sent < m->fan.len)
			return true;
	return false;
}

static void fan_finish(struct monitor *m)
{
	m->fan.from = NULL;
	loop_alarm(&m->loop, &m->fan.stalled, -1);
	stdio_send(m);
	if (m->fan.from)
		return;
	stdio_pause(m, false);
	monitor_stream_ended(m);
}

static void fan_check(struct monitor *m)
{
	if (m->fan.from && !fan_waits(m))
		fan_finish(m);
}

static void client_drop(struct client *c)
{
	loop_close(&c->m->loop, &c->src);
	c->m->n_clients--;
}

/* Send what the queue takes of the piece under way. Returns false when the client is gone. */
static bool client_push(struct client *c)
{
	const char *data = c->m->fan.data;
	size_t len = c->m->fan.len;
	char stream = (char)(OUTPUT_HEADER + c->m->fan.from->number);

	while (c->sent < len) {
		size_t n = len - c->sent < PACKET ? len - c->sent : PACKET;
		struct iovec iov[2] = { { &stream, 1 }, { (char *)data + c->sent, n } };
		struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
		ssize_t sent = sendmsg(c->src.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
			client_drop(c);
			return false;
		}
		if (sent < 0)
			return true;
		c->sent += n;
	}
	return true;
}

static void drop_stalled(struct alarm *a)
{
	struct monitor *m = container_of(a, struct monitor, fan.stalled);

	for (int i = 0; i < MAX_CLIENTS; i++)
		if (m->clients[i].src.fd >= 0 && m->clients[i].sent < m->fan.len)
			client_drop(&m->clients[i]);
	fan_finish(m);
}

static void client_ready(struct source *src, uint32_t events);

static struct client *free_place(struct monitor *m)
{
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (m->clients[i].src.fd < 0)
			return &m->clients[i];
	return NULL;
}

static void client_admit(struct monitor *m, int fd)
{
	struct client *c = free_place(m);
	int size = QUEUE;

	if (!c) {
		close(fd);
		return;
	}
	/* Beyond net.core.wmem_max only for the privileged. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*c = (struct client){ .src = { .fd = fd, .ready = client_ready }, .m = m };
	c->sent = m->fan.len; /* what is under way began before it came */
	m->n_clients++;
	client_watch(c);
}

static void accept_clients(struct source *src, uint32_t events _unused_)
{
	struct monitor *m = container_of(src, struct monitor, listener);
	int fd;

	while ((fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		client_admit(m, fd);
	if (errno != EMFILE && errno != ENFILE)
		return;
	loop_watch(&m->loop, src, 0);
	loop_alarm(&m->loop, &m->listen_again, LISTEN_AGAIN_MS);
}

/* accept(2) makes a socket before it sees that there is nobody to have it. */
static bool somebody_waits(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

void clients_send(struct monitor *m, struct stream *s, const char *data, size_t len)
{
	/* Who has connected by now is to miss nothing. */
	if (m->listener.fd >= 0 && somebody_waits(m->listener.fd))
		accept_clients(&m->listener, 0);
	if (!m->n_clients)
		return;
	m->fan.from = s;
	m->fan.data = data;
	m->fan.len = len;
	for (int i = 0; i < MAX_CLIENTS; i++)
		m->clients[i].sent = 0;
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (m->clients[i].src.fd >= 0 && client_push(&m->clients[i]))
			client_watch(&m->clients[i]);
	if (!fan_waits(m)) {
		m->fan.from = NULL;
		return;
	}
	m->fan.stalled.ring = drop_stalled;
	loop_alarm(&m->loop, &m->fan.stalled, m->plan->stall_ms);
	stdio_pause(m, true);
}

/* Others that gave input and have not ended it: then the container's stdin goes on. */
static bool has_other_input(const struct client *c)
{
	for (int i = 0; i < MAX_CLIENTS; i++) {
		const struct client *other = &c->m->clients[i];

		if (other != c && other->src.fd >= 0 && other->gave_input && !other->input_ended)
			return true;
	}
	return false;
}

/* The client will send no more: either it said so and still listens, or it is gone. */
static void client_input_over(struct client *c, bool gone)
{
	const struct plan *p = c->m->plan;
	struct monitor *m = c->m;
	bool said_so = !c->input_ended;

	c->input_ended = true;
	if (said_so && !p->keep_stdin && (p->any_eof || (!gone && !has_other_input(c))))
		input_end(m);
	if (gone)
		client_drop(c);
	else
		client_watch(c);
}

static void client_listen(struct client *c, bool gone, bool readable)
{
	struct monitor *m = c->m;

	if (c->input_ended && gone) {
		client_drop(c);
	} else if (!c->input_ended && m->input_len && gone) {
		loop_watch(&m->loop, &c->src, 0); /* clients_watch looks again once there is room */
	} else if (!c->input_ended && !m->input_len && (gone || readable)) {
		if (!input_take(m, c->src.fd))
			client_input_over(c, gone);
		else
			c->gave_input = true;
	} else {
		client_watch(c);
	}
}

static void client_ready(struct source *src, uint32_t events)
{
	struct client *c = container_of(src, struct client, src);
	struct monitor *m = c->m;

	if (!m->fan.from || c->sent == m->fan.len || client_push(c))
		client_listen(c, events & (EPOLLHUP | EPOLLERR), events & EPOLLIN);
	fan_check(m);
}

void clients_watch(struct monitor *m)
{
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (m->clients[i].src.fd >= 0)
			client_watch(&m->clients[i]);
}

static void listen_again(struct alarm *a)
{
	struct monitor *m = container_of(a, struct monitor, listen_again);

	loop_watch(&m->loop, &m->listener, EPOLLIN);
}

int clients_listen(struct monitor *m)
{
	char path[FD_LINK_MAX + 256], link[FD_LINK_MAX];

	m->listener = (struct source){ .fd = -1, .ready = accept_clients };
	m->listen_again.ring = listen_again;
	if (!m->plan->attach_name)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", fd_link(m->plan->dirfd, link), m->plan->attach_name);
	m->listener.fd = sock_listen(path, SOCK_SEQPACKET, 0700, 64);
	if (m->listener.fd < 0 || fcntl(m->listener.fd, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	return loop_watch(&m->loop, &m->listener, EPOLLIN);
}

void clients_close(struct monitor *m)
{
	/* The listener first: who finds it gone knows that the container has ended. */
	if (m->listener.fd >= 0) {
		loop_close(&m->loop, &m->listener);
		unlinkat(m->plan->dirfd, m->plan->attach_name, 0);
	}
	loop_alarm(&m->loop, &m->listen_again, -1);
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (m->clients[i].src.fd >= 0)
			client_drop(&m->clients[i]);
	fan_check(m);
}
