/* oom.c - was the container out of memory; keeping ourselves from the OOM killer.
 *
 * The kernel counts OOM kills per memory cgroup: oom_kill in memory.events (v2) and in
 * memory.oom_control (v1, since 4.13). We hold the file open from the beginning and compare at the
 * end, so nothing has to be watched, and a group that is being removed meanwhile does no harm.
 */
#include <fcntl.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/path.h"
#include "lib/str.h"
#include "lib/sys.h"
#include "shim/monitor.h"

enum { CGROUP_FILE_MAX = 64 * 1024, COUNTERS_MAX = 4096 };

void oom_shield(char saved[OOM_SCORE_MAX])
{
	_free_ char *score = file_read_line(AT_FDCWD, "/proc/self/oom_score_adj");

	saved[0] = '\0';
	/* Going down needs CAP_SYS_RESOURCE; without it we stay as we are. */
	if (score && strlen(score) < OOM_SCORE_MAX &&
	    !file_poke(AT_FDCWD, "/proc/self/oom_score_adj", "-1000"))
		memcpy(saved, score, strlen(score) + 1);
}

void oom_unshield(const char saved[OOM_SCORE_MAX])
{
	if (saved[0])
		(void)!file_poke(AT_FDCWD, "/proc/self/oom_score_adj", saved);
}

/* The path of a line of /proc/PID/cgroup (ID:CONTROLLERS:PATH) that names CONTROLLER; "" is v2's.
 */
static const char *cgroup_path_of(char *line, const char *controller)
{
	char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
	char *save = NULL;

	if (!path)
		return NULL;
	*path++ = '\0';
	if (!*controller)
		return !names[1] ? path : NULL;
	for (char *n = strtok_r(names + 1, ",", &save); n; n = strtok_r(NULL, ",", &save))
		if (str_eq(n, controller))
			return path;
	return NULL;
}

/* Open FILE of the cgroup PID is in. Returns a descriptor or -1. */
static int open_counter(pid_t pid, const char *controller, const char *mount, const char *file)
{
	_buf_ struct buf lines = { 0 };
	char name[32], *save = NULL;
	_close_ int root = -1;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	if (file_read(AT_FDCWD, name, CGROUP_FILE_MAX, &lines) < 0 || !lines.len)
		return -1;
	root = open(sys_cgroup_root(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (char *l = strtok_r(lines.data, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		const char *path = cgroup_path_of(l, controller);
		_buf_ struct buf full = { 0 };

		if (!path)
			continue;
		buf_addf(&full, "%s%s/%s", mount, path, file);
		return path_open_in_root(root, buf_str(&full), O_RDONLY);
	}
	return -1;
}

static bool read_counter(int fd, uint64_t *count)
{
	char text[COUNTERS_MAX], *save = NULL;
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		const char *number = str_after(l, "oom_kill ");

		if (number)
			return num_u64(number, UINT64_MAX, count) == 0;
	}
	return false;
}

void oom_watch(struct monitor *m)
{
	m->oom_fd = open_counter(m->pid, "memory", "memory", "memory.oom_control");
	if (m->oom_fd < 0)
		m->oom_fd = open_counter(m->pid, "", ".", "memory.events");
	if (!read_counter(m->oom_fd, &m->oom_before))
		m->oom_before = 0;
}

bool oom_happened(struct monitor *m)
{
	uint64_t count;

	return read_counter(m->oom_fd, &count) && count > m->oom_before;
}
