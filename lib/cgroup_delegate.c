#include <fcntl.h>

#include "lib/cgroup_private.h"
#include "lib/io.h"
#include "lib/str.h"

enum { DELEGATE_MAX = 4096 };

/* The kernel says which files are the delegatee's; limits are never among them. */
static void list_files(struct strv *files)
{
	_buf_ struct buf list = { 0 };

	if (file_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", DELEGATE_MAX, &list) == 0)
		strv_split(files, buf_str(&list), '\n');
	else
		strv_split(files, "cgroup.procs cgroup.threads cgroup.subtree_control", ' ');
}

int cgroup_delegate(const struct cgroup *g, uid_t uid, gid_t gid)
{
	int v2 = g->layout->unified, dirfd = v2 < 0 ? -1 : g->dirfd[v2];
	_strv_ struct strv files = { 0 };

	if (dirfd < 0)
		return set_errno(EOPNOTSUPP);
	if (fchownat(dirfd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return -1;
	list_files(&files);
	for (size_t i = 0; i < files.n; i++) {
		if (*files.v[i] && fchownat(dirfd, files.v[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return -1;
	}
	return 0;
}
