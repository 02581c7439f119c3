#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/pb.h"
#include "lib/proc.h"
#include "lib/sock.h"
#include "runc/criu.h"
#include "runc/launch.h"
#include "runc/runc.h"

enum { SOCKET_FD = 3, PASS_FD = 4, ANSWER_MAX = 65536, LOG_MAX = 64 << 20, LOG_LEVEL = 4 };

/* Fields of criu_req. */
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3, REQ_FEATURES = 5 };
/* criu_cg_mode */
enum { CG_IGNORE = 0, CG_SOFT = 3, CG_FULL = 4, CG_STRICT = 5, CG_DEFAULT = 6 };

/* criu_resp, as far as it is for us. */
struct answer {
	uint32_t type, error;
	bool success;
	struct {
		char *script;
		int32_t pid;
	} notify;
	struct {
		bool mem_track, lazy_pages;
	} features;
	char *message;
};

static const struct pb_field notify_fields[] = {
	{ 1, PB_STR, offsetof(struct answer, notify.script) - offsetof(struct answer, notify),
	  NULL },
	{ 2, PB_I32, offsetof(struct answer, notify.pid) - offsetof(struct answer, notify), NULL },
	{ 0 },
};
static const struct pb_schema notify_schema = { sizeof(((struct answer *)NULL)->notify),
						notify_fields };

static const struct pb_field features_fields[] = {
	{ 1, PB_BOOL, 0, NULL },
	{ 2, PB_BOOL, 1, NULL },
	{ 0 },
};
static const struct pb_schema features_schema = { sizeof(((struct answer *)NULL)->features),
						  features_fields };

static const struct pb_field answer_fields[] = {
	{ 1, PB_U32, offsetof(struct answer, type), NULL },
	{ 2, PB_BOOL, offsetof(struct answer, success), NULL },
	{ 5, PB_MSG, offsetof(struct answer, notify), &notify_schema },
	{ 7, PB_U32, offsetof(struct answer, error), NULL },
	{ 8, PB_MSG, offsetof(struct answer, features), &features_schema },
	{ 9, PB_STR, offsetof(struct answer, message), NULL },
	{ 0 },
};
static const struct pb_schema answer_schema = { sizeof(struct answer), answer_fields };

static void answer_free(struct answer *a)
{
	pb_free(&answer_schema, a);
}

static uint64_t cgroups_mode(const char *mode)
{
	static const struct {
		const char *name;
		uint64_t mode;
	} modes[] = { { "", CG_DEFAULT },
		      { "soft", CG_SOFT },
		      { "full", CG_FULL },
		      { "strict", CG_STRICT },
		      { "ignore", CG_IGNORE } };

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (str_eq(mode ? mode : "", modes[i].name))
			return modes[i].mode;
	}
	diex("invalid manage-cgroups-mode value: '%s'", mode);
}

static uint64_t empty_namespaces(const struct strv *types)
{
	for (size_t i = 0; i < types->n; i++) {
		if (!str_eq(types->v[i], "network"))
			diex("--empty-ns: '%s' is not supported, only network is", types->v[i]);
	}
	return types->n ? CLONE_NEWNET : 0;
}

static int open_dir(const char *path, bool make)
{
	int fd = make ? path_open_dir(path, 0700) : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		die("open criu's directory '%s'", path);
	return fd;
}

