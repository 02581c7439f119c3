/* oom.c - was the container out of memory; keeping ourselves from the OOM killer.
 *
 * The kernel counts OOM kills per memory cgroup: oom_kill in memory.events (v2) and in
 * memory.oom_control (v1, since 4.13). We hold the file open from the beginning and compare at the
 * end, so that a group that is being removed meanwhile does no harm. A face that wants to know at
 * once has the file watched; the kernel rings for more than kills, so the count is what is
 * believed.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "lib/fd.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/path.h"
#include "lib/str.h"
#include "lib/sys.h"
#include "shim/monitor.h"

enum { CGROUP_FILE_MAX = 64 * 1024, COUNTERS_MAX = 4096, LOOKS = 20, LOOK_MS = 50 };

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

/* v1 rings before the kill, which is counted a moment later. */
static void oom_look(struct alarm *a)
{
	struct monitor *m = container_of(a, struct monitor, oom_again);
	uint64_t count;

	if (!read_counter(m->oom_fd, &count))
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
	char block[4096];

	while (read(src->fd, block, sizeof(block)) > 0)
		;
	m->oom_looks = LOOKS;
	oom_look(&m->oom_again);
}

/* An eventfd that v1's memory controller writes to. */
static int ring_v1(int dirfd, int counter_fd)
{
	_close_ int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char line[32];

	snprintf(line, sizeof(line), "%d %d", fd, counter_fd);
	return fd < 0 || file_poke(dirfd, "cgroup.event_control", line) < 0 ? -1 : steal_fd(&fd);
}

static int ring_v2(int counter_fd)
{
	_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char link[FD_LINK_MAX];

	if (fd < 0 || inotify_add_watch(fd, fd_link(counter_fd, link), IN_MODIFY) < 0)
		return -1;
	return steal_fd(&fd);
}

void oom_watch(struct monitor *m)
{
	_close_ int v1 = open_group(m->pid, "memory", "memory");
	_close_ int v2 = v1 < 0 ? open_group(m->pid, "", ".") : -1;

	if (v1 >= 0)
		m->oom_fd = openat(v1, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	else if (v2 >= 0)
		m->oom_fd = openat(v2, "memory.events", O_RDONLY | O_CLOEXEC);
	if (!read_counter(m->oom_fd, &m->oom_before))
		m->oom_before = 0;
	m->oom_told = m->oom_before;
	if (m->oom_fd < 0 || !m->plan->face->oom)
		return;
	m->oom = (struct source){ .ready = oom_ready };
	m->oom_again.ring = oom_look;
	m->oom.fd = v1 >= 0 ? ring_v1(v1, m->oom_fd) : ring_v2(m->oom_fd);
	loop_watch(&m->loop, &m->oom, EPOLLIN);
}

bool oom_happened(struct monitor *m)
{
	uint64_t count;

	return read_counter(m->oom_fd, &count) && count > m->oom_before;
}
