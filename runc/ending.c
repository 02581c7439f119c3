#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "lib/cgroup.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "runc/ending.h"
#include "runc/group.h"

#define ENDING_FILE "exit.json"
enum { ENDING_MAX_BYTES = 4096 };

static const struct field fields[] = {
	I64(struct ending, code, REQUIRED),
	STR(struct ending, signal, 0),
	BOOL(struct ending, oomKilled),
	STR(struct ending, finished, 0),
	END,
};
static const struct schema schema = { sizeof(struct ending), fields };

void ending_free(struct ending *e)
{
	decode_free(&schema, e);
}

static bool was_oom_killed(const struct container *c)
{
	_group_ struct group g = GROUP_NONE;
	uint64_t kills = 0;

	return !group_open(&g, c) && !cgroup_oom_kills(&g.cgroup, &kills) && kills;
}

void ending_of(const struct container *c, int wstatus, bool now, struct ending *e)
{
	const char *name = WIFSIGNALED(wstatus) ? proc_signal_name(WTERMSIG(wstatus)) : NULL;

	*e = (struct ending){ .code = proc_exit_code(wstatus) };
	if (WIFSIGNALED(wstatus))
		e->signal = name ? xstrdup(name) : xasprintf("%d", WTERMSIG(wstatus));
	e->oomKilled = was_oom_killed(c);
	if (now)
		e->finished = state_now();
}

void ending_emit(struct emit *e, const struct ending *end)
{
	emit_int(e, "code", end->code);
	emit_str_if(e, "signal", end->signal);
	emit_bool(e, "oomKilled", end->oomKilled);
	emit_str_if(e, "finished", end->finished);
}

int ending_save(const struct container *c, const struct ending *e)
{
	_buf_ struct buf text = { 0 };
	struct emit out = { .out = &text };

	/* Under the lock: a delete must not find one more file. */
	if (container_lock(c))
		return errno == ENOENT ? 0 : -1;
	if (!faccessat(c->dirfd, ENDING_FILE, F_OK, 0))
		return 0;
	emit_object(&out, NULL);
	ending_emit(&out, e);
	emit_end(&out);
	return file_replace(c->dirfd, ENDING_FILE, 0600, text.data, text.len, false);
}

static int read_file(const struct container *c, struct ending *e)
{
	char why[DECODE_WHY_MAX];
	_buf_ struct buf text = { 0 };

	if (file_read(c->dirfd, ENDING_FILE, ENDING_MAX_BYTES, &text))
		return -1;

	_json_ struct json *tree = json_parse(buf_str(&text), text.len, 0, why);

	return tree ? decode(&schema, tree, "", e, why) : set_errno(EINVAL);
}

/* Fields of /proc/PID/stat as proc(5) counts them; the first two are before the last ')'. */
enum { STAT_SKIPPED = 3, STAT_STATE = 3, STAT_START = 22, STAT_EXIT_CODE = 52 };

/* The wait status of a zombie; its number may be somebody else's by now, hence the start time. */
static int read_zombie(const struct container *c, int *wstatus)
{
	char path[32];
	_strv_ struct strv words = { 0 };
	uint64_t start;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)c->init_process_pid);

	_free_ char *line = file_read_line(AT_FDCWD, path);
	const char *rest = line ? strrchr(line, ')') : NULL;

	if (!rest || !rest[1])
		return set_errno(ENODATA);
	strv_split(&words, rest + 2, ' ');
	if (words.n <= STAT_EXIT_CODE - STAT_SKIPPED ||
	    !str_eq(words.v[STAT_STATE - STAT_SKIPPED], "Z") ||
	    num_u64(words.v[STAT_START - STAT_SKIPPED], UINT64_MAX, &start) ||
	    start != c->init_process_start ||
	    num_int(words.v[STAT_EXIT_CODE - STAT_SKIPPED], 0, INT32_MAX, wstatus))
		return set_errno(ENODATA);
	return 0;
}

int ending_find(const struct container *c, struct ending *e)
{
	int wstatus;

	*e = (struct ending){ 0 };
	if (!read_file(c, e))
		return 0;
	ending_free(e);
	if (!c->init_process_pid || read_zombie(c, &wstatus))
		return set_errno(ENODATA);
	ending_of(c, wstatus, false, e);
	return 0;
}

/* linux/pidfd.h of Linux 6.15. */
struct pidfd_info_v1 {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define PIDFD_GET_INFO_V1 _IOWR(0xff, 11, struct pidfd_info_v1)
enum { PIDFD_INFO_EXIT_V1 = 8 };

int ending_of_pidfd(int pidfd, int *wstatus)
{
	struct pidfd_info_v1 info = { .mask = PIDFD_INFO_EXIT_V1 };

	if (ioctl(pidfd, PIDFD_GET_INFO_V1, &info) || !(info.mask & PIDFD_INFO_EXIT_V1))
		return set_errno(ENODATA);
	*wstatus = info.exit_code;
	return 0;
}
