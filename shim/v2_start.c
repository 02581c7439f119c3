/* v2_start.c - `start`: a server for the container, or the one its pod has already.
 *
 * What containerd reads from our stdout depends on its age, and so does what it gives us:
 * parameters on stdin (2.3) are answered as protobuf, MAX_SHIM_VERSION in the environment (1.7) as
 * JSON, and otherwise the answer is the address alone.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/cgroup.h"
#include "lib/die.h"
#include "lib/digest.h"
#include "lib/emit.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/path.h"
#include "lib/proc.h"
#include "lib/sock.h"
#include "shim/leave.h"
#include "shim/v2.h"
#include "shim/v2_runtime.h"
#include "shim/v2_start.h"

enum { CONFIG_MAX = 4 << 20, STDIN_MAX = 4 << 20, VERSION_MAX = 3 };

/* A pod's containers name it; both names are in use. */
static char *read_group(const char *id)
{
	static const char *const names[] = { "io.containerd.runc.v2.group",
					     "io.kubernetes.cri.sandbox-id" };
	_buf_ struct buf text = { 0 };
	char why[JSON_WHY_MAX];

	if (file_read(AT_FDCWD, "config.json", CONFIG_MAX, &text) < 0)
		return xstrdup(id);

	_json_ struct json *config = json_parse(buf_str(&text), text.len, JSON_LAST_WINS, why);
	const struct json *annotations = json_get(config, "annotations");

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *group = json_get_str(annotations, names[i]);

		if (group && *group)
			return xstrdup(group);
	}
	return xstrdup(id);
}

char *start_socket(const struct v2_args *a, const char *dir)
{
	_free_ char *group = read_group(a->id);
	_free_ char *name = xasprintf("%s/%s/%s", a->grpc_address ? a->grpc_address : "", a->ns,
				      group);
	struct digest d;

	digest_of(name, strlen(name), &d);
	return xasprintf("%s/%s", dir && *dir ? dir : V2_SOCKETS, digest_hex(&d));
}

/* Is there a server? One that is too busy to take us is one, too. */
bool start_is_served(const char *socket)
{
	_close_ int fd = sock_connect(socket, SOCK_STREAM | SOCK_NONBLOCK);

	return fd >= 0 || errno == EAGAIN;
}

int start_lock(const char *socket)
{
	_free_ char *dir = xmemdup0(socket, (size_t)(strrchr(socket, '/') - socket));
	_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || flock(fd, LOCK_EX) < 0 ? -1 : steal_fd(&fd);
}

/* What came on stdin. */
struct bootstrap {
	struct bootstrap_params params;
	bool is_params; /* and not an Any of options alone */
	struct runc_options options;
};

static bool is_for(const struct bootstrap_params *p, const struct v2_args *a)
{
	return p->instance_id && p->namespace && str_eq(p->instance_id, a->id) &&
	       str_eq(p->namespace, a->ns);
}

static void take_options(struct bootstrap *b, const struct any *any)
{
	if (runtime_options(any, &b->options) < 0)
		diex("malformed options");
}

/* Both are messages of two strings first; whose they are decides. */
static void read_stdin(struct bootstrap *b, const struct v2_args *a)
{
	_buf_ struct buf in = { 0 };
	struct any any = { NULL, { NULL, 0 } };

	if (isatty(STDIN_FILENO) || io_read_all(STDIN_FILENO, STDIN_MAX, &in) < 0 || !in.len)
		return;
	b->is_params = pb_decode(&pb_bootstrap_params, in.data, in.len, &b->params) == 0 &&
		       is_for(&b->params, a);
	if (b->is_params) {
		const struct bootstrap_extension *e = b->params.extensions.v;

		for (size_t i = 0; i < b->params.extensions.n; i++)
			take_options(b, &e[i].value);
		return;
	}
	if (pb_decode(&pb_any, in.data, in.len, &any) == 0)
		take_options(b, &any);
	pb_free(&pb_any, &any);
}

