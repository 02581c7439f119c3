#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "imgunpack/pack_attr.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { LIST_MAX = 65536, CAP_V2_BYTES = 20, CAP_V3_BYTES = 24 };

static const char *const kept[] = { "security.capability", "system.posix_acl_access",
				    "system.posix_acl_default" };
static const char *const private[] = { "user.overlay.", "user.rootlesscontainers",
				       "user.containers." };

static bool is_kept(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (str_eq(name, kept[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(private); i++)
		if (str_starts(name, private[i]))
			return false;
	return str_starts(name, "user.");
}

/* Revision 3 ties a capability to a user namespace of this machine; revision 2 is the same without.
 */
static void portable_capability(unsigned char *value, size_t *len)
{
	if (*len == CAP_V3_BYTES && value[3] == 3) {
		value[3] = 2;
		*len = CAP_V2_BYTES;
	}
}

static void add(struct pack_attrs *a, int fd, const char *name, const char *path)
{
	char *value = xmalloc(TAR_XATTR_VALUE_MAX);
	ssize_t n = fgetxattr(fd, name, value, TAR_XATTR_VALUE_MAX);
	size_t len = n > 0 ? (size_t)n : 0;

	if (n < 0)
		die("read '%s' of '%s'", name, path);
	if (str_eq(name, "security.capability"))
		portable_capability((unsigned char *)value, &len);
	/* pax cannot say "there, but empty": it means "not there". */
	if (!len || a->n == TAR_XATTRS_MAX) {
		warnx("'%s' of '%s' is left out", name, path);
		free(value);
		return;
	}
	a->v = xreallocarray(a->v, a->n + 1, sizeof(*a->v));
	a->v[a->n++] = (struct tar_xattr){ xstrdup(name), value, len };
}

/* The name behind trusted.overlay. or user.overlay. */
static const char *overlay_name(const char *name)
{
	const char *rest = str_after(name, "trusted.overlay.");

	return rest ? rest : str_after(name, "user.overlay.");
}

static void read_overlay(struct pack_attrs *a, int fd, const char *full)
{
	const char *name = overlay_name(full);
	char y = 0;

	if (str_eq(name, "redirect"))
		a->elsewhere = "redirect";
	if (str_eq(name, "metacopy"))
		a->elsewhere = "metacopy";
	if (str_eq(name, "opaque") && fgetxattr(fd, full, &y, 1) == 1 && y == 'y')
		a->is_opaque = true;
}

struct pack_attrs pack_attrs_read(int fd, const char *path, bool upper)
{
	struct pack_attrs a = { 0 };
	ssize_t len = flistxattr(fd, NULL, 0);

	if (len <= 0) {
		if (len < 0 && errno != ENOTSUP)
			die("list attributes of '%s'", path);
		return a;
	}

	_free_ char *names = xmalloc(LIST_MAX);

	len = flistxattr(fd, names, LIST_MAX);
	if (len < 0)
		die("list attributes of '%s'", path);
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		if (upper && overlay_name(names + at))
			read_overlay(&a, fd, names + at);
		else if (is_kept(names + at))
			add(&a, fd, names + at, path);
	}
	return a;
}

void pack_attrs_free(struct pack_attrs *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free((char *)a->v[i].name);
		free((void *)a->v[i].value);
	}
	free(a->v);
	a->v = NULL;
	a->n = 0;
}

/* Device 0:0, or since Linux 6.7 an empty file with an attribute that says so. */
bool pack_attrs_is_whiteout(int dirfd, const char *name, const struct stat *st)
{
	if (S_ISCHR(st->st_mode) && st->st_rdev == 0)
		return true;
	if (!S_ISREG(st->st_mode) || st->st_size)
		return false;

	_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && (fgetxattr(fd, "trusted.overlay.whiteout", NULL, 0) >= 0 ||
			   fgetxattr(fd, "user.overlay.whiteout", NULL, 0) >= 0);
}
