#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "lib/cgroup_private.h"
#include "lib/cgroup_res_private.h"
#include "lib/cgroup_stat.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

/* Where a number is. No key: the whole file. v1_per divides v1's unit down to ours. */
static const struct source {
	const char *name, *v2_file, *v2_key, *v1_file, *v1_key;
	enum cgroup_controller controller;
	unsigned v1_per;
} sources[] = {
	{ "cpu.usage_usec", "cpu.stat", "usage_usec", "cpuacct.usage", NULL, CGROUP_CPUACCT, 1000 },
	{ "cpu.user_usec", "cpu.stat", "user_usec", "cpuacct.usage_user", NULL, CGROUP_CPUACCT,
	  1000 },
	{ "cpu.system_usec", "cpu.stat", "system_usec", "cpuacct.usage_sys", NULL, CGROUP_CPUACCT,
	  1000 },
	{ "cpu.nr_periods", "cpu.stat", "nr_periods", "cpu.stat", "nr_periods", CGROUP_CPU, 1 },
	{ "cpu.nr_throttled", "cpu.stat", "nr_throttled", "cpu.stat", "nr_throttled", CGROUP_CPU,
	  1 },
	{ "cpu.throttled_usec", "cpu.stat", "throttled_usec", "cpu.stat", "throttled_time",
	  CGROUP_CPU, 1000 },
	{ "memory.current", "memory.current", NULL, "memory.usage_in_bytes", NULL, CGROUP_MEMORY,
	  1 },
	{ "memory.peak", "memory.peak", NULL, "memory.max_usage_in_bytes", NULL, CGROUP_MEMORY, 1 },
	{ "memory.max", "memory.max", NULL, "memory.limit_in_bytes", NULL, CGROUP_MEMORY, 1 },
	{ "memory.anon", "memory.stat", "anon", "memory.stat", "total_rss", CGROUP_MEMORY, 1 },
	{ "memory.file", "memory.stat", "file", "memory.stat", "total_cache", CGROUP_MEMORY, 1 },
	{ "memory.inactive_file", "memory.stat", "inactive_file", "memory.stat",
	  "total_inactive_file", CGROUP_MEMORY, 1 },
	{ "memory.oom_kill", "memory.events", "oom_kill", "memory.oom_control", "oom_kill",
	  CGROUP_MEMORY, 1 },
	{ "memory.swap.current", "memory.swap.current", NULL, NULL, NULL, CGROUP_MEMORY, 1 },
	{ "pids.current", "pids.current", NULL, "pids.current", NULL, CGROUP_PIDS, 1 },
	{ "pids.peak", "pids.peak", NULL, "pids.peak", NULL, CGROUP_PIDS, 1 },
	{ "pids.max", "pids.max", NULL, "pids.max", NULL, CGROUP_PIDS, 1 },
};

static void add(struct cgroup_stat *s, char *name, uint64_t value)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 32;
		s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->n++] = (struct cgroup_metric){ name, value };
}

static void read_source(const struct cgroup *g, const struct source *s, struct cgroup_stat *out)
{
	int dirfd = cgroup_dirfd(g, s->controller);
	bool v2 = cgroup_on_v2(g, s->controller);
	const char *file = v2 ? s->v2_file : s->v1_file, *key = v2 ? s->v2_key : s->v1_key;
	uint64_t value;

	if (dirfd < 0 || !file)
		return;
	if ((key ? cgroup_read_key(dirfd, file, key, &value)
		 : cgroup_read_u64(dirfd, file, &value)) < 0)
		return;
	if (!v2)
		value = value >= V1_UNLIMITED ? UINT64_MAX : value / s->v1_per;
	add(out, xstrdup(s->name), value);
}