static void answer(const struct bootstrap *b, const char *address)
{
	const char *newest = getenv("MAX_SHIM_VERSION");
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out };
	int version = 0;

	if (b->is_params) {
		pb_encode(
			&pb_bootstrap_result,
			&(struct bootstrap_result){ VERSION_MAX, (char *)address, (char *)"ttrpc" },
			&out);
	} else if (newest && num_int(newest, 2, INT32_MAX, &version) == 0) {
		emit_object(&e, NULL);
		emit_int(&e, "version", version < VERSION_MAX ? version : VERSION_MAX);
		emit_str(&e, "address", address);
		emit_str(&e, "protocol", "ttrpc");
		emit_end(&e);
	} else {
		buf_adds(&out, address);
	}
	if (io_write(STDOUT_FILENO, out.data, out.len) < 0)
		die("write the address");
}

/* containerd 1.6 comes back by this file alone. */
static void keep_address(const char *address)
{
	_close_ int dirfd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0 || file_replace(dirfd, "address", 0600, address, strlen(address), false) < 0)
		die("write 'address'");
}

static int listen_at(const char *socket)
{
	_free_ char *dir = xmemdup0(socket, (size_t)(strrchr(socket, '/') - socket));
	_close_ int lockfd = -1;
	int fd;

	if (strlen(socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		diex("socket path '%s' is too long", socket);
	if (path_mkdirs(dir, 0700) < 0)
		die("make '%s'", dir);
	/* Of two that find a dead one's socket, the second would remove what the first has made. */
	lockfd = start_lock(socket);
	if (lockfd < 0)
		die("lock '%s'", dir);
	fd = sock_listen(socket, SOCK_STREAM, 0600, 128);
	if (fd < 0 && errno != EADDRINUSE)
		die("listen at '%s'", socket);
	return fd;
}

/* A little more willing to go than containerd itself, but not than the containers. */
static void adjust_oom_score(void)
{
	_free_ char *line = NULL;
	char file[64], score[16];
	int n;

	snprintf(file, sizeof(file), "/proc/%d/oom_score_adj", getppid());
	line = file_read_line(AT_FDCWD, file);
	if (!line || num_int(line, -1000, 1000, &n))
		return;
	snprintf(score, sizeof(score), "%d", n < 1000 ? n + 1 : n);
	(void)!file_poke(AT_FDCWD, "/proc/self/oom_score_adj", score);
}

static void join_cgroup(const char *path)
{
	struct cgroup_layout layout;
	struct cgroup group = CGROUP_NONE;

	if (!path || !*path)
		return;
	if (cgroup_layout_open(&layout, NULL) < 0 ||
	    cgroup_create(&group, &layout, path, false) < 0 || cgroup_move(&group, 0) < 0)
		die("join cgroup '%s'", path);
	cgroup_close(&group);
	cgroup_layout_close(&layout);
}

/* containerd reads our stdout to its end, so the server must have let go of it before the answer.
 */
static void serve(const struct v2_args *a, int listenerfd, const char *socket)
{
	if (fd_install(listenerfd, 3) < 0 || fd_close_from(4) < 0)
		die("keep the socket");
	(void)!fd_set_cloexec(3, true);
	leave_starter(false);
	exit(server_run(a, 3, socket));
}

int start_main(const struct v2_args *a)
{
	struct bootstrap b = { .is_params = false };
	struct v2_args args = *a;
	_free_ char *cwd = getcwd(NULL, 0);
	_free_ char *socket = NULL, *address = NULL;
	_close_ int fd = -1;

	if (!cwd)
		die("find the bundle");
	args.bundle = cwd;
	read_stdin(&b, a);
	if (b.is_params && b.params.ttrpc_address && *b.params.ttrpc_address)
		args.ttrpc_address = b.params.ttrpc_address;
	socket = start_socket(a, b.params.socket_dir);
	address = xasprintf("unix://%s", socket);
	fd = listen_at(socket);
	if (fd >= 0) {
		adjust_oom_score();
		join_cgroup(b.options.shim_cgroup);
		if (xfork() == 0)
			serve(&args, fd, socket);
	}
	keep_address(address);
	answer(&b, address);
	pb_free(&pb_bootstrap_params, &b.params);
	pb_free(&pb_runc_options, &b.options);
	return 0;
}
