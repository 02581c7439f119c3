#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "imgunpack/archive.h"
#include "imgunpack/compare.h"
#include "lib/die.h"
#include "lib/layout.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/sys.h"

/* The directory is locked for as long as its process lives; the layout stands within, since it is
 * locked itself. */
static int tmp_dirfd = -1;
static char *name;
static pid_t owner;

static void remove_stale(void)
{
	_strv_ struct strv names = compare_list(tmp_dirfd);

	for (size_t i = 0; i < names.n; i++) {
		_close_ int lock = -1;

		if (!str_starts(names.v[i], "archive-"))
			continue;
		lock = path_lock_dir(tmp_dirfd, names.v[i], true, true);
		if (lock >= 0)
			(void)!path_remove_tree(tmp_dirfd, names.v[i]);
	}
}

void archive_drop(void)
{
	if (!name || owner != getpid())
		return;
	if (path_remove_tree(tmp_dirfd, name))
		warn("remove '%s'", name);
	free(name);
	name = NULL;
}

/* Under a lock: what is made but not locked yet would be stale to another one of us. */
static void make_own(const char *tmp)
{
	_close_ int lock = path_lock_dir(AT_FDCWD, tmp, true, false);

	if (lock < 0)
		die("lock '%s'", tmp);
	remove_stale();
	owner = getpid();
	name = xasprintf("archive-%d", (int)owner);
	if (mkdirat(tmp_dirfd, name, 0700) || path_lock_dir(tmp_dirfd, name, true, false) < 0)
		die("make '%s/%s'", tmp, name);
}

int archive_open(const char *path, uint64_t max_bytes, struct archive_parts *parts)
{
	_free_ char *tmp = xasprintf("%s/tmp", sys_lash_root());
	_free_ char *layout = xasprintf("%s/archive-%d/layout", tmp, (int)getpid());
	int fd;

	tmp_dirfd = path_open_dir(tmp, 0700);
	if (tmp_dirfd < 0)
		die("make '%s'", tmp);
	make_own(tmp);
	die_cleanup(archive_drop);
	fd = layout_open_new(layout);
	if (fd < 0)
		die("make '%s'", layout);
	archive_read(path, fd, max_bytes, parts);
	return fd;
}
