/* check - tell everything that is wrong with a bundle. */
#include <fcntl.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/spec.h"
#include "runc/faults.h"
#include "runc/runc.h"

static const char *bundle, *config = "config.json";
static bool as_json;

static const struct opt opts[] = {
	{ 'b', "bundle", OPT_STR, &bundle, "DIR", "the bundle's directory (.)" },
	{ 'f', "config", OPT_STR, &config, "FILE", "use FILE, not config.json of the bundle" },
	{ 0, "json", OPT_FLAG, &as_json, NULL, "an object a fault" },
	{ 0 },
};

static const struct usage usage = {
	.synopsis = "[--bundle DIR] [--json]",
	.purpose = "Tell everything that is wrong with a bundle; say nothing if it is right.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static void find_faults(struct faults *f)
{
	char why[JSON_WHY_MAX];
	_buf_ struct buf text = { 0 };
	_json_ struct json *tree = NULL;

	if (bundle && *bundle && chdir(bundle))
		die("chdir to bundle '%s'", bundle);
	if (file_read(AT_FDCWD, config, SPEC_MAX_BYTES, &text)) {
		if (errno == ENOENT)
			diex("JSON specification file %s not found", config);
		die("read '%s'", config);
	}
	tree = json_parse(buf_str(&text), text.len, JSON_LAST_WINS, why);
	if (!tree) {
		faults_add(f, "", "%s", why);
		return;
	}
	faults_find(f, tree);
	if (tree->type == JSON_OBJECT)
		faults_find_missing(f, tree);
}

static void print(const struct fault *fault, struct buf *out)
{
	struct emit e = { .out = out };

	if (!as_json) {
		_buf_ struct buf line = { 0 };

		buf_addf(&line, "%s: %s", fault->pointer, fault->reason);
		buf_adds(out, die_clean(line.data));
	} else {
		emit_object(&e, NULL);
		emit_str(&e, "pointer", fault->pointer);
		emit_str(&e, "reason", fault->reason);
		emit_end(&e);
	}
	buf_addc(out, '\n');
}

int verb_check(int argc, char **argv)
{
	_faults_ struct faults f = { 0 };
	_buf_ struct buf out = { 0 };

	runc_parse(argc, argv, &usage, 0, 0);
	find_faults(&f);
	for (size_t i = 0; i < f.n; i++)
		print(&f.v[i], &out);
	if (io_write(STDOUT_FILENO, buf_str(&out), out.len))
		die("cannot write");
	return f.n ? 1 : 0;
}