static void add_io(struct cgroup_stat *out, const char *device, const char *key, const char *number)
{
	uint64_t value;

	if (num_u64(number, UINT64_MAX, &value) == 0)
		add(out, xasprintf("io.%s.%s", device, key), value);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void v2_io_line(struct cgroup_stat *out, const struct strv *part)
{
	for (size_t i = 1; i < part->n; i++) {
		char *eq = strchr(part->v[i], '=');

		if (!eq)
			continue;
		*eq = '\0';
		add_io(out, part->v[0], part->v[i], eq + 1);
	}
}

/* "8:0 Read 123"; ITEM is "bytes" or "ios". */
static void v1_io_line(struct cgroup_stat *out, const struct strv *part, const char *item)
{
	const char *letter = part->n != 3		   ? NULL
			     : str_eq(part->v[1], "Read")  ? "r"
			     : str_eq(part->v[1], "Write") ? "w"
							   : NULL;
	_free_ char *key = letter ? xasprintf("%s%s", letter, item) : NULL;

	if (key)
		add_io(out, part->v[0], key, part->v[2]);
}

static void read_io_file(int dirfd, const char *file, const char *v1_item, struct cgroup_stat *out)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };

	if (cgroup_read(dirfd, file, &text) < 0)
		return;
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		_strv_ struct strv part = { 0 };

		strv_split(&part, lines.v[i], ' ');
		if (v1_item)
			v1_io_line(out, &part, v1_item);
		else
			v2_io_line(out, &part);
	}
}

static void read_io(const struct cgroup *g, struct cgroup_stat *out)
{
	int dirfd = cgroup_dirfd(g, CGROUP_IO);

	if (dirfd < 0)
		return;
	if (cgroup_on_v2(g, CGROUP_IO)) {
		read_io_file(dirfd, "io.stat", NULL, out);
		return;
	}
	read_io_file(dirfd, "blkio.throttle.io_service_bytes_recursive", "bytes", out);
	read_io_file(dirfd, "blkio.throttle.io_serviced_recursive", "ios", out);
}

/* hugetlb.2MB.current on v2, hugetlb.2MB.usage_in_bytes on v1; sizes differ by machine. */
static void read_hugetlb(const struct cgroup *g, struct cgroup_stat *out)
{
	int dirfd = cgroup_dirfd(g, CGROUP_HUGETLB), fd;
	const char *suffix = cgroup_on_v2(g, CGROUP_HUGETLB) ? "B.current" : "B.usage_in_bytes";
	struct dirent *e;
	DIR *dir;

	fd = dirfd < 0 ? -1 : openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (e = readdir(dir))) {
		uint64_t value;

		if (str_starts(e->d_name, "hugetlb.") && str_ends(e->d_name, suffix) &&
		    cgroup_read_u64(dirfd, e->d_name, &value) == 0)
			add(out,
			    xasprintf("%.*s.current", (int)(strrchr(e->d_name, '.') - e->d_name),
				      e->d_name),
			    value);
	}
	if (dir)
		closedir(dir);
}

static void read_v1_swap(const struct cgroup *g, struct cgroup_stat *out)
{
	_buf_ struct buf text = { 0 };
	uint64_t value;

	if (!cgroup_on_v2(g, CGROUP_MEMORY) &&
	    cgroup_get_word(g, "memory.swap.current", &text) == 0 &&
	    num_u64(buf_str(&text), UINT64_MAX, &value) == 0)
		add(out, xstrdup("memory.swap.current"), value);
}

int cgroup_stat_read(const struct cgroup *g, struct cgroup_stat *out)
{
	*out = (struct cgroup_stat){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		read_source(g, &sources[i], out);
	read_v1_swap(g, out);
	read_hugetlb(g, out);
	read_io(g, out);
	return out->n ? 0 : set_errno(ENODATA);
}

int cgroup_stat_read_brief(const struct cgroup *g, struct cgroup_stat *out)
{
	static const char *const brief[] = { "cpu.usage_usec", "memory.current", "pids.current" };

	*out = (struct cgroup_stat){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		for (size_t k = 0; k < ARRAY_LEN(brief); k++) {
			if (str_eq(sources[i].name, brief[k]))
				read_source(g, &sources[i], out);
		}
	}
	read_io(g, out);
	return 0;
}

void cgroup_stat_free(struct cgroup_stat *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	*s = (struct cgroup_stat){ 0 };
}

bool cgroup_stat_get(const struct cgroup_stat *s, const char *name, uint64_t *out)
{
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->v[i].name, name)) {
			*out = s->v[i].value;
			return true;
		}
	}
	return false;
}
