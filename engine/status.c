/* status.c - what a container is doing. */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "engine/status.h"
#include "engine/store.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/num.h"

enum { EXIT_JSON_MAX = 64 << 10 };

const char *status_name(enum status s)
{
	static const char *const names[] = { "created", "running", "paused", "exited" };

	return names[s];
}

/* Whether anything lives in the group, and whether it is frozen. */
static bool look_at_group(const struct cgroup_layout *l, const char *path, bool *frozen)
{
	_cgroup_ struct cgroup g = CGROUP_NONE;

	if (!l || !path || cgroup_open(&g, l, path))
		return false;
	if (cgroup_is_populated(&g) <= 0)
		return false;
	*frozen = cgroup_is_frozen(&g) == 1;
	return true;
}

static struct json *read_json(int dirfd, const char *name)
{
	_buf_ struct buf b = { 0 };
	char why[JSON_WHY_MAX];

	if (dirfd < 0 || file_read(dirfd, name, EXIT_JSON_MAX, &b))
		return NULL;
	return json_parse(buf_str(&b), b.len, 0, why);
}

static char *dup_member(const struct json *j, const char *key)
{
	const char *s = json_get_str(j, key);

	return s ? strdup(s) : NULL;
}

/* The shim's record is the newer one while it is there; the container's own outlives a reboot. */
static bool read_ending(struct state *s, int shim_dirfd, int dirfd)
{
	_json_ struct json *ending = read_json(shim_dirfd, "exit.json");
	const struct json *code;
	int64_t n;

	if (!ending)
		ending = read_json(dirfd, "exit.json");
	if (!ending)
		return false;
	code = json_get(ending, "exitCode");
	if (code && code->text && !num_i64(code->text, -1, 255, &n))
		s->exit_code = (int)n;
	s->oom = json_get(ending, "oom") && json_get(ending, "oom")->type == JSON_TRUE;
	free(s->started_at);
	s->started_at = dup_member(ending, "startedAt");
	s->finished_at = dup_member(ending, "finishedAt");
	return true;
}

/* The shim writes the first process's number when it is there to be started. */
static char *start_time(int shim_dirfd)
{
	char text[TIME_MAX];
	struct stat st;

	if (shim_dirfd < 0 || fstatat(shim_dirfd, "pid", &st, 0))
		return NULL;
	time_spell(&st.st_mtim, text);
	return strdup(text);
}

static int read_pid(int shim_dirfd)
{
	_free_ char *line = shim_dirfd < 0 ? NULL : file_read_line(shim_dirfd, "pid");
	int pid = 0;

	return line && !num_int(line, 1, INT32_MAX, &pid) ? pid : 0;
}

void state_read(struct state *s, const struct cgroup_layout *l, const char *id, int dirfd)
{
	_free_ char *group = store_get(dirfd, "cgroup"), *place = store_shim_path(id);
	_close_ int shim_dirfd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool frozen = false, alive = look_at_group(l, group, &frozen);

	*s = (struct state){ .started_at = start_time(shim_dirfd) };
	if (alive) {
		s->pid = read_pid(shim_dirfd);
		s->status = frozen ? STATUS_PAUSED : STATUS_RUNNING;
		return;
	}
	s->exit_code = 255;
	s->status = s->started_at ? STATUS_EXITED : STATUS_CREATED;
	if (read_ending(s, shim_dirfd, dirfd))
		s->status = STATUS_EXITED;
	else if (s->status == STATUS_CREATED)
		s->exit_code = 0;
}

void state_free(struct state *s)
{
	free(s->started_at);
	free(s->finished_at);
}
