/* v2_conn.c - connections: requests in, answers out, in any order. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "shim/v2.h"

enum { OUT_MAX = 32 << 20, LONELY_MS = 30000, ACCEPT_AGAIN_MS = 200 };

/* Both names have the same methods and messages. */
static const char *const services[] = { "containerd.task.v2.Task", "containerd.task.v3.Task" };

static void conn_close(struct conn *c)
{
	struct server *s = c->server;
	struct conn **at = &s->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	for (struct call *call = s->calls; call; call = call->next)
		if (call->conn == c)
			call->conn = NULL;
	loop_close(&s->loop, &c->src);
	ttrpc_reader_free(&c->in);
	buf_free(&c->out);
	free(c);
	if (!s->conns && !s->tasks)
		loop_alarm(&s->loop, &s->lonely, LONELY_MS);
}

/* Write what the other side takes. False: it is gone. */
static bool conn_push(struct conn *c)
{
	while (c->sent < c->out.len) {
		ssize_t n = send(c->src.fd, c->out.data + c->sent, c->out.len - c->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return loop_watch(&c->server->loop, &c->src, EPOLLIN | EPOLLOUT) == 0 &&
			       c->out.len - c->sent < OUT_MAX;
		if (n < 0)
			return false;
		c->sent += (size_t)n;
	}
	c->sent = 0;
	buf_free(&c->out);
	return loop_watch(&c->server->loop, &c->src, EPOLLIN) == 0;
}

static void respond(struct conn *c, uint32_t stream, const struct ttrpc_response *r)
{
	_buf_ struct buf msg = { 0 };

	pb_encode(&ttrpc_response, r, &msg);
	ttrpc_put(&c->out, stream, TTRPC_RESPONSE, buf_str(&msg), msg.len);
	/* A failure shows again when the connection is next read, where it can be closed. */
	if (!conn_push(c))
		shutdown(c->src.fd, SHUT_RDWR);
}

static void refuse(struct conn *c, uint32_t stream, enum ttrpc_code code, const char *why)
{
	struct ttrpc_response r = { .status = { .code = (int32_t)code, .message = (char *)why } };

	respond(c, stream, &r);
}

static void call_free(struct call *c)
{
	struct call **at = &c->server->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	pb_free(c->method->request, &c->req);
	free(c);
}

void call_reply(struct call *c, const struct pb_schema *schema, const void *msg)
{
	_buf_ struct buf payload = { 0 };
	struct ttrpc_response r = { .status = { 0 } };

	if (c->conn) {
		pb_encode(schema, msg, &payload);
		r.payload = (struct pb_bytes){ payload.data, payload.len };
		respond(c->conn, c->stream, &r);
	}
	call_free(c);
}

void call_ok(struct call *c)
{
	call_reply(c, &pb_empty, NULL);
}

void call_fail(struct call *c, enum ttrpc_code code, const char *fmt, ...)
{
	_buf_ struct buf why = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&why, fmt, ap);
	va_end(ap);
	debug("%s '%s': %s", c->method->name, c->req.id ? c->req.id : "", buf_str(&why));
	if (c->conn)
		refuse(c->conn, c->stream, code, buf_str(&why));
	call_free(c);
}

static bool is_ours(const char *service)
{
	for (size_t i = 0; service && i < ARRAY_LEN(services); i++)
		if (str_eq(service, services[i]))
			return true;
	return false;
}

static const struct method *find_method(const struct ttrpc_request *r)
{
	if (!is_ours(r->service) || !r->method)
		return NULL;
	for (const struct method *m = v2_methods; m->name; m++)
		if (str_eq(m->name, r->method))
			return m;
	return NULL;
}

static void dispatch(struct conn *c, uint32_t stream, const struct ttrpc_request *r)
{
	const struct method *m = find_method(r);
	struct call *call;

	if (!m) {
		refuse(c, stream, CODE_UNIMPLEMENTED, "no such service or method");
		return;
	}
	call = xcalloc(1, sizeof(*call));
	*call = (struct call){ .server = c->server,
			       .conn = c,
			       .stream = stream,
			       .method = m,
			       .next = c->server->calls };
	c->server->calls = call;
	if (pb_decode(m->request, r->payload.data, r->payload.len, &call->req) < 0)
		call_fail(call, CODE_INVALID, "%s: malformed request", m->name);
	else
		m->serve(call);
}

static void take_frame(struct conn *c, const struct ttrpc_frame *f)
{
	struct ttrpc_request r = { .service = NULL };

	if (f->too_long)
		refuse(c, f->stream, CODE_EXHAUSTED, "message is longer than 4 MiB");
	else if (f->type != TTRPC_REQUEST || !(f->stream & 1) || f->stream <= c->last_stream)
		refuse(c, f->stream, CODE_INVALID, "not a new stream");
	else if (pb_decode(&ttrpc_request, f->data, f->len, &r) < 0)
		refuse(c, f->stream, CODE_INVALID, "malformed request");
	else
		dispatch(c, f->stream, &r);
	if (f->stream > c->last_stream)
		c->last_stream = f->stream;
	pb_free(&ttrpc_request, &r);
}

static void conn_ready(struct source *src, uint32_t events)
{
	struct conn *c = container_of(src, struct conn, src);
	struct ttrpc_frame f;
	ssize_t n;

	if (events & EPOLLOUT && !conn_push(c)) {
		conn_close(c);
		return;
	}
	if (!(events & ~(uint32_t)EPOLLOUT))
		return;
	n = ttrpc_fill(&c->in, src->fd);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		conn_close(c);
		return;
	}
	while (ttrpc_next(&c->in, &f))
		take_frame(c, &f);
}

/* Root's socket in root's directory, and still: only who we are may speak to us. */
static bool is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid() &&
	       peer.gid == getegid();
}

static void admit(struct server *s, int fd)
{
	struct conn *c;

	if (!is_trusted(fd)) {
		close(fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->server = s;
	c->src = (struct source){ .fd = fd, .ready = conn_ready };
	c->next = s->conns;
	s->conns = c;
	loop_alarm(&s->loop, &s->lonely, -1);
	if (loop_watch(&s->loop, &c->src, EPOLLIN) < 0)
		conn_close(c);
}

static void listener_ready(struct source *src, uint32_t events _unused_)
{
	struct server *s = container_of(src, struct server, listener);
	int fd;

	while ((fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		admit(s, fd);
	if (errno != EMFILE && errno != ENFILE)
		return;
	/* Without descriptors the listener would be ready for ever. */
	loop_watch(&s->loop, src, 0);
	loop_alarm(&s->loop, &s->accept_again, ACCEPT_AGAIN_MS);
}

static void accept_again(struct alarm *a)
{
	struct server *s = container_of(a, struct server, accept_again);

	loop_watch(&s->loop, &s->listener, EPOLLIN);
}

/* Nobody speaks to us, and there is nothing to look after: when the bundle has gone, too, whoever
 * started us has forgotten us. */
static void lonely(struct alarm *a)
{
	struct server *s = container_of(a, struct server, lonely);

	if (s->conns || s->tasks)
		return;
	if (access(s->args.bundle, F_OK) < 0 && errno == ENOENT)
		server_leave(s);
	else
		loop_alarm(&s->loop, a, LONELY_MS);
}

int conn_listen(struct server *s)
{
	s->listener.ready = listener_ready;
	s->accept_again.ring = accept_again;
	s->lonely.ring = lonely;
	loop_alarm(&s->loop, &s->lonely, LONELY_MS);
	if (fcntl(s->listener.fd, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	return loop_watch(&s->loop, &s->listener, EPOLLIN);
}
