#include <string.h>
#include <sys/stat.h>

#include "imgunpack/archive.h"
#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/opt.h"

/* A tree may be deep, and removing it takes a descriptor a level. */
void unpack_prepare(void)
{
	umask(0);
	fd_raise_limit();
}

static bool is_archive(const char *path)
{
	struct stat st;

	return str_eq(path, "-") || (!stat(path, &st) && S_ISREG(st.st_mode));
}

/* What was left in an archive is not missing, but larger than any document. */
static _noreturn_ void refuse(const struct unpack *u, const char *why)
{
	for (size_t i = 0; i < u->parts.n; i++)
		if (strstr(why, u->parts.v[i].digest.text))
			diex("read blob '%s': a document of more than 4 MiB",
			     u->parts.v[i].digest.text);
	diex("%s", why);
}

/* Whoever asks for another system's files gets them. */
static void check_system(const struct layout_image *i)
{
	const char *os = i->config.os;

	if (os && *os && !str_eq(os, "linux"))
		diex("image '%s': is for %s (--platform)", i->digest.text, os);
}

void unpack_load(struct unpack *u, const char *name, const char *platform)
{
	char why[LAYOUT_WHY_MAX];
	struct layout_name n;
	struct platform want;

	unpack_prepare();
	if (layout_name_parse(name, &n) < 0)
		die("image '%s'", name);
	u->layout_dirfd = is_archive(n.dir) ? archive_open(n.dir, u->max_bytes, &u->parts)
					    : layout_open(n.dir);
	if (u->layout_dirfd < 0)
		die("open image layout '%s'", n.dir);
	if (platform && platform_parse(platform, &want) < 0)
		opt_misuse("--platform '%s' is no OS/ARCH[/VARIANT]", platform);
	/* Blobs must not be collected while we read them; a layout we may not lock is nobody's to
	 * collect. */
	if (layout_lock(u->layout_dirfd, false, false) < 0 && errno != EROFS && errno != EACCES)
		die("lock '%s'", n.dir);
	if (layout_load(u->layout_dirfd, &n, platform ? &want : NULL, &u->image, why) < 0)
		refuse(u, why);
	if (!platform)
		check_system(&u->image);
	layout_name_free(&n);
}

void unpack_free(struct unpack *u)
{
	layout_image_free(&u->image);
	archive_parts_free(&u->parts);
	close_fd(&u->layout_dirfd);
}

void unpack_fail(void)
{
	archive_drop();
	_exit(1);
}
