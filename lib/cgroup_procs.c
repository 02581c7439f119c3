#include <fcntl.h>
#include <string.h>

#include "lib/cgroup_private.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

enum { STATUS_MAX = 1 << 16 };

static void add(struct cgroup_pids *p, pid_t pid)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->pid = xreallocarray(p->pid, p->cap, sizeof(*p->pid));
	}
	p->pid[p->n++] = pid;
}

/* "0" stands for a process that our PID namespace does not show. */
static int add_lines(struct cgroup_pids *p, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[16];
		uint32_t pid;

		if (len >= sizeof(line))
			return set_errno(ERANGE);
		memcpy(line, text, len);
		line[len] = '\0';
		if (len && num_u32(line, &pid) < 0)
			return -1;
		if (len && pid)
			add(p, (pid_t)pid);
		text += len + (text[len] != '\0');
	}
	return 0;
}

/* The process a thread is of; 0 when it is gone. */
static pid_t process_of(pid_t tid)
{
	_buf_ struct buf status = { 0 };
	char file[32];
	const char *at;
	int pid = 0;

	snprintf(file, sizeof(file), "/proc/%d/status", (int)tid);
	if (file_read(AT_FDCWD, file, STATUS_MAX, &status) < 0)
		return 0;
	at = strstr(buf_str(&status), "\nTgid:\t");
	return at && sscanf(at + 7, "%d", &pid) == 1 ? pid : 0;
}

/* A threaded group lists threads; its processes are listed by its domain. */
static int list_threads(int dirfd, struct cgroup_pids *out)
{
	_buf_ struct buf text = { 0 };
	_cgroup_pids_ struct cgroup_pids threads = { 0 };

	if (cgroup_read(dirfd, "cgroup.threads", &text) < 0)
		return errno == EOPNOTSUPP || errno == ENODEV || errno == ENOENT ? 0 : -1;
	if (add_lines(&threads, buf_str(&text)) < 0)
		return -1;
	for (size_t i = 0; i < threads.n; i++) {
		pid_t pid = process_of(threads.pid[i]);

		if (pid)
			add(out, pid);
	}
	return 0;
}

static int list(int dirfd, struct cgroup_pids *out)
{
	_buf_ struct buf text = { 0 };

	if (cgroup_read(dirfd, "cgroup.procs", &text) == 0)
		return add_lines(out, buf_str(&text));
	if (errno == EOPNOTSUPP)
		return list_threads(dirfd, out);
	return errno == ENODEV || errno == ENOENT ? 0 : -1;
}

static int visit(int parentfd, const char *name, void *arg)
{
	_close_ int dirfd = cgroup_open_dir(parentfd, name);

	if (dirfd < 0)
		return errno == ENODEV || errno == ENOENT ? 0 : -1;
	return list(dirfd, arg);
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static void sort_unique(struct cgroup_pids *p)
{
	size_t kept = 0;

	if (!p->n)
		return;
	qsort(p->pid, p->n, sizeof(*p->pid), by_pid);
	for (size_t i = 0; i < p->n; i++) {
		if (!kept || p->pid[kept - 1] != p->pid[i])
			p->pid[kept++] = p->pid[i];
	}
	p->n = kept;
}

int cgroup_procs_in(const struct cgroup *g, int h, bool recursive, struct cgroup_pids *out)
{
	if (g->dirfd[h] < 0)
		return 0;
	if (list(g->dirfd[h], out) < 0)
		return -1;
	/* A walk cut short by a group that went away has lost nothing that is still there. */
	if (recursive && cgroup_walk(g->dirfd[h], visit, out) < 0 && errno != ENOENT &&
	    errno != ENODEV)
		return -1;
	return 0;
}

int cgroup_procs(const struct cgroup *g, bool recursive, struct cgroup_pids *out)
{
	*out = (struct cgroup_pids){ 0 };
	for (int i = 0; i < g->layout->n; i++) {
		if (cgroup_procs_in(g, i, recursive, out) < 0) {
			cgroup_pids_free(out);
			return -1;
		}
	}
	sort_unique(out);
	return 0;
}

void cgroup_pids_free(struct cgroup_pids *pids)
{
	free(pids->pid);
	*pids = (struct cgroup_pids){ 0 };
}

int cgroup_is_populated(const struct cgroup *g)
{
	_cgroup_pids_ struct cgroup_pids pids = { 0 };
	int v2 = g->layout->unified;
	uint64_t populated = 0;

	if (v2 >= 0 && g->dirfd[v2] >= 0) {
		if (cgroup_read_key(g->dirfd[v2], "cgroup.events", "populated", &populated) < 0 &&
		    errno != ENODEV && errno != ENOENT)
			return -1;
		if (populated || cgroup_is_unified(g->layout))
			return populated != 0;
	}
	if (cgroup_procs(g, true, &pids) < 0)
		return -1;
	return pids.n != 0;
}

int cgroup_wait_empty(const struct cgroup *g, int timeout_ms)
{
	struct cgroup_wait w = cgroup_wait_start(timeout_ms);
	int populated;

	while ((populated = cgroup_is_populated(g)) > 0) {
		if (cgroup_wait_nap(&w) < 0)
			return -1;
	}
	return populated;
}
