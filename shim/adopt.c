/* shim adopt - be the parent of a container whose shim was killed. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "shim/ending.h"
#include "shim/place.h"
#include "shim/run.h"
#include "shim/verbs.h"

enum { OPTIONS_MAX = 1 << 20, CODE_UNKNOWN = 255 };

static const char *dir;
static bool foreground;

static const struct opt opts[] = {
	{ 0, "dir", OPT_STR, &dir, "DIR",
	  "the container's directory (default: $LASH_RUN/shim/ID)" },
	{ 0, "foreground", OPT_FLAG, &foreground, NULL, "stay; exit with the container's status" },
	{ 0 },
};

static uint64_t read_number(int dirfd, const char *name)
{
	_free_ char *line = file_read_line(dirfd, name);
	uint64_t n;

	return line && num_u64(line, UINT64_MAX, &n) == 0 ? n : 0;
}

/* The options the former shim was started with. */
static struct run *read_options(int dirfd, const char *id)
{
	_buf_ struct buf text = { 0 };
	static struct strv argv; /* what it points to stays in use */

	if (file_read(dirfd, PLACE_OPTIONS, OPTIONS_MAX, &text) < 0)
		die("read options of '%s'", id);
	strv_add(&argv, die_get_name());
	if (text.len)
		text.data[--text.len] = '\0';
	for (size_t at = 0; at < text.len; at += strlen(text.data + at) + 1)
		strv_add(&argv, text.data + at);
	strv_add(&argv, id);
	return run_parse((int)argv.n, argv.v);
}

/* A pipe's end for reading, if it is the pipe it should be; the container may have replaced it. */
static int open_pipe(pid_t pid, int number, uint64_t inode)
{
	char path[64], link[FD_LINK_MAX];
	_close_ int fd = -1;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number == STREAM_ERR ? 2 : 1);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode) || st.st_ino != inode)
		return -1;
	return open(fd_link(fd, link), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* As many of its outputs as there still are: the fifos made for this, else its own pipes, which
 * live on while nobody has written to them. A terminal went with the former shim. */
static void find_output(const struct run *r, struct orphan *o)
{
	static const char *const fifos[N_STREAMS] = { PLACE_STDIO "/out", PLACE_STDIO "/err" };
	_free_ char *line = file_read_line(r->dirfd, PLACE_PIPES);
	_strv_ struct strv inodes = { 0 };
	uint64_t inode;

	strv_split(&inodes, line ? line : "", ' ');
	for (size_t i = 0; i < N_STREAMS; i++) {
		o->output[i] = -1;
		if (r->tty || r->plan.passthrough)
			continue;
		o->output[i] = openat(r->dirfd, fifos[i],
				      O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
		if (o->output[i] < 0 && i < inodes.n &&
		    num_u64(inodes.v[i], UINT64_MAX, &inode) == 0)
			o->output[i] = open_pipe(o->pid, (int)i, inode);
	}
}

static void find_process(int dirfd, struct orphan *o)
{
	struct stat st;

	o->pid = (pid_t)read_number(dirfd, PLACE_PID);
	o->start_ticks = read_number(dirfd, PLACE_PID_START);
	o->pidfd = proc_open(o->pid, o->start_ticks);
	if (fstatat(dirfd, PLACE_PID, &st, 0) == 0)
		o->created = st.st_mtim;
}

/* It ended while nobody looked. That is all that can be recorded, but its policy may want it to run
 * again. */
static int record_lost(struct run *r, const struct orphan *o)
{
	struct ending e = { .code = CODE_UNKNOWN, .unknown = true, .created = o->created };
	int status = 0;

	if (proc_zombie_status(o->pid, o->start_ticks, &status) == 0) {
		e.code = proc_exit_code(status);
		e.unknown = false;
	}
	clock_gettime(CLOCK_REALTIME, &e.finished);
	if (again_orphaned(r, &e))
		return 0;
	if (ending_write(r->dirfd, &r->monitor, &e) < 0)
		die("record the end of '%s'", r->id);
	flock(r->dirfd, LOCK_UN);
	return foreground ? e.code : 0;
}

int shim_adopt(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... ID",
				 "Be the parent of a container whose shim was killed.", opts,
				 .flags = 0 };
	int at = opt_parse(argc, argv, &u), dirfd;
	struct orphan orphan = { 0 };
	const char *id = argv[at];
	struct run *r;

	opt_operands(argc - at, 1, 1);
	dirfd = place_xopen(dir, id);
	if (place_lock(dirfd) < 0)
		diex("container '%s' has a shim", id);
	if (!faccessat(dirfd, PLACE_EXIT, F_OK, 0))
		diex("container '%s' has ended", id);
	if (faccessat(dirfd, PLACE_PID, F_OK, 0) < 0)
		diex("container '%s' was never made", id);
	r = read_options(dirfd, id);
	r->dirfd = dirfd;
	r->foreground = foreground;
	run_prepare_adopt(r);
	find_process(dirfd, &orphan);
	if (orphan.pidfd < 0)
		return record_lost(r, &orphan);
	find_output(r, &orphan);
	return run_launch(r, &orphan);
}
