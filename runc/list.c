/* list - the containers below the root, with their status. */
#include <pwd.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "runc/ids.h"
#include "runc/runc.h"

enum { CELL_MIN = 12, PADDING = 3, COLUMNS = 6 };

static const char *format = "table";
static bool quiet;

static const struct opt opts[] = {
	{ 'f', "format", OPT_STR, &format, "FORMAT", "table or json" },
	{ 'q', "quiet", OPT_FLAG, &quiet, NULL, "print ids only" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--format table|json] [--quiet]",
	.purpose = "List the containers that were made with this --root.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static const char *const columns[COLUMNS] = { "id", "pid", "status", "bundle", "created", "owner" };
static const char *const titles[COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };

/* The name of a user, from the file itself: a static program has no other name services. */
static char *user_name(uid_t uid)
{
	_fclose_ FILE *f = fopen("/etc/passwd", "re");

	for (struct passwd *p = f ? fgetpwent(f) : NULL; p; p = fgetpwent(f)) {
		if (p->pw_uid == uid)
			return xstrdup(p->pw_name);
	}
	return xasprintf("#%u", uid);
}

/* The container's state with its owner, appended to ALL. What cannot be read is told and left out.
 */
static void add_container(const char *id, struct json *all)
{
	_container_ struct container c = CONTAINER_NONE;
	_buf_ struct buf text = { 0 };
	_free_ char *owner = NULL;
	char why[JSON_WHY_MAX];
	struct stat st;
	struct json *state;

	if (container_load(&c, runc_globals.root, id, false) || fstat(c.dirfd, &st)) {
		if (errno != ENOENT)
			warn("load container %s", id);
		return;
	}
	container_emit(&c, container_status(&c), true, 0, &text);
	state = json_parse(text.data, text.len, 0, why);
	if (!state) {
		warnx("load container %s: %s", id, why);
		return;
	}
	owner = user_name(st.st_uid);
	json_set(state, "owner", json_new_str(owner));
	json_append(all, state);
}

static struct json *list_all(void)
{
	struct json *all = json_new(JSON_ARRAY);
	_strv_ struct strv ids = { 0 };

	ids_find(&ids, NULL);
	for (size_t i = 0; i < ids.n; i++)
		add_container(ids.v[i], all);
	return all;
}

static const char *cell(const struct json *state, size_t column)
{
	const struct json *j = json_get(state, columns[column]);

	return j && j->text ? j->text : "";
}

/* Columns characters wide, not bytes: continuation bytes of UTF-8 take no room. */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void add_cell(struct buf *out, const char *s, int w)
{
	buf_adds(out, s);
	for (int n = width(s); n < w; n++)
		buf_addc(out, ' ');
}

static void print_table(const struct json *all, struct buf *out)
{
	int w[COLUMNS] = { 0 };

	for (size_t i = 0; i < COLUMNS - 1; i++) {
		w[i] = width(titles[i]) + PADDING;
		for (const struct json *s = all->child; s; s = s->next)
			w[i] = width(cell(s, i)) + PADDING > w[i] ? width(cell(s, i)) + PADDING
								  : w[i];
		w[i] = w[i] < CELL_MIN ? CELL_MIN : w[i];
	}
	for (size_t i = 0; i < COLUMNS; i++)
		add_cell(out, titles[i], w[i]);
	buf_addc(out, '\n');
	for (const struct json *s = all->child; s; s = s->next) {
		for (size_t i = 0; i < COLUMNS; i++)
			add_cell(out, cell(s, i), w[i]);
		buf_addc(out, '\n');
	}
}

static void print_ids(const struct json *all, struct buf *out)
{
	for (const struct json *s = all->child; s; s = s->next)
		buf_addf(out, "%s\n", cell(s, 0));
}

/* No containers are "null": what Go prints for a list that was never made. */
static void print_json(const struct json *all, struct buf *out)
{
	struct emit e = { .out = out, .html = true };

	if (all->child)
		emit_json(&e, NULL, all);
	else
		emit_null(&e, NULL);
	buf_addc(out, '\n');
}

int verb_list(int argc, char **argv)
{
	_json_ struct json *all = NULL;
	_buf_ struct buf out = { 0 };

	runc_parse(argc, argv, &usage, 0, 0);
	if (!quiet && !str_eq(format, "table") && !str_eq(format, "json"))
		diex("invalid format option");
	all = list_all();
	if (quiet)
		print_ids(all, &out);
	else if (str_eq(format, "json"))
		print_json(all, &out);
	else
		print_table(all, &out);
	if (io_write(STDOUT_FILENO, buf_str(&out), out.len))
		die("cannot write");
	return 0;
}
