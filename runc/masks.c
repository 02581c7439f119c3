#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "lib/dev.h"
#include "lib/die.h"
#include "lib/mnt.h"
#include "lib/path.h"
#include "runc/launch.h"

/* Nothing is closed here: child_close_host does that for all in one call. */

struct masks {
	int nullfd;  /* the host's /dev/null, verified: the container's may have been swapped
			(CVE-2025-31133) */
	int emptyfd; /* an empty read-only directory, attached by the first that needs it */
};

static int open_empty(void)
{
	struct mnt_opts o = { .set = MOUNT_ATTR_RDONLY };
	int fd;

	strv_add(&o.data, "nr_blocks=1");
	strv_add(&o.data, "nr_inodes=1");
	fd = mnt_new("tmpfs", "tmpfs", &o, NULL);
	mnt_opts_free(&o);
	return fd;
}

static int mask_directory(struct masks *m, int targetfd)
{
	if (m->emptyfd < 0) {
		m->emptyfd = open_empty();
		return m->emptyfd < 0 ? -1 : mnt_attach(m->emptyfd, targetfd);
	}

	int fd = mnt_clone(m->emptyfd, "", false);

	return fd < 0 ? -1 : mnt_attach(fd, targetfd);
}

static int mask_file(const struct masks *m, int targetfd)
{
	int fd = mnt_clone(m->nullfd, "", false);

	return fd < 0 ? -1 : mnt_attach(fd, targetfd);
}

static void mask(struct masks *m, int rootfd, const char *path)
{
	int targetfd = path_open_in_root(rootfd, path, O_PATH);
	struct stat st;

	if (targetfd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (targetfd < 0 || fstat(targetfd, &st))
		die("open masked path '%s'", path);
	if (S_ISDIR(st.st_mode) ? mask_directory(m, targetfd) : mask_file(m, targetfd))
		die("mask '%s'", path);
}

/* The path over itself, read-only and with what is mounted below; its other flags stay as they are.
 */
static void make_readonly(int rootfd, const char *path)
{
	int targetfd = path_open_in_root(rootfd, path, O_PATH), fd;

	if (targetfd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (targetfd < 0)
		die("open read-only path '%s'", path);
	fd = mnt_clone(targetfd, "", true);
	if (fd < 0 || mnt_change(fd, MOUNT_ATTR_RDONLY, 0, true) || mnt_attach(fd, targetfd))
		die("make '%s' read-only", path);
}

void masks_apply(const struct launch *l, int rootfd)
{
	struct masks m = { -1, -1 };
	char **masked = l->spec->linux_->maskedPaths;

	for (char **p = l->spec->linux_->readonlyPaths; p && *p; p++)
		make_readonly(rootfd, *p);
	if (!masked || !*masked)
		return;
	m.nullfd = dev_open_null();
	if (m.nullfd < 0)
		die("open '/dev/null' for masked paths");
	for (; *masked; masked++)
		mask(&m, rootfd, *masked);
}
