/* record ended, rm - what is left of a run, what is left of a container. */
#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "engine/record.h"
#include "engine/store.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "lib/sys.h"

enum { EXIT_JSON_MAX = 64 << 10 };

/* A lazy unmount takes everything mounted below along, and does not wait for a straggler's open
 * file. */
static void unmount_rootfs(const char *id)
{
	_free_ char *rootfs = xasprintf("%s/containers/%s/rootfs", sys_lash_root(), id);

	while (!umount2(rootfs, MNT_DETACH | UMOUNT_NOFOLLOW))
		;
	if (errno != EINVAL && errno != ENOENT)
		die("unmount '%s'", rootfs);
}

static void remove_shim_dir(const char *id)
{
	_free_ char *path = xasprintf("%s/shim", sys_lash_run());
	_close_ int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0 && errno == ENOENT)
		return;
	if (dirfd < 0 || path_remove_tree(dirfd, id))
		die("remove '%s/%s'", path, id);
}

static void keep_ending(const char *id, int dirfd)
{
	_free_ char *place = store_shim_path(id);
	_close_ int shim_dirfd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_buf_ struct buf b = { 0 };

	if (shim_dirfd < 0 || file_read(shim_dirfd, "exit.json", EXIT_JSON_MAX, &b))
		return;
	if (file_replace(dirfd, "exit.json", 0644, b.data, b.len, false))
		die("record the end of container '%s'", id);
}

int record_ended(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = { "ID", "Keep how a run ended and let go of the container's mounts.",
				 opts, 0, NULL };
	int at = opt_parse(argc, argv, &u);
	_close_ int dirfd = -1;

	opt_operands(argc - at, 1, 1);
	if (!store_is_id(argv[at]))
		opt_misuse("invalid ID '%s'", argv[at]);
	dirfd = store_open(argv[at]);
	if (dirfd < 0 && errno == ENOENT)
		return 0;
	if (dirfd < 0)
		die("open container '%s'", argv[at]);
	keep_ending(argv[at], dirfd);
	unmount_rootfs(argv[at]);
	return 0;
}

/* Volumes without a name belong to the container; the list bundle wrote says which they are. */
static void remove_volumes(const char *id)
{
	_free_ char *path = xasprintf("%s/volumes", sys_lash_root());
	_close_ int dirfd = store_open(id),
		    volumes_dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_buf_ struct buf b = { 0 };
	_strv_ struct strv lines = { 0 };

	if (dirfd < 0 || volumes_dirfd < 0 || file_read(dirfd, "volumes", EXIT_JSON_MAX, &b))
		return;
	strv_split(&lines, buf_str(&b), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *name = str_after(lines.v[i], "anonymous\t");
		_free_ char *only = name ? xmemdup0(name, strcspn(name, "\t")) : NULL;

		if (only && str_is_name(only) && path_remove_tree(volumes_dirfd, only))
			die("remove volume '%s'", only);
	}
}

/* Somebody who was killed half way may have left a program that still writes here; it comes to its
 * end soon. */
static int remove_container(int containers_dirfd, const char *id)
{
	int rc = path_remove_tree(containers_dirfd, id);

	for (int i = 0; rc && errno == ENOTEMPTY && i < 50; i++) {
		poll(NULL, 0, 20);
		rc = path_remove_tree(containers_dirfd, id);
	}
	return rc;
}

static bool with_volumes;

int record_rm(int argc, char **argv)
{
	static const struct opt opts[] = { { 'v', "volumes", OPT_FLAG, &with_volumes, NULL,
					     "and its volumes that have no name" },
					   { 0 } };
	const struct usage u = { "[-v] ID",
				 "Remove a container's directory, name and run-time files.", opts,
				 0, NULL };
	int at = opt_parse(argc, argv, &u);
	_close_ int containers_dirfd = -1;

	opt_operands(argc - at, 1, 1);
	if (!store_is_id(argv[at]))
		opt_misuse("invalid ID '%s'", argv[at]);
	unmount_rootfs(argv[at]);
	if (with_volumes)
		remove_volumes(argv[at]);
	containers_dirfd = store_open_containers();
	if (containers_dirfd < 0 || remove_container(containers_dirfd, argv[at]))
		die("remove container '%s'", argv[at]);
	if (store_drop_names(argv[at]))
		die("release the name of container '%s'", argv[at]);
	/* Last: whoever waits for the run takes its absence for the end of everything. */
	remove_shim_dir(argv[at]);
	return 0;
}
