#include <fcntl.h>
#include <sys/stat.h>

#include "imgunpack/archive.h"
#include "imgunpack/compare.h"
#include "imgunpack/imgctl.h"
#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/opt.h"

static const char *layers, *platform_name;
static bool content, json;

static const struct opt opts[] = {
	{ 0, "content", OPT_FLAG, &content, NULL, "read files that look the same, too" },
	{ 0, "json", OPT_FLAG, &json, NULL, "one object a line" },
	{ 0, "layers", OPT_STR, &layers, "STORE",
	  "keep unpacked layers in STORE ($LASH_ROOT/layers)" },
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH[/VARIANT]",
	  "choose this platform of several" },
	{ 0 },
};

/* A tree to compare, and what has to stay open meanwhile. */
struct side {
	struct unpack job;
	struct stack stack;
	int fd;
};

/* NAME is a directory that is no layout, else an image. */
static void open_side(struct side *s, const char *name, const char *store)
{
	_free_ char *marker = xasprintf("%s/oci-layout", name);
	struct stat st;

	if (!stat(name, &st) && S_ISDIR(st.st_mode) && access(marker, F_OK)) {
		s->fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		unpack_load(&s->job, name, platform_name);
		stack_open(&s->stack, store);
		unpack_store(&s->job, &s->stack);
		archive_drop();
		unpack_free(&s->job);
		s->fd = stack_view(&s->stack);
	}
	if (s->fd < 0)
		die("open '%s'", name);
}

static void close_side(struct side *s)
{
	close_fd(&s->fd);
	if (s->stack.store)
		stack_close(&s->stack);
}

static void print(_unused_ void *ctx, char what, const char *path)
{
	const char kind[] = { what, '\0' };

	if (json) {
		_buf_ struct buf b = { 0 };
		struct emit e = { .out = &b };

		emit_object(&e, NULL);
		emit_str(&e, "kind", kind);
		emit_str(&e, "path", path);
		emit_end(&e);
		printf("%s\n", buf_str(&b));
	} else {
		_free_ char *clean = die_clean(xstrdup(path));

		printf("%s /%s\n", kind, clean);
	}
}

int ctl_diff(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... OLD NEW",
				 "Show what differs between two images or directories.", opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u);
	_free_ char *store = ctl_layers(layers);
	struct side old = { .fd = -1, .job.limits = UNPACK_LIMITS },
		    new = { .fd = -1, .job.limits = UNPACK_LIMITS };

	opt_operands(argc - first, 2, 2);
	fd_raise_limit();
	open_side(&old, argv[first], store);
	open_side(&new, argv[first + 1], store);
	compare_trees(old.fd, new.fd, content, print, NULL);
	close_side(&old);
	close_side(&new);
	return 0;
}
