/* v2_cleanup.c - `delete`: what is left of a container whose server has gone; and `-info`. */
#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/spawn.h"
#include "shim/v2.h"
#include "shim/v2_runtime.h"
#include "shim/v2_start.h"

enum { INFO_MAX = 4 << 20 };

/* What it says is for nobody: our stdout has our answer, and stderr becomes a warning. */
static int run(const struct strv *argv, int out)
{
	pid_t pid = spawn(argv->v, (const int[]){ -1, out, -1 });

	return pid < 0 ? V2_FAILED_STATUS : proc_wait(pid);
}

/* Kills it, too, if it still runs. Without a record there never was one. */
static void delete_container(const struct v2_args *a, int bundlefd)
{
	struct runc_options o = { .root = NULL };
	_strv_ struct strv argv = { 0 };

	if (runtime_load(bundlefd, &o) < 0)
		runtime_complete(&o);
	runtime_globals(&o, a->ns, "/dev/null", &argv);
	strv_add(&argv, "delete");
	strv_add(&argv, "--force");
	strv_add(&argv, a->id);
	if (run(&argv, -1) != 0)
		warnx("the runtime could not delete container '%s'", a->id);
	pb_free(&pb_runc_options, &o);
}

/* A server that was killed leaves its socket behind. */
static void remove_socket(const struct v2_args *a)
{
	_free_ char *socket = NULL, *address = file_read_line(AT_FDCWD, "address");
	const char *known = address ? str_after(address, "unix://") : NULL;
	_close_ int lockfd = -1;

	socket = known ? xstrdup(known) : start_socket(a, NULL);
	if (*socket != '/')
		return;
	lockfd = start_lock(socket);
	if (!start_is_served(socket) && errno == ECONNREFUSED)
		unlink(socket);
}

int delete_main(const struct v2_args *a)
{
	_buf_ struct buf out = { 0 };
	_free_ char *cwd = getcwd(NULL, 0), *line = NULL;
	_close_ int bundlefd = -1;
	struct task_reply r = { .exit_status = V2_KILLED_STATUS };
	struct timespec now;
	int pid = 0;

	if (a->bundle && chdir(a->bundle) < 0 && errno != ENOENT)
		die("enter '%s'", a->bundle);
	bundlefd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	line = file_read_line(bundlefd, "init.pid");
	if (line && num_int(line, 1, INT32_MAX, &pid) < 0)
		pid = 0;
	delete_container(a, bundlefd);
	if (mounts_remove(a->bundle ? a->bundle : cwd) < 0)
		warn("unmount '%s/rootfs'", a->bundle ? a->bundle : cwd);
	remove_socket(a);
	clock_gettime(CLOCK_REALTIME, &now);
	r.pid = (uint32_t)pid;
	r.exited_at = stamp_of(&now);
	pb_encode(&pb_ended, &r, &out);
	if (io_write(STDOUT_FILENO, out.data, out.len) < 0)
		die("write the answer");
	return 0;
}

int info_main(void)
{
	struct runc_options o = { .root = NULL };
	struct runtime_info info = { .name = (char *)"io.containerd.lash.v2",
				     .version = { (char *)VERSION, NULL } };
	_buf_ struct buf in = { 0 }, features = { 0 }, out = { 0 };
	_strv_ struct strv argv = { 0 };
	_close_ int fd = memfile("features", "", 0);

	if (!isatty(STDIN_FILENO) && io_read_all(STDIN_FILENO, INFO_MAX, &in) == 0 &&
	    (pb_decode(&pb_any, buf_str(&in), in.len, &info.options) < 0 ||
	     runtime_options(&info.options, &o) < 0))
		diex("malformed options");
	runtime_complete(&o);
	strv_add(&argv, o.binary_name);
	strv_add(&argv, "features");
	/* A runtime that cannot tell is told of all the same. */
	if (fd >= 0 && run(&argv, fd) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
	    io_read_all(fd, INFO_MAX, &features) == 0 && features.len) {
		info.features.type_url = (char *)"types.containerd.io/opencontainers/runtime-spec/"
						 "1/features/Features";
		info.features.value = (struct pb_bytes){ features.data, features.len };
	}
	pb_encode(&pb_runtime_info, &info, &out);
	pb_free(&pb_any, &info.options);
	pb_free(&pb_runc_options, &o);
	if (io_write(STDOUT_FILENO, buf_str(&out), out.len) < 0)
		die("write the answer");
	return 0;
}
