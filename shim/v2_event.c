/* v2_event.c - events to containerd, each until it has taken it, in their order.
 *
 * By its ttrpc address, which is the path of a socket; where it gave none, by running
 * `containerd publish`. While containerd is away events wait, and are tried again for as long as it
 * takes; only when more than EVENTS_MAX wait, the oldest is dropped. Once it is back, those who
 * listen to it are given time to come back, too: containerd keeps no event for them.
 */
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/mem.h"
#include "lib/sock.h"
#include "shim/v2.h"

enum {
	EVENTS_MAX = 4096,
	AGAIN_MS = 200,
	AGAIN_MAX_MS = 5000,
	REFUSED_MAX = 5,
	SETTLE_MS = 5000, /* grpc's clients, dockerd's delay of 3 s among them */
};

static void go_on(struct publisher *p);

static void pop(struct publisher *p)
{
	struct event *e = p->first;

	p->first = e->next;
	if (!p->first)
		p->last = &p->first;
	p->n--;
	free(e->topic);
	free(e->any.data);
	free(e->forward.data);
	free(e);
}

static void disconnect(struct publisher *p)
{
	loop_close(&p->server->loop, &p->src);
	ttrpc_reader_free(&p->in);
	buf_free(&p->out);
	p->sent = 0;
	p->stream = 0;
	p->asked = false;
	p->lost = true;
}

static void try_later(struct publisher *p)
{
	int ms = AGAIN_MS << (p->tries < 5 ? p->tries : 5);

	p->tries++;
	p->asked = false;
	loop_alarm(&p->server->loop, &p->again, ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS);
}

static void push(struct publisher *p)
{
	while (p->sent < p->out.len) {
		ssize_t n = send(p->src.fd, p->out.data + p->sent, p->out.len - p->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_watch(&p->server->loop, &p->src, EPOLLIN | EPOLLOUT);
			return;
		}
		if (n < 0) {
			disconnect(p);
			try_later(p);
			return;
		}
		p->sent += (size_t)n;
	}
	loop_watch(&p->server->loop, &p->src, EPOLLIN);
}

/* It was taken, or will not be: what containerd refuses several times is no event to it. */
static void answered(struct publisher *p, const struct ttrpc_frame *f)
{
	struct ttrpc_response r = { .payload = { NULL, 0 } };
	bool fine = pb_decode(&ttrpc_response, f->data, f->len, &r) == 0 && !r.status.code;

	if (!fine && p->tries < REFUSED_MAX) {
		try_later(p);
	} else {
		if (!fine)
			server_warn(p->server, "event %s was refused: %s", p->first->topic,
				    r.status.message ? r.status.message : "");
		p->tries = 0;
		p->asked = false;
		pop(p);
	}
	pb_free(&ttrpc_response, &r);
}

/* It has gone, or what it says is no answer. */
static void give_up(struct publisher *p)
{
	disconnect(p);
	if (p->first)
		try_later(p);
}

static void publisher_ready(struct source *src, uint32_t events)
{
	struct publisher *p = container_of(src, struct publisher, src);
	struct ttrpc_frame f;
	ssize_t n;

	if (events & EPOLLOUT)
		push(p);
	if (src->fd < 0 || !(events & ~(uint32_t)EPOLLOUT))
		return;
	n = ttrpc_fill(&p->in, src->fd);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		give_up(p);
		return;
	}
	while (ttrpc_next(&p->in, &f)) {
		if (f.too_long || f.type != TTRPC_RESPONSE) {
			give_up(p);
			return;
		}
		if (p->asked && p->first && f.stream == p->stream)
			answered(p, &f);
	}
	go_on(p);
}

static bool connected(struct publisher *p)
{
	if (p->src.fd >= 0)
		return true;
	p->src.fd = sock_connect(p->server->args.ttrpc_address, SOCK_STREAM | SOCK_NONBLOCK);
	return p->src.fd >= 0 && loop_watch(&p->server->loop, &p->src, EPOLLIN) == 0;
}

