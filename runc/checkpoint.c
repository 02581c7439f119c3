/* runc checkpoint - freeze a container into files, from which restore makes it again. */
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "runc/criu_mounts.h"
#include "runc/runc.h"

static struct criu_options options;
static const char *parent_path, *page_server;
static bool leave_running, pre_dump, tcp_skip_in_flight, link_remap;
static int status_fd = -1;

static const struct opt opts[] = {
	CRIU_OPTIONS(options),
	{ 0, "leave-running", OPT_FLAG, &leave_running, NULL, "let the container run on" },
	{ 0, "pre-dump", OPT_FLAG, &pre_dump, NULL, "its memory only; it runs on" },
	{ 0, "parent-path", OPT_STR, &parent_path, "DIR",
	  "an earlier pre-dump, seen from the images" },
	{ 0, "page-server", OPT_STR, &page_server, "ADDRESS:PORT", "send memory there" },
	{ 0, "status-fd", OPT_FD, &status_fd, "FD", "write a 0 byte there once pages are served" },
	{ 0, "tcp-skip-in-flight", OPT_FLAG, &tcp_skip_in_flight, NULL,
	  "without connections that are being made" },
	{ 0, "link-remap", OPT_FLAG, &link_remap, NULL, "link deleted files back" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[OPTION]... ID",
	.purpose = "Freeze a container into files, by criu; it is deleted, unless left running.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static void add_page_server(struct criu *k)
{
	const char *colon = page_server ? strrchr(page_server, ':') : NULL;
	_buf_ struct buf server = { 0 };
	int port;

	if (!page_server)
		return;
	if (!colon || colon == page_server || num_int(colon + 1, 1, UINT16_MAX, &port))
		diex("--page-server: '%s' is not ADDRESS:PORT", page_server);

	_free_ char *address = xmemdup0(page_server, (size_t)(colon - page_server));

	request_add_str(&server, 1, address);
	request_add_u64(&server, 2, (uint64_t)port);
	request_add_msg(&k->opts, CRIU_PS, &server);
}

static void add_parent(struct criu *k)
{
	struct stat st;

	if (!parent_path || !*parent_path)
		return;
	if (*parent_path == '/')
		diex("--parent-path must be relative");
	if (fstatat(k->imagesfd, parent_path, &st, 0))
		die("invalid --parent-path: open '%s'", parent_path);
	if (!S_ISDIR(st.st_mode))
		diex("invalid --parent-path: '%s' is not a directory", parent_path);
	request_add_str(&k->opts, CRIU_PARENT_IMG, parent_path);
	request_add_bool(&k->opts, CRIU_TRACK_MEM, true);
}

/* Where what is read and written is a pipe, restore hands out the one it has in its place. */
static void write_descriptors(const struct criu *k, const struct container *c)
{
	_buf_ struct buf text = { 0 };
	struct emit e = { .out = &text };

	emit_array(&e, NULL);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		char path[64], target[4096];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)c->init_process_pid, fd);
		n = readlink(path, target, sizeof(target));
		emit_strn(&e, NULL, target, n > 0 ? (size_t)n : 0);
	}
	emit_end(&e);
	if (file_replace(k->imagesfd, "descriptors.json", 0600, text.data, text.len, false))
		die("write 'descriptors.json'");
}

static void add_process(struct criu *k, const struct container *c)
{
	const char *freezer = decode_map_get(&c->cgroup_paths, "freezer");

	request_add_u64(&k->opts, CRIU_PID, (uint64_t)c->init_process_pid);
	request_add_str(&k->opts, CRIU_ROOT, c->rootfs);
	request_add_str(&k->opts, CRIU_FREEZE_CGROUP,
			freezer ? freezer : decode_map_get(&c->cgroup_paths, ""));
	request_add_bool(&k->opts, CRIU_LEAVE_RUNNING, leave_running);
	request_add_bool(&k->opts, CRIU_TCP_SKIP_IN_FLIGHT, tcp_skip_in_flight);
	request_add_bool(&k->opts, CRIU_LINK_REMAP, link_remap);
	criu_add_config(k, &c->annotations);
}

/* Pages are served as soon as criu says so. */
static void notified(const char *script, pid_t pid _unused_, int fd _unused_, void *arg _unused_)
{
	if (status_fd < 0 || !str_eq(script, "status-ready"))
		return;
	if (io_write(status_fd, "", 1))
		warn("write to --status-fd");
	close(status_fd);
	status_fd = -1;
}

static void check_status(const struct container *c)
{
	enum status s = container_status(c);

	if (s != STATUS_RUNNING && s != STATUS_PAUSED)
		diex("container cannot be checkpointed in %s state", status_name(s));
}

int verb_checkpoint(int argc, char **argv)
{
	_container_ struct container c = CONTAINER_NONE;
	_spec_ struct spec spec = { 0 };
	struct criu k = CRIU_NONE;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	xcontainer_load(&c, argv[0], true);
	check_status(&c);
	xcontainer_spec(&c, &spec);
	if (runc_globals.rootless)
		warnx("checkpoint without privileges depends on criu and the kernel");
	criu_begin(&k, &options, "dump.log", true);
	add_process(&k, &c);
	add_parent(&k);
	add_page_server(&k);
	criu_dump_namespaces(&k, &spec);
	if (pre_dump)
		criu_need_feature(CRIU_MEM_TRACK);
	if (options.lazy_pages)
		criu_need_feature(CRIU_CAN_LAZY_PAGES);
	if (!pre_dump) {
		criu_dump_mounts(&k, &c, &spec);
		write_descriptors(&k, &c);
	}
	criu_start(&k);
	criu_run(&k, pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, notified, NULL);
	if (!leave_running && !pre_dump && container_destroy(&c))
		die("remove container '%s'", c.id);
	return 0;
}
