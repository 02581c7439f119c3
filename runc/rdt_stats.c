#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"
#include "runc/rdt.h"
#include "runc/stats.h"

enum { SCHEMATA_MAX_BYTES = 65536 };

static void emit_line(struct emit *e, const char *key, int dirfd, const char *file)
{
	_free_ char *line = file_read_line(dirfd, file);

	if (line && *line)
		emit_str(e, key, line);
}

/* The line of a resource ("L3", "MB") in the group's schemata, without the blanks before it. */
static void emit_schema(struct emit *e, const char *key, int groupfd, const char *resource)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };
	size_t len = strlen(resource);

	if (file_read(groupfd, "schemata", SCHEMATA_MAX_BYTES, &text))
		return;
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i] + strspn(lines.v[i], " \t");

		if (!strncmp(line, resource, len) && line[len] == ':') {
			emit_str(e, key, line);
			return;
		}
	}
}

static int open_below(int dirfd, const char *path)
{
	return dirfd < 0 ? -1 : openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What a resource can be divided into; nothing where the machine cannot. */
static void emit_cache(struct emit *e, int rootfd, int groupfd)
{
	_close_ int infofd = open_below(rootfd, "info/L3");

	if (infofd < 0)
		return;
	emit_object(e, "l3_cache_info");
	emit_line(e, "cbm_mask", infofd, "cbm_mask");
	stats_emit_u64_if(e, "min_cbm_bits", stats_number(infofd, "min_cbm_bits"));
	stats_emit_u64_if(e, "num_closids", stats_number(infofd, "num_closids"));
	emit_end(e);
	emit_schema(e, "l3_cache_schema_root", rootfd, "L3");
	emit_schema(e, "l3_cache_schema", groupfd, "L3");
}

static void emit_bandwidth(struct emit *e, int rootfd, int groupfd)
{
	static const char *const files[] = { "bandwidth_gran", "delay_linear", "min_bandwidth",
					     "num_closids" };
	_close_ int infofd = open_below(rootfd, "info/MB");

	if (infofd < 0)
		return;
	emit_object(e, "mem_bw_info");
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		stats_emit_u64_if(e, files[i], stats_number(infofd, files[i]));
	emit_end(e);
	emit_schema(e, "mem_bw_schema_root", rootfd, "MB");
	emit_schema(e, "mem_bw_schema", groupfd, "MB");
}

static int is_domain(const struct dirent *d)
{
	return str_starts(d->d_name, "mon_L3_");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A file of each domain (a socket's cache, or a node's memory): an object a domain. */
static void emit_domains(struct emit *e, const char *key, int monfd, const struct strv *domains,
			 const char *const *files)
{
	emit_array(e, key);
	for (size_t i = 0; i < domains->n; i++) {
		_close_ int fd = open_below(monfd, domains->v[i]);

		emit_object(e, NULL);
		for (const char *const *f = files; fd >= 0 && *f; f++)
			stats_emit_u64_if(e, *f, stats_number(fd, *f));
		emit_end(e);
	}
	emit_end(e);
}

static void find_domains(int monfd, struct strv *out)
{
	struct dirent **entries;
	int n = scandirat(monfd, ".", &entries, is_domain, by_name);

	for (int i = 0; i < n; i++) {
		strv_add(out, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* Of the container alone where it has a monitoring group, else of all that share the group. */
static void emit_use(struct emit *e, const struct container *c, int groupfd)
{
	static const char *const bandwidth[] = { "mbm_total_bytes", "mbm_local_bytes", NULL };
	static const char *const occupancy[] = { "llc_occupancy", NULL };
	_free_ char *path = c->rdt_monitor ? xasprintf("mon_groups/%s/mon_data", c->id)
					   : xstrdup("mon_data");
	_close_ int monfd = open_below(groupfd, path);
	_strv_ struct strv domains = { 0 };

	if (monfd < 0)
		return;
	find_domains(monfd, &domains);
	emit_domains(e, "mbm_stats", monfd, &domains, bandwidth);
	emit_domains(e, "cmt_stats", monfd, &domains, occupancy);
}

void rdt_emit(struct emit *e, const char *key, const struct container *c)
{
	_close_ int rootfd = c->rdt ? rdt_open_tree() : -1;
	_close_ int groupfd = rootfd < 0 ? -1 : rdt_open_group(rootfd, c->rdt);

	emit_object(e, key);
	if (groupfd >= 0) {
		emit_cache(e, rootfd, groupfd);
		emit_bandwidth(e, rootfd, groupfd);
		emit_use(e, c, groupfd);
	}
	emit_end(e);
}