static void forward(struct publisher *p)
{
	struct ttrpc_request r = { .service = (char *)"containerd.services.events.ttrpc.v1.Events",
				   .method = (char *)"Forward",
				   .payload = p->first->forward,
				   .timeout_ns = 5000000000 };
	_buf_ struct buf msg = { 0 };

	if (!connected(p)) {
		disconnect(p);
		try_later(p);
		return;
	}
	if (p->lost) {
		p->lost = false;
		loop_alarm(&p->server->loop, &p->again, SETTLE_MS);
		return;
	}
	p->stream += p->stream ? 2 : 1;
	p->asked = true;
	buf_reset(&p->out);
	p->sent = 0;
	pb_encode(&ttrpc_request, &r, &msg);
	ttrpc_put(&p->out, p->stream, TTRPC_REQUEST, msg.data, msg.len);
	push(p);
}

static void published(struct job *j, int status)
{
	struct publisher *p = &j->server->events;

	p->asked = false;
	if (status == 0 && p->first) {
		p->tries = 0;
		pop(p);
		go_on(p);
	} else {
		try_later(p);
	}
}

/* containerd --address GRPC publish --topic T --namespace NS <ANY */
static void publish(struct publisher *p)
{
	const struct v2_args *a = &p->server->args;
	int any = memfile("event", p->first->any.data, p->first->any.len);
	char *argv[] = { (char *)a->publish_binary, (char *)"--address", (char *)a->grpc_address,
			 (char *)"publish",	    (char *)"--topic",	 p->first->topic,
			 (char *)"--namespace",	    (char *)a->ns,	 NULL };
	int stdio[3] = { any, -1, -1 };

	if (any < 0) {
		try_later(p);
		return;
	}
	p->asked = true;
	job_run(job_new(p->server, NULL, NULL, published), argv, stdio);
	close(any);
}

static void go_on(struct publisher *p)
{
	if (!p->first)
		server_leave_if_done(p->server);
	else if (p->asked || p->again.due_ms)
		return;
	else if (p->server->args.ttrpc_address)
		forward(p);
	else if (p->server->args.publish_binary && p->server->args.grpc_address)
		publish(p);
	else
		pop(p); /* nobody wants to know */
}

static void try_again(struct alarm *a)
{
	go_on(container_of(a, struct publisher, again));
}

static void add(struct publisher *p, struct event *e)
{
	if (p->n == EVENTS_MAX) {
		server_warn(p->server, "event %s dropped: %d others wait", p->first->topic,
			    EVENTS_MAX);
		if (p->asked)
			disconnect(p);
		pop(p);
	}
	*p->last = e;
	p->last = &e->next;
	p->n++;
	go_on(p);
}

void event_publish(struct server *s, const char *topic, const char *type,
		   const struct pb_schema *schema, const struct task_event *e)
{
	_buf_ struct buf msg = { 0 }, any = { 0 }, whole = { 0 };
	struct forward_request f = { .envelope = { .namespace = (char *)s->args.ns,
						   .topic = (char *)topic } };
	struct event *new = xcalloc(1, sizeof(*new));
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	pb_encode(schema, e, &msg);
	f.envelope.timestamp = stamp_of(&now);
	f.envelope.event.type_url = (char *)type;
	f.envelope.event.value = (struct pb_bytes){ msg.data, msg.len };
	pb_encode(&pb_any, &f.envelope.event, &any);
	pb_encode(&pb_forward, &f, &whole);
	new->topic = xstrdup(topic);
	new->any.len = any.len;
	new->any.data = buf_steal(&any);
	new->forward.len = whole.len;
	new->forward.data = buf_steal(&whole);
	add(&s->events, new);
}

void publisher_begin(struct server *s)
{
	struct publisher *p = &s->events;

	*p = (struct publisher){ .server = s,
				 .last = &p->first,
				 .src = { .fd = -1, .ready = publisher_ready },
				 .again.ring = try_again };
}
