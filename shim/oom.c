/* oom.c - was the container out of memory; keeping ourselves from the OOM killer.
 *
 * The group's counter is opened at the beginning and compared at the end. A face that wants to know
 * at once has the killer watched.
 */
#include <fcntl.h>
#include <string.h>

#include "lib/io.h"
#include "lib/path.h"
#include "lib/str.h"
#include "lib/sys.h"
#include "shim/monitor.h"

enum { CGROUP_FILE_MAX = 64 * 1024, LOOKS = 20, LOOK_MS = 50 };

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

/* Open the cgroup PID is in. Returns a directory's descriptor or -1. */
static int open_group(pid_t pid, const char *controller, const char *mount)
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
		buf_addf(&full, "%s%s", mount, path);
		return path_open_in_root(root, buf_str(&full), O_PATH | O_DIRECTORY);
	}
	return -1;
}

/* v1 rings before the kill, which is counted a moment later. */
static void oom_look(struct alarm *a)
{
	struct monitor *m = container_of(a, struct monitor, oom_again);
	uint64_t count;

	if (cgroup_oom_count(&m->oom_killer, &count) < 0)
		return;
	if (count > m->oom_told) {
		m->oom_told = count;
		m->plan->face->oom(m);
	} else if (m->oom_looks--) {
		loop_alarm(&m->loop, a, LOOK_MS);
	}
}

static void oom_ready(struct source *src, uint32_t events _unused_)
{
	struct monitor *m = container_of(src, struct monitor, oom);

	cgroup_oom_hush(&m->oom_killer);
	m->oom_looks = LOOKS;
	oom_look(&m->oom_again);
}

void oom_watch(struct monitor *m)
{
	_close_ int v1 = open_group(m->pid, "memory", "memory");
	_close_ int v2 = v1 < 0 ? open_group(m->pid, "", ".") : -1;
	int dirfd = v1 >= 0 ? v1 : v2;

	if (dirfd < 0 || cgroup_oom_open(&m->oom_killer, dirfd, v1 < 0) < 0)
		return;
	if (cgroup_oom_count(&m->oom_killer, &m->oom_before) < 0)
		m->oom_before = 0;
	m->oom_told = m->oom_before;
	if (!m->plan->face->oom || cgroup_oom_ring(&m->oom_killer, dirfd) < 0)
		return;
	m->oom = (struct source){ .fd = m->oom_killer.bellfd, .ready = oom_ready };
	m->oom_again.ring = oom_look;
	loop_watch(&m->loop, &m->oom, EPOLLIN);
}

bool oom_happened(struct monitor *m)
{
	uint64_t count;

	return cgroup_oom_count(&m->oom_killer, &count) == 0 && count > m->oom_before;
}
