#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "imgunpack/stack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/mnt.h"
#include "lib/path.h"

void stack_describe_root(const struct stack *s, int upper)
{
	_free_ char *path = xasprintf("%s/diff", s->root.text);
	_close_ int from = -1;
	struct stat st = { .st_mode = 0755 };

	if (*s->root.text) {
		from = openat(s->store_dirfd, path,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (from < 0 || fstat(from, &st))
			die("open '%s'", path);
	}
	if (fchown(upper, st.st_uid, st.st_gid) || fchmod(upper, st.st_mode & 07777))
		die("set the owner of the root directory");
	if (from >= 0 && attr_copy(from, upper) < 0)
		die("copy the attributes of the root directory");
	if (futimens(upper, (const struct timespec[2]){ st.st_mtim, st.st_mtim }))
		die("set the time of the root directory");
}

/* DIR/upper is reused when it is there: it has what the container changed. */
static void make_upper(const struct stack *s, const char *dir)
{
	_close_ int fd = path_open_dir(dir, 0700);
	_close_ int upper = -1;

	if (fd < 0 || (mkdirat(fd, "work", 0700) && errno != EEXIST))
		die("make '%s'", dir);
	if (!faccessat(fd, "upper", F_OK, AT_SYMLINK_NOFOLLOW))
		return;
	if (path_remove_tree(fd, ".upper.new") || mkdirat(fd, ".upper.new", 0700))
		die("make '%s/upper'", dir);
	upper = openat(fd, ".upper.new", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0)
		die("make '%s/upper'", dir);
	/* its own attributes are those of the root that the container sees */
	stack_describe_root(s, upper);
	if (renameat(fd, ".upper.new", fd, "upper"))
		die("make '%s/upper'", dir);
}

int stack_open_target(const char *rootfs)
{
	struct statx sx;

	if (path_mkdirs(rootfs, 0755))
		die("make '%s'", rootfs);

	int fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, 0, &sx))
		die("open '%s'", rootfs);
	if (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		diex("mount on '%s': something is mounted there", rootfs);
	return fd;
}

void stack_mount_rootfs(const struct stack *s, const char *dir, const char *rootfs)
{
	make_upper(s, dir);

	_close_ int target = stack_open_target(rootfs);
	_free_ char *base = realpath(dir, NULL);

	if (!base)
		die("open '%s'", dir);

	_free_ char *upper = xasprintf("%s/upper", base), *work = xasprintf("%s/work", base);
	_close_ int fd = stack_mount(s, upper, work);

	if (mnt_attach(fd, target))
		die("mount on '%s'", rootfs);
}
