#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "imgunpack/attr.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { VALUE_MAX = 65536 };

static const char acl_access[] = "system.posix_acl_access",
		  acl_default[] = "system.posix_acl_default";

/* Longest match first. What is not listed is not an image's business: labels and signatures belong
 * to the host, overlayfs's own attributes would let a layer forge what is below it. */
static const struct {
	const char *prefix;
	bool keep;
} rules[] = {
	{ "security.capability", true },
	{ acl_access, true },
	{ acl_default, true },
	{ "trusted.overlay.", false },
	{ "user.overlay.", false },
	{ "user.rootlesscontainers", false },
	{ "trusted.", true },
	{ "user.", true },
};

static bool is_kept(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (str_starts(name, rules[i].prefix))
			return rules[i].keep;
	return false;
}

static const struct tar_xattr *find(const struct tar_entry *e, const char *name)
{
	for (size_t i = 0; i < e->nxattrs; i++)
		if (str_eq(e->xattrs[i].name, name))
			return &e->xattrs[i];
	return NULL;
}

bool attr_has_default_acl(const struct tar_entry *e)
{
	return e->nxattrs && find(e, acl_default);
}

/* What this process may not set, or the file system not hold, is lost, as with every other tool. It
 * is counted where it is nobody's fault, said where it is the file system's. */
static int forgive(struct attr *a, const struct tar_entry *e, const struct tar_xattr *x)
{
	bool pretend = a->ids->pretend;

	if (errno == EPERM && (str_starts(x->name, "trusted.") || pretend)) {
		a->left_out++;
		return 0;
	}
	if (errno != ENOTSUP)
		return -1;
	warn("set '%s' on '%s'", x->name, e->path);
	return 0;
}

static int set_xattrs(int fd, const struct tar_entry *e, struct attr *a)
{
	for (size_t i = 0; i < e->nxattrs; i++) {
		const struct tar_xattr *x = &e->xattrs[i];

		if (is_kept(x->name) && fsetxattr(fd, x->name, x->value, x->len, 0) &&
		    forgive(a, e, x) < 0)
			return -1;
	}
	return 0;
}

static int remove_xattr(int fd, const char *name)
{
	return fremovexattr(fd, name) && errno != ENODATA && errno != ENOTSUP ? -1 : 0;
}

/* What a parent's default ACL has put there unasked. */
static int remove_inherited(int fd, const struct tar_entry *e)
{
	if (!find(e, acl_access) && remove_xattr(fd, acl_access) < 0)
		return -1;
	return e->type == TAR_DIR && !find(e, acl_default) ? remove_xattr(fd, acl_default) : 0;
}

/* Asked once: a system call for every file is a system call too many. */
static bool is_ours(const struct tar_entry *e)
{
	static bool known;
	static uid_t uid;
	static gid_t gid;

	if (!known) {
		uid = geteuid();
		gid = getegid();
		known = true;
	}
	return e->uid == uid && e->gid == gid;
}

/* chown clears the set-ID bits, mkdir ignores them. */
static int set_owner(int fd, const struct tar_entry *e, bool inherits, bool again)
{
	bool own = again || inherits || !is_ours(e);

	if (own && fchown(fd, e->uid, e->gid))
		return -1;
	if (inherits && remove_inherited(fd, e) < 0)
		return -1;
	if (again || inherits || (e->mode & 06000 && (own || e->type == TAR_DIR)))
		return fchmod(fd, e->mode);
	return 0;
}

/* The mode comes last: what the owner may not write takes no attributes. */
static int pretend(int fd, const struct tar_entry *e, struct attr *a)
{
	if (ids_note(fd, e) < 0 || set_xattrs(fd, e, a) < 0)
		return -1;
	return e->type == TAR_DIR ? 0 : fchmod(fd, e->mode);
}

int attr_file(int fd, const struct tar_entry *e, bool inherits, struct attr *a)
{
	const struct timespec both[2] = { e->mtime, e->mtime };

	if (a->ids->pretend ? pretend(fd, e, a) < 0
			    : set_owner(fd, e, inherits, false) < 0 || set_xattrs(fd, e, a) < 0)
		return -1;
	return futimens(fd, both);
}

static int remove_others(int fd, const struct tar_entry *e)
{
	ssize_t len = flistxattr(fd, NULL, 0);

	if (len <= 0)
		return len < 0 && errno != ENOTSUP ? -1 : 0;

	_free_ char *names = xmalloc((size_t)len);

	len = flistxattr(fd, names, (size_t)len);
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
		if (is_kept(names + at) && !find(e, names + at) && remove_xattr(fd, names + at) < 0)
			return -1;
	return len < 0 ? -1 : 0;
}

int attr_dir(int fd, const struct tar_entry *e, bool inherits, bool fresh, struct attr *a)
{
	if (!fresh && remove_others(fd, e) < 0)
		return -1;
	if (a->ids->pretend)
		return pretend(fd, e, a);
	if (set_owner(fd, e, inherits, !fresh) < 0)
		return -1;
	return set_xattrs(fd, e, a);
}

int attr_copy(int from, int to)
{
	char names[VALUE_MAX], value[VALUE_MAX];
	ssize_t len = flistxattr(from, names, sizeof(names));

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		const char *name = names + at;

		if (str_starts(name, "trusted.overlay.") ||
		    (str_starts(name, "security.") && !is_kept(name)))
			continue;

		ssize_t n = fgetxattr(from, name, value, sizeof(value));

		if (n < 0 || fsetxattr(to, name, value, (size_t)n, 0))
			return -1;
	}
	return 0;
}

int attr_replace(int from, const struct stat *from_st, int to)
{
	char names[VALUE_MAX];
	ssize_t len = flistxattr(to, names, sizeof(names));

	if (len < 0 && errno != ENOTSUP)
		return -1;
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
		if (is_kept(names + at) && fgetxattr(from, names + at, NULL, 0) < 0 &&
		    remove_xattr(to, names + at) < 0)
			return -1;
	if (fchown(to, from_st->st_uid, from_st->st_gid) || fchmod(to, from_st->st_mode & 07777))
		return -1;
	return attr_copy(from, to);
}

/* Linux gives links and special files no user attributes (EPERM); the administrator's they can
 * have.
 */
static int set_node_xattrs(int dirfd, const char *name, const struct tar_entry *e, struct attr *a)
{
	_free_ char *path = e->nxattrs ? xasprintf("/proc/self/fd/%d/%s", dirfd, name) : NULL;

	for (size_t i = 0; i < e->nxattrs; i++) {
		const struct tar_xattr *x = &e->xattrs[i];

		if (!is_kept(x->name) || !lsetxattr(path, x->name, x->value, x->len, 0))
			continue;
		if (errno == EPERM && str_starts(x->name, "user."))
			warnx("'%s' cannot be on '%s', which is no file", x->name, e->path);
		else if (forgive(a, e, x) < 0)
			return -1;
	}
	return 0;
}

int attr_node(int dirfd, const char *name, const struct tar_entry *e, bool inherits, struct attr *a)
{
	const struct timespec both[2] = { e->mtime, e->mtime };
	bool own = !a->ids->pretend && (inherits || !is_ours(e));

	if (own && fchownat(dirfd, name, e->uid, e->gid, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (e->type != TAR_SYMLINK && (inherits || (own && e->mode & 06000)) &&
	    fchmodat(dirfd, name, e->mode, 0))
		return -1;
	if (set_node_xattrs(dirfd, name, e, a) < 0)
		return -1;
	return utimensat(dirfd, name, both, AT_SYMLINK_NOFOLLOW);
}
