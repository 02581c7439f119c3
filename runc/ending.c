#include <fcntl.h>
#include <sys/wait.h>

#include "lib/cgroup.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/proc.h"
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

int ending_find(const struct container *c, struct ending *e)
{
	int wstatus;

	*e = (struct ending){ 0 };
	if (!read_file(c, e))
		return 0;
	ending_free(e);
	if (!c->init_process_pid ||
	    proc_zombie_status((pid_t)c->init_process_pid, c->init_process_start, &wstatus))
		return set_errno(ENODATA);
	ending_of(c, wstatus, false, e);
	return 0;
}
