/* record ls, status - list containers; the options are docker ps's. */
#include <fcntl.h>
#include <fnmatch.h>
#include <time.h>

#include "engine/describe.h"
#include "engine/format.h"
#include "engine/record.h"
#include "engine/store.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"

static bool all, quiet, no_trunc, latest, json_lines;
static const char *format;
static int last;
static struct strv filters;

static const struct opt opts[] = {
	{ 'a', "all", OPT_FLAG, &all, NULL, "those that do not run as well" },
	{ 'q', "quiet", OPT_FLAG, &quiet, NULL, "only IDs" },
	{ 0, "no-trunc", OPT_FLAG, &no_trunc, NULL, "do not shorten" },
	{ 'n', "last", OPT_INT, &last, "N", "the N newest, in any state" },
	{ 'l', "latest", OPT_FLAG, &latest, NULL, "the newest, in any state" },
	{ 'f', "filter", OPT_STRV, &filters, "KEY=VALUE",
	  "id, name, status, label, ancestor, network, exited" },
	{ 0, "format", OPT_STR, &format, "TEMPLATE",
	  "{{.ID}} {{.Names}} ..., 'table ...' or json" },
	{ 0, "json", OPT_FLAG, &json_lines, NULL, "one object a line" },
	{ 0 }
};

struct row {
	struct json *fields;
	char *created;
	enum status status;
};

struct rows {
	struct row *v;
	size_t n;
};

static void rows_free(struct rows *r)
{
	for (size_t i = 0; i < r->n; i++) {
		json_free(r->v[i].fields);
		free(r->v[i].created);
	}
	free(r->v);
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(((const struct row *)b)->created, ((const struct row *)a)->created);
}

static const char *field(const struct row *r, const char *name)
{
	const char *s = json_get_str(r->fields, name);

	return s ? s : "";
}

static bool has_label(const struct row *r, const char *want)
{
	_strv_ struct strv labels = { 0 };

	strv_split(&labels, field(r, "Labels"), ',');
	for (size_t i = 0; i < labels.n; i++) {
		if (str_eq(labels.v[i], want) ||
		    (!strchr(want, '=') && !strncmp(labels.v[i], want, strlen(want)) &&
		     labels.v[i][strlen(want)] == '='))
			return true;
	}
	return false;
}

static bool has_image(const struct row *r, const char *want)
{
	_free_ char *latest_ref = xasprintf("%s:latest", want);

	return str_eq(field(r, "Image"), want) || str_eq(field(r, "Image"), latest_ref) ||
	       str_ends(field(r, "Ref"), want) || str_ends(field(r, "Ref"), latest_ref);
}

static bool is_match(const struct row *r, const char *key, const char *value)
{
	if (str_eq(key, "id"))
		return str_starts(field(r, "FullID"), value);
	if (str_eq(key, "name"))
		return strstr(field(r, "Names"), value + strspn(value, "^/")) != NULL;
	if (str_eq(key, "status"))
		return str_eq(field(r, "State"), value);
	if (str_eq(key, "exited"))
		return r->status == STATUS_EXITED && str_eq(field(r, "ExitCode"), value);
	if (str_eq(key, "label"))
		return has_label(r, value);
	if (str_eq(key, "ancestor"))
		return has_image(r, value);
	if (str_eq(key, "network"))
		return str_eq(field(r, "Networks"), value);
	opt_misuse("unknown filter '%s'", key);
}

/* Filters of one key are alternatives, of different keys conditions. */
static bool is_wanted(const struct row *r)
{
	for (size_t i = 0; i < filters.n; i++) {
		size_t len = strcspn(filters.v[i], "=");
		_free_ char *key = xmemdup0(filters.v[i], len);
		bool any = false;

		if (!filters.v[i][len])
			opt_misuse("invalid filter '%s'", filters.v[i]);
		for (size_t k = 0; k < filters.n; k++)
			if (!strncmp(filters.v[k], filters.v[i], len + 1))
				any |= is_match(r, key, filters.v[k] + len + 1);
		if (!any)
			return false;
	}
	return true;
}

static bool filters_on_status(void)
{
	for (size_t i = 0; i < filters.n; i++)
		if (str_starts(filters.v[i], "status=") || str_starts(filters.v[i], "exited="))
			return true;
	return false;
}

