/* v2_metrics.c - Stats, and what reading both kinds of groups has in common. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"
#include "shim/v2.h"
#include "shim/v2_metrics.h"

bool metrics_lines(int dirfd, const char *file, const struct counter *table, void *out)
{
	_buf_ struct buf text = { 0 };
	char *save = NULL;

	if (dirfd < 0 || cgroup_read(dirfd, file, &text) < 0 || !text.len)
		return false;
	for (char *l = strtok_r(text.data, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *space = strchr(l, ' ');

		if (!space)
			continue;
		*space = '\0';
		for (const struct counter *c = table; c->key; c++)
			if (str_eq(c->key, l))
				(void)!num_u64(space + 1, UINT64_MAX,
					       (uint64_t *)(void *)((char *)out + c->offset));
	}
	return true;
}

void metrics_number(int dirfd, const char *file, uint64_t *out)
{
	if (dirfd >= 0)
		(void)!cgroup_read_u64(dirfd, file, out);
}

const char *metrics_device(const char *line, uint64_t *major, uint64_t *minor)
{
	unsigned ma, mi;
	int n = 0;

	if (sscanf(line, "%u:%u %n", &ma, &mi, &n) != 2 || !n)
		return NULL;
	*major = ma;
	*minor = mi;
	return line + n;
}

void metrics_pages(int dirfd, const char *suffix,
		   void (*call)(void *arg, int dirfd, const char *size), void *arg)
{
	int again = dirfd < 0 ? -1 : openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		const char *size = str_after(e->d_name, "hugetlb.");
		_free_ char *name = NULL;

		if (!size || !str_ends(size, suffix))
			continue;
		name = xmemdup0(size, strlen(size) - strlen(suffix));
		if (!strchr(name, '.')) /* 2MB.rsvd counts something else */
			call(arg, dirfd, name);
	}
	if (d)
		closedir(d);
}

void serve_stats(struct call *c)
{
	struct task *t = call_task(c);
	struct cgroup_layout layout;
	_cgroup_ struct cgroup group = CGROUP_NONE;
	_buf_ struct buf metrics = { 0 };
	struct stats_reply r;
	bool v2;

	if (!t)
		return;
	if (!proc_is_alive(&t->init) || cgroup_layout_open(&layout, NULL) < 0) {
		call_fail(c, CODE_NOT_FOUND, "the container has no control group: not found");
		return;
	}
	v2 = cgroup_is_unified(&layout);
	if (cgroup_open_pid(&group, &layout, t->init.pid) < 0) {
		cgroup_layout_close(&layout);
		call_fail(c, CODE_UNKNOWN, "open the control group: %s", strerror(errno));
		return;
	}
	if (v2)
		metrics_v2(&group, &metrics);
	else
		metrics_v1(&group, &metrics);
	cgroup_close(&group);
	cgroup_layout_close(&layout);
	r = (struct stats_reply){ .stats = { (char *)(v2 ? METRICS_V2 : METRICS_V1),
					     { metrics.data, metrics.len } } };
	call_reply(c, &pb_stats, &r);
}
