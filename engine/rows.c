/* rows - run a program that prints JSON objects, show them as rows of a table. */
#include <ctype.h>
#include <fcntl.h>

#include "engine/format.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "lib/str.h"

enum { INPUT_MAX = 64 << 20 };

static const char *header;
static struct strv sets;

static const struct opt opts[] = {
	{ 0, "header", OPT_STR, &header, "TEXT", "first row; then columns are aligned" },
	{ 0, "set", OPT_STRV, &sets, "NAME=TEMPLATE", "one more field, made of others" },
	{ 0 }
};

static void expand(const char *template, const struct json *j, struct buf *out)
{
	_free_ char *why = NULL;

	if (format_expand(template, j, out, &why))
		opt_misuse("%s", why);
}

static void add_fields(struct json *j)
{
	for (size_t i = 0; i < sets.n; i++) {
		const char *equals = strchr(sets.v[i], '=');
		_free_ char *name = xmemdup0(sets.v[i], equals ? (size_t)(equals - sets.v[i]) : 0);
		_buf_ struct buf value = { 0 };

		if (!*name)
			opt_misuse("invalid --set '%s'", sets.v[i]);
		expand(equals + 1, j, &value);
		json_set(j, name, json_new_str(buf_str(&value)));
	}
}

/* What docker heads a column with: "CREATED AT" for CreatedAt. */
static char *title_of(const char *field, size_t len)
{
	_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < len; i++) {
		if (i && isupper((unsigned char)field[i]) && islower((unsigned char)field[i - 1]))
			buf_addc(&b, ' ');
		buf_addc(&b, (char)toupper((unsigned char)field[i]));
	}
	return xstrdup(buf_str(&b));
}

static void add_titles(const char *template, struct buf *out)
{
	_json_ struct json *titles = json_new(JSON_OBJECT);

	for (size_t i = 0; i < sets.n; i++) {
		size_t len = strcspn(sets.v[i], "=");
		_free_ char *name = xmemdup0(sets.v[i], len), *title = title_of(name, len);

		json_set(titles, name, json_new_str(title));
	}
	expand(template, titles, out);
	buf_addc(out, '\n');
}

/* Of "json" only what --set named: those are the fields the reader was promised. */
static void only_fields(struct json *j)
{
	for (struct json *m = j->child, *next; m; m = next) {
		bool named = false;

		next = m->next;
		for (size_t i = 0; i < sets.n; i++)
			named |= str_starts(sets.v[i], m->key) && sets.v[i][strlen(m->key)] == '=';
		if (!named)
			json_remove(j, m);
	}
}

static void add_row(struct json *j, const char *template, struct buf *out)
{
	if (j->type != JSON_OBJECT)
		diex("read a row: %s, not an object", json_type_name(j->type));
	add_fields(j);
	if (str_eq(template, "json"))
		only_fields(j);
	expand(str_eq(template, "json") ? "{{json .}}" : template, j, out);
	buf_addc(out, '\n');
}

/* A line is an object, or an array of them: a row each. */
static void add_line(const char *line, const char *template, struct buf *out)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *j = json_parse(line, strlen(line), 0, why);

	if (!j)
		diex("read a row: %s", why);
	if (j->type != JSON_ARRAY) {
		add_row(j, template, out);
		return;
	}
	for (struct json *e = j->child; e; e = e->next)
		add_row(e, template, out);
}

/* Everything COMMAND prints; ends as it does when that is badly. */
static void read_output(char *const *argv, struct buf *text)
{
	int channel[2];
	pid_t pid;
	int rc;

	if (pipe2(channel, O_CLOEXEC))
		die("make a pipe");
	pid = xfork();
	if (pid == 0) {
		if (fd_install(channel[1], STDOUT_FILENO))
			die("redirect output");
		xexec(argv);
	}
	close(channel[1]);
	if (io_read_all(channel[0], INPUT_MAX, text))
		die("read output of '%s'", argv[0]);
	close(channel[0]);
	rc = proc_wait(pid);
	if (rc)
		exit(rc);
}

int main(int argc, char **argv)
{
	const struct usage u = {
		"[OPTION]... TEMPLATE COMMAND [ARG]...",
		"Show the JSON objects COMMAND prints, one a line or in arrays, as rows.", opts,
		OPT_CHAIN, NULL
	};
	_buf_ struct buf text = { 0 }, out = { 0 };
	_strv_ struct strv lines = { 0 };
	const char *template;
	bool table;
	int at;

	opt_program(argv[0]);
	at = opt_parse(argc, argv, &u);
	opt_operands(argc - at, 2, -1);
	template = argv[at];
	table = str_starts(template, "table ");
	template += table ? strlen("table ") : 0;
	read_output(argv + at + 1, &text);
	if (table)
		add_titles(template, &out);
	else if (header) {
		buf_adds(&out, header);
		buf_addc(&out, '\n');
	}
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (*lines.v[i])
			add_line(lines.v[i], template, &out);
	if (header || table)
		format_align(&out);
	else if (out.len)
		fwrite(out.data, 1, out.len, stdout);
	return fflush(stdout) ? 1 : 0;
}
