#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "cgctl/events.h"
#include "lib/die.h"
#include "lib/mem.h"

/* What is counted where; the first that a group has is taken. */
static const struct {
	const char *event, *file, *key;
	enum cgroup_controller controller;
	bool v2, told; /* told: the file notifies */
} counters[] = {
	{ "memory_low", "memory.events", "low", CGROUP_MEMORY, true, true },
	{ "memory_high", "memory.events", "high", CGROUP_MEMORY, true, true },
	{ "memory_max", "memory.events", "max", CGROUP_MEMORY, true, true },
	{ "oom", "memory.events", "oom", CGROUP_MEMORY, true, true },
	{ "oom_kill", "memory.events", "oom_kill", CGROUP_MEMORY, true, true },
	{ "oom_group_kill", "memory.events", "oom_group_kill", CGROUP_MEMORY, true, true },
	{ "swap_max", "memory.swap.events", "max", CGROUP_MEMORY, true, true },
	{ "pids_max", "pids.events", "max", CGROUP_PIDS, true, true },
	{ "memory_max", "memory.failcnt", NULL, CGROUP_MEMORY, false, false },
	{ "memory_max", "memory.memsw.failcnt", NULL, CGROUP_MEMORY, false, false },
	{ "oom_kill", "memory.oom_control", "oom_kill", CGROUP_MEMORY, false, false },
	{ "pids_max", "pids.events", "max", CGROUP_PIDS, false, true },
};

static int read_counter(const struct counter *c, uint64_t *out)
{
	return c->key ? cgroup_read_key(c->dirfd, c->file, c->key, out)
		      : cgroup_read_u64(c->dirfd, c->file, out);
}

static void add(struct watched *x, struct cgroup_watch *w, const char *event, const char *file,
		const char *key, int dirfd, bool told)
{
	struct counter c = { .event = event, .dirfd = dirfd, .by = told ? "inotify" : "poll" };

	c.file = xstrdup(file);
	c.key = key ? xstrdup(key) : NULL;
	if (read_counter(&c, &c.last) < 0) {
		free(c.file);
		free(c.key);
		return;
	}
	if (told && cgroup_watch_file(w, dirfd, file) < 0)
		die("watch '%s' of group '%s'", file, x->group.path);
	x->polled |= !told;
	x->counter = xreallocarray(x->counter, x->n + 1, sizeof(c));
	x->counter[x->n++] = c;
}

/* hugetlb.2MB.events; sizes differ by machine. */
static void add_hugetlb(struct watched *x, struct cgroup_watch *w)
{
	int dirfd = cgroup_dirfd(&x->group, CGROUP_HUGETLB);
	bool v2 = cgroup_on_v2(&x->group, CGROUP_HUGETLB);
	int fd = dirfd < 0 ? -1 : openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (!str_starts(e->d_name, "hugetlb.") || strstr(e->d_name, ".rsvd.") ||
		    !str_ends(e->d_name, v2 ? "B.events" : "B.failcnt"))
			continue;
		add(x, w, "hugetlb_max", e->d_name, v2 ? "max" : NULL, dirfd, v2);
	}
	if (dir)
		closedir(dir);
}

static void add_threshold(struct watched *x, const char *what, int trigger)
{
	x->threshold = xreallocarray(x->threshold, x->n_thresholds + 1, sizeof(*x->threshold));
	x->threshold[x->n_thresholds++] = (struct threshold){ what ? xstrdup(what) : NULL,
							      trigger };
}

/* v1 tells of running out of memory through an eventfd; then the counters are read as well. */
static void add_v1_oom(struct watched *x, struct cgroup_watch *w)
{
	int dirfd = cgroup_dirfd(&x->group, CGROUP_MEMORY), trigger;

	if (dirfd < 0 || cgroup_on_v2(&x->group, CGROUP_MEMORY))
		return;
	trigger = cgroup_watch_v1(w, dirfd, "memory.oom_control", "");
	/* A kernel without event_control: the counter is looked at. */
	if (trigger < 0)
		return;
	add_threshold(x, NULL, trigger);
	for (size_t i = 0; i < x->n; i++) {
		if (str_eq(x->counter[i].event, "oom_kill"))
			x->counter[i].by = "eventfd";
	}
}

/* "memory some 150000 2000000" */
static void add_pressure(struct watched *x, struct cgroup_watch *w, const char *what)
{
	int v2 = x->group.layout->unified, trigger;
	size_t len = strcspn(what, " ");
	_free_ char *file = xasprintf("%.*s.pressure", (int)len, what);

	if (v2 < 0 || x->group.dirfd[v2] < 0)
		diex("watch pressure of group '%s': it is not on cgroup v2", x->group.path);
	trigger = cgroup_watch_pressure(w, x->group.dirfd[v2], file, what + len + 1);
	if (trigger < 0 && (errno == ENOENT || errno == EOPNOTSUPP))
		diex("watch pressure of group '%s': this kernel does not measure %s", x->group.path,
		     file);
	/* Which the kernel asks of whoever lacks CAP_SYS_RESOURCE. */
	if (trigger < 0 && errno == EINVAL)
		diex("watch pressure of group '%s': '%s': refused; try windows of whole 2 s",
		     x->group.path, what);
	if (trigger < 0)
		die("watch pressure of group '%s': '%s'", x->group.path, what);
	add_threshold(x, what, trigger);
}

void watched_open(struct watched *x, struct cgroup *g, struct cgroup_watch *w,
		  char *const *pressure)
{
	int v2 = g->layout->unified;

	*x = (struct watched){ .group = *g };
	*g = (struct cgroup)CGROUP_NONE;
	if (cgroup_watch_removal(w, &x->group) < 0)
		die("watch group '%s'", x->group.path);
	if (v2 >= 0 && x->group.dirfd[v2] >= 0 &&
	    cgroup_watch_file(w, x->group.dirfd[v2], "cgroup.events") < 0 && errno != ENOENT)
		die("watch group '%s'", x->group.path);
	for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
		int dirfd = cgroup_dirfd(&x->group, counters[i].controller);

		if (dirfd >= 0 && cgroup_on_v2(&x->group, counters[i].controller) == counters[i].v2)
			add(x, w, counters[i].event, counters[i].file, counters[i].key, dirfd,
			    counters[i].told);
	}
	add_hugetlb(x, w);
	add_v1_oom(x, w);
	for (; pressure && *pressure; pressure++)
		add_pressure(x, w, *pressure);
	x->populated = cgroup_is_populated(&x->group);
	x->frozen = cgroup_is_frozen(&x->group);
}

void watched_close(struct watched *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->counter[i].file);
		free(x->counter[i].key);
	}
	for (size_t i = 0; i < x->n_thresholds; i++)
		free(x->threshold[i].what);
	free(x->counter);
	free(x->threshold);
	cgroup_close(&x->group);
}
