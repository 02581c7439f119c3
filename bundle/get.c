/* bundle get - print a member of a config.json. */
#include <fcntl.h>

#include "bundle/config.h"
#include "bundle/verbs.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"

static bool json_form, nul, keys;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json_form, NULL,
	  "strings with quotes and escapes, arrays and objects on one line" },
	{ 0, "keys", OPT_FLAG, &keys, NULL, "an object's member names instead" },
	{ '0', "null", OPT_FLAG, &nul, NULL, "end each value with NUL instead of a newline" },
	{ 0 }
};

/* In brackets a number is an index of an array, anything else a member's name, dots and all. */
static const struct json *step_in(const struct json *at, const char *name)
{
	uint64_t n;

	if (at->type == JSON_OBJECT)
		return json_get(at, name);
	if (at->type != JSON_ARRAY || num_u64(name, SIZE_MAX, &n))
		return NULL;
	at = at->child;
	while (at && n--)
		at = at->next;
	return at;
}

static const struct json *find(const struct json *at, const char *path)
{
	while (at && *path) {
		bool bracket = *path == '[';
		size_t len = strcspn(path += bracket, bracket ? "]" : ".[");
		_free_ char *name = xmemdup0(path, len);

		at = step_in(at, name);
		path += len + (bracket && path[len]);
		path += *path == '.';
	}
	return at;
}

static void print_value(struct buf *out, const struct json *j)
{
	struct emit e = { .out = out };

	if (!json_form && j->text)
		buf_adds(out, j->text);
	else
		emit_json(&e, NULL, j);
	buf_addc(out, nul ? '\0' : '\n');
}

static void print_keys(struct buf *out, const struct json *obj)
{
	for (const struct json *m = obj->child; m; m = m->next) {
		buf_adds(out, m->key);
		buf_addc(out, nul ? '\0' : '\n');
	}
}

static struct json *read_config(const char *file)
{
	_close_ int fd = -1;

	if (!file || str_eq(file, "-"))
		return config_read(STDIN_FILENO, "standard input", CONFIG_MAX);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("open '%s'", file);
	return config_read(fd, file, CONFIG_MAX);
}

int bundle_get(int argc, char **argv)
{
	const struct usage u = { "[--json|--keys] [-0] [FILE] PATH",
				 "Print a member of a config.json.", opts, 0, NULL };
	int at = opt_parse(argc, argv, &u);
	_json_ struct json *config = NULL;
	_buf_ struct buf out = { 0 };
	const struct json *found;

	opt_operands(argc - at, 1, 2);
	config = read_config(argc - at == 2 ? argv[at] : NULL);
	found = find(config, argv[argc - 1]);
	if (!found)
		return 1;
	if (keys && found->type != JSON_OBJECT)
		return 1;
	if (keys)
		print_keys(&out, found);
	else if (!json_form && found->type == JSON_ARRAY)
		for (const struct json *e = found->child; e; e = e->next)
			print_value(&out, e);
	else
		print_value(&out, found);
	if (out.len && io_write(STDOUT_FILENO, out.data, out.len))
		die("write standard output");
	return 0;
}