void criu_begin(struct criu *c, const struct criu_options *o, const char *log_file, bool make)
{
	const char *images = o->image_path && *o->image_path ? o->image_path : "checkpoint";
	struct buf *b = &c->opts;

	c->imagesfd = open_dir(images, make);
	if (o->work_path && *o->work_path)
		c->workfd = open_dir(o->work_path, true);
	c->log_dir = fd_path(c->workfd >= 0 ? c->workfd : c->imagesfd);
	c->log_file = log_file;
	request_add_u64(b, CRIU_IMAGES_DIR_FD, (uint64_t)c->imagesfd);
	if (c->workfd >= 0)
		request_add_u64(b, CRIU_WORK_DIR_FD, (uint64_t)c->workfd);
	request_add_u64(b, CRIU_LOG_LEVEL, LOG_LEVEL);
	request_add_str(b, CRIU_LOG_FILE, log_file);
	request_add_bool(b, CRIU_NOTIFY_SCRIPTS, true);
	request_add_bool(b, CRIU_MANAGE_CGROUPS, true);
	request_add_u64(b, CRIU_MANAGE_CGROUPS_MODE, cgroups_mode(o->cgroups_mode));
	request_add_bool(b, CRIU_ORPHAN_PTS_MASTER, true);
	request_add_bool(b, CRIU_TCP_ESTABLISHED, o->tcp_established);
	request_add_bool(b, CRIU_EXT_UNIX_SK, o->ext_unix_sk);
	request_add_bool(b, CRIU_SHELL_JOB, o->shell_job);
	request_add_bool(b, CRIU_FILE_LOCKS, o->file_locks);
	request_add_bool(b, CRIU_AUTO_DEDUP, o->auto_dedup);
	request_add_bool(b, CRIU_LAZY_PAGES, o->lazy_pages);
	if (empty_namespaces(&o->empty_ns))
		request_add_u64(b, CRIU_EMPTY_NS, CLONE_NEWNET);
}

void criu_add_config(struct criu *c, const struct decode_map *annotations)
{
	const char *file = decode_map_get(annotations, "org.criu.config");

	request_add_str(&c->opts, CRIU_CONFIG_FILE, file ? file : "/etc/criu/runc.conf");
}

static void add_pair(struct criu *c, unsigned int field, const char *key, const char *value)
{
	_buf_ struct buf pair = { 0 };

	request_add_str(&pair, 1, key);
	request_add_str(&pair, 2, value);
	request_add_msg(&c->opts, field, &pair);
}

void criu_add_mount(struct criu *c, const char *key, const char *value)
{
	add_pair(c, CRIU_EXT_MNT, key, value);
}

void criu_add_stdio(struct criu *c, const char *key, int number)
{
	_buf_ struct buf pair = { 0 };

	request_add_str(&pair, 1, key);
	request_add_u64(&pair, 2, (uint64_t)number);
	request_add_msg(&c->opts, CRIU_INHERIT_FD, &pair);
}

void criu_add_inherited(struct criu *c, const char *key, int fd)
{
	if (c->npass == (int)ARRAY_LEN(c->passfd))
		diex("too many descriptors for criu");
	criu_add_stdio(c, key, PASS_FD + c->npass);
	c->passfd[c->npass++] = fd;
}

/* Descriptors go to their numbers from above, so that none falls on one that is still to go. */
_noreturn_ static void execute(const struct criu *c, char *program, int sockfd)
{
	char verb[] = "swrk", number[] = "3", *argv[] = { program, verb, number, NULL };
	int high[ARRAY_LEN(c->passfd) + 1];

	high[0] = fcntl(sockfd, F_DUPFD_CLOEXEC, PASS_FD + (int)ARRAY_LEN(high));
	for (int i = 0; i < c->npass; i++)
		high[i + 1] = fcntl(c->passfd[i], F_DUPFD_CLOEXEC, PASS_FD + (int)ARRAY_LEN(high));
	for (int i = 0; i <= c->npass; i++) {
		if (high[i] < 0 || fd_install(high[i], SOCKET_FD + i))
			die("hand descriptors to criu");
	}
	if (fd_cloexec_from((unsigned int)(PASS_FD + c->npass)))
		die("hand descriptors to criu");
	proc_reset_signals();
	xexec(argv);
}

void criu_start(struct criu *c)
{
	_free_ char *program = program_find(runc_globals.criu, environ);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("make a socket pair");
	c->pid = xfork();
	if (!c->pid) {
		die_cleanup(NULL);
		execute(c, program, pair[1]);
	}
	close(pair[1]);
	c->sockfd = pair[0];
}