static void add_row(struct rows *rows, const struct cgroup_layout *l, const char *id)
{
	struct container c;
	struct row r = { 0 };

	if (container_read(&c, l, id))
		return;
	r.fields = container_row(&c, no_trunc);
	r.created = xstrdup(c.created);
	r.status = c.state.status;
	container_free(&c);
	if (!is_wanted(&r) || (r.status != STATUS_RUNNING && r.status != STATUS_PAUSED && !all &&
			       !last && !latest && !filters_on_status())) {
		json_free(r.fields);
		free(r.created);
		return;
	}
	rows->v = xreallocarray(rows->v, rows->n + 1, sizeof(*rows->v));
	rows->v[rows->n++] = r;
}

static const char default_table[] = "{{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.CreatedAgo}}\\t{{."
				    "Status}}\\t{{.Ports}}\\t{{.Names}}";

static void add_header(const char *template, struct buf *out)
{
	static const char *const headers[][2] = {
		{ "ID", "CONTAINER ID" },      { "Image", "IMAGE" },
		{ "Command", "COMMAND" },      { "CreatedAgo", "CREATED" },
		{ "RunningFor", "CREATED" },   { "Status", "STATUS" },
		{ "Ports", "PORTS" },	       { "Names", "NAMES" },
		{ "CreatedAt", "CREATED AT" }, { "State", "STATE" },
		{ "Labels", "LABELS" },	       { "Networks", "NETWORKS" },
		{ "Mounts", "MOUNTS" },
	};
	_json_ struct json *h = json_new(JSON_OBJECT);
	_free_ char *why = NULL;

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		json_set(h, headers[i][0], json_new_str(headers[i][1]));
	if (format_expand(template, h, out, &why))
		opt_misuse("%s", why);
	buf_addc(out, '\n');
}

static void print_rows(const struct rows *rows)
{
	const char *template = quiet ? "{{.ID}}" : format ? format : default_table;
	bool table = !quiet && (!format || str_starts(format, "table "));
	_buf_ struct buf out = { 0 };

	if (json_lines || str_eq(template, "json"))
		template = "{{json .}}", table = false;
	if (table && format)
		template += strlen("table ");
	if (table)
		add_header(template, &out);
	for (size_t i = 0; i < rows->n; i++) {
		_free_ char *why = NULL;

		if (format_expand(template, rows->v[i].fields, &out, &why))
			opt_misuse("%s", why);
		buf_addc(&out, '\n');
	}
	if (table)
		format_align(&out);
	else if (out.len)
		fwrite(out.data, 1, out.len, stdout);
}

int record_ls(int argc, char **argv)
{
	const struct usage u = { "[OPTION]...", "List containers.", opts, 0, NULL };
	_strv_ struct strv ids = { 0 };
	struct cgroup_layout layout;
	bool has_layout;
	struct rows rows = { 0 };

	opt_operands(argc - opt_parse(argc, argv, &u), 0, 0);
	if (latest)
		last = 1;
	if (store_list(&ids))
		die("list containers");
	has_layout = !cgroup_layout_open(&layout, NULL);
	for (size_t i = 0; i < ids.n; i++)
		add_row(&rows, has_layout ? &layout : NULL, ids.v[i]);
	if (has_layout)
		cgroup_layout_close(&layout);
	if (rows.n)
		qsort(rows.v, rows.n, sizeof(*rows.v), newest_first);
	if (last && rows.n > (size_t)last) {
		struct rows rest = { rows.v + last, rows.n - (size_t)last };

		for (size_t i = 0; i < rest.n; i++) {
			json_free(rest.v[i].fields);
			free(rest.v[i].created);
		}
		rows.n = (size_t)last;
	}
	print_rows(&rows);
	rows_free(&rows);
	return fflush(stdout) ? 1 : 0;
}

int record_status(int argc, char **argv)
{
	static const struct opt none[] = { { 0 } };
	const struct usage u = { "CONTAINER...", "Print ID, status, process and exit code of each.",
				 none, 0, NULL };
	int at = opt_parse(argc, argv, &u);
	struct cgroup_layout layout;
	bool has_layout = !cgroup_layout_open(&layout, NULL);

	opt_operands(argc - at, 1, -1);
	for (; at < argc; at++) {
		_free_ char *id = store_xfind(argv[at]);
		_close_ int dirfd = store_open(id);
		struct state s;

		if (dirfd < 0) {
			printf("%s unfinished 0 0\n", id);
			continue;
		}
		state_read(&s, has_layout ? &layout : NULL, id, dirfd);
		printf("%s %s %d %d\n", id, status_name(s.status), s.pid, s.exit_code);
		state_free(&s);
	}
	return fflush(stdout) ? 1 : 0;
}