/* criu's log is where it says what went wrong: its last error, but for "Dumping FAILED." */
static void add_log(const struct criu *c, struct buf *why)
{
	_close_ int dirfd = c->log_dir ? open(c->log_dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	_buf_ struct buf text = { 0 };
	const char *error = NULL, *next;

	if (dirfd < 0 || file_read(dirfd, c->log_file, LOG_MAX, &text) || !text.len)
		return;
	for (const char *at = text.data; (next = strstr(at, "Error (")); at = next + 1) {
		const char *failed = strstr(next, "FAILED.");

		if (!failed || failed > next + strcspn(next, "\n"))
			error = next;
	}
	if (error)
		buf_addf(why, ": %.*s", (int)strcspn(error, "\n"), error);
	buf_addf(why, "; see '%s/%s'", c->log_dir, c->log_file);
}

_noreturn_ static void fail(const struct criu *c, const char *fmt, const char *what)
{
	_buf_ struct buf why = { 0 };

	add_log(c, &why);
	if (c->pid > 0)
		waitpid(c->pid, NULL, 0);
	diex("criu %s%s%s%s", fmt, *what ? ": " : "", what, buf_str(&why));
}

static void send_request(const struct criu *c, const struct buf *req)
{
	ssize_t n;

	do {
		n = send(c->sockfd, req->data, req->len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		fail(c, "does not listen", strerror(errno));
}

static int receive(const struct criu *c, struct answer *a)
{
	_free_ char *data = xmalloc(ANSWER_MAX);
	size_t nfds = 1;
	int fd = -1;
	ssize_t n;

	do {
		n = sock_recv_fds(c->sockfd, data, ANSWER_MAX, &fd, &nfds);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		fail(c, "ended without an answer", "");
	answer_free(a);
	if (pb_decode(&answer_schema, data, (size_t)n, a))
		diex("criu: malformed answer");
	return nfds ? fd : -1;
}

static const char *type_name(enum criu_type type)
{
	switch (type) {
	case CRIU_DUMP:
		return "dump";
	case CRIU_RESTORE:
		return "restore";
	case CRIU_PRE_DUMP:
		return "pre-dump";
	case CRIU_NOTIFY:
	case CRIU_FEATURE_CHECK:
		break;
	}
	return "feature check";
}

static void answer_notify(const struct criu *c)
{
	_buf_ struct buf req = { 0 };

	request_add_u64(&req, REQ_TYPE, CRIU_NOTIFY);
	request_add_bool(&req, REQ_NOTIFY_SUCCESS, true);
	send_request(c, &req);
}

/* A pre-dump's criu waits for the next request; closing the socket is what ends it. */
static void finish(struct criu *c, enum criu_type type)
{
	int status;

	close_fd(&c->sockfd);
	c->sockfd = -1;
	status = proc_wait(c->pid);
	c->pid = -1;
	if (status && type != CRIU_PRE_DUMP && type != CRIU_FEATURE_CHECK)
		fail(c, "failed at its end", "");
}

static void converse(struct criu *c, enum criu_type type, criu_notify *notify, void *arg,
		     struct answer *a)
{
	for (;;) {
		_close_ int fd = receive(c, a);

		if (!a->success)
			fail(c, type_name(type),
			     a->message ? a->message
			     : a->error ? strerror((int)a->error)
					: "failed");
		if (a->type != CRIU_NOTIFY)
			return;
		debug("criu: %s", a->notify.script ? a->notify.script : "");
		if (notify && a->notify.script)
			notify(a->notify.script, a->notify.pid, fd, arg);
		answer_notify(c);
	}
}

void criu_run(struct criu *c, enum criu_type type, criu_notify *notify, void *arg)
{
	_buf_ struct buf req = { 0 };
	__attribute__((cleanup(answer_free))) struct answer a = { 0 };

	request_add_u64(&req, REQ_TYPE, (uint64_t)type);
	request_add_msg(&req, REQ_OPTS, &c->opts);
	send_request(c, &req);
	converse(c, type, notify, arg, &a);
	finish(c, type);
}

void criu_need_feature(enum criu_feature feature)
{
	static const char *const names[] = { NULL, "mem_track", "lazy_pages" };
	struct criu c = CRIU_NONE;
	_buf_ struct buf req = { 0 }, features = { 0 };
	__attribute__((cleanup(answer_free))) struct answer a = { 0 };

	request_add_u64(&req, REQ_TYPE, CRIU_FEATURE_CHECK);
	request_add_bool(&features, feature, true);
	request_add_msg(&req, REQ_FEATURES, &features);
	criu_start(&c);
	send_request(&c, &req);
	converse(&c, CRIU_FEATURE_CHECK, NULL, NULL, &a);
	finish(&c, CRIU_FEATURE_CHECK);
	if (!(feature == CRIU_MEM_TRACK ? a.features.mem_track : a.features.lazy_pages))
		diex("criu is missing features: %s", names[feature]);
}
