/* volume - make and describe volumes.
 *
 * fill reads the list bundle writes: "named|anonymous NAME TARGET copy|nocopy" and "dir PATH"
 * lines, tabs between.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "engine/stamp.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/path.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "lib/sys.h"

enum { LIST_MAX = 1 << 20 };

static const char *volumes_dir;

static const struct opt opts[] = { { 0, "volumes", OPT_STR, &volumes_dir, "DIR",
				     "where volumes live (default: $LASH_ROOT/volumes)" },
				   { 0 } };

static bool is_empty_dir(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *e;
	bool empty = true;

	if (!dir)
		die("read a volume");
	while (empty && (e = readdir(dir)))
		empty = str_eq(e->d_name, ".") || str_eq(e->d_name, "..");
	closedir(dir);
	return empty;
}

/* cp does not follow links below where it starts; where it starts was resolved inside the root. */
static void copy_tree(int from_fd, int to_fd, const char *name)
{
	char to[FD_LINK_MAX];
	char *argv[] = { (char *)(uintptr_t) "cp",
			 (char *)(uintptr_t) "-a",
			 (char *)(uintptr_t) "--",
			 (char *)(uintptr_t) ".",
			 to,
			 NULL };
	pid_t pid;

	fd_link(to_fd, to);
	pid = xfork();
	if (pid == 0) {
		if (fchdir(from_fd) || fd_set_cloexec(to_fd, false))
			die("enter the image's directory");
		xexec(argv);
	}
	if (proc_wait(pid))
		diex("copy the image's contents into volume '%s'", name);
}

/* What the image has there: its contents into an empty volume, its owner and mode to the volume
 * itself. */
static void copy_up(int rootfs_dirfd, const char *target, int data_fd, const char *name)
{
	_close_ int from_fd = path_open_in_root(rootfs_dirfd, target, O_RDONLY | O_DIRECTORY);
	struct stat st;

	if (from_fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (from_fd < 0 || fstat(from_fd, &st))
		die("open '%s' in the image", target);
	if (!is_empty_dir(from_fd))
		copy_tree(from_fd, data_fd, name);
	if (fchown(data_fd, st.st_uid, st.st_gid) || fchmod(data_fd, st.st_mode & 07777))
		die("set owner and mode of volume '%s'", name);
}

static void fill_data(int fd, const char *data, const struct strv *field, int rootfs_dirfd)
{
	_close_ int data_fd = openat(fd, data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (data_fd < 0)
		die("open volume '%s'", field->v[1]);
	if (str_eq(field->v[3], "copy") && is_empty_dir(data_fd))
		copy_up(rootfs_dirfd, field->v[2], data_fd, field->v[1]);
}

static void make_volume(const struct strv *field, int volumes_fd, int rootfs_dirfd)
{
	const char *name = field->v[1];
	_close_ int fd = -1;

	if (!str_is_name(name))
		diex("invalid volume name '%s'", name);
	if (mkdirat(volumes_fd, name, 0711) && errno != EEXIST)
		die("make volume '%s'", name);
	fd = openat(volumes_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		die("open volume '%s'", name);
	if (str_eq(field->v[0], "anonymous") && file_put_line(fd, "anonymous", "1"))
		die("mark volume '%s'", name);
	/* A new volume appears filled or not at all. */
	if (!faccessat(fd, "_data", F_OK, AT_SYMLINK_NOFOLLOW)) {
		fill_data(fd, "_data", field, rootfs_dirfd);
		return;
	}
	if (path_remove_tree(fd, ".data") || mkdirat(fd, ".data", 0755))
		die("make volume '%s'", name);
	fill_data(fd, ".data", field, rootfs_dirfd);
	if (renameat(fd, ".data", fd, "_data"))
		die("make volume '%s'", name);
}

static void make_line(const char *line, int volumes_fd, int rootfs_dirfd)
{
	_strv_ struct strv field = { 0 };

	strv_split(&field, line, '\t');
	if (field.n == 2 && str_eq(field.v[0], "dir")) {
		if (path_mkdirs(field.v[1], 0755))
			die("make directory '%s'", field.v[1]);
	} else if (field.n == 4) {
		make_volume(&field, volumes_fd, rootfs_dirfd);
	} else {
		diex("malformed line '%s'", line);
	}
}

static int open_volumes(void)
{
	_free_ char *usual = xasprintf("%s/volumes", sys_lash_root());
	int fd = path_open_dir(volumes_dir ? volumes_dir : usual, 0711);

	if (fd < 0)
		die("open '%s'", volumes_dir ? volumes_dir : usual);
	return fd;
}

static int volume_fill(int argc, char **argv)
{
	const struct usage u = { "[--volumes DIR] LIST ROOTFS",
				 "Make the volumes and directories in LIST.", opts, 0, NULL };
	_close_ int volumes_fd = -1, rootfs_dirfd = -1;
	_buf_ struct buf list = { 0 };
	_strv_ struct strv lines = { 0 };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 2, 2);
	volumes_fd = open_volumes();
	rootfs_dirfd = open(argv[at + 1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfs_dirfd < 0)
		die("open '%s'", argv[at + 1]);
	if (file_read(AT_FDCWD, argv[at], LIST_MAX, &list))
		die("read '%s'", argv[at]);
	strv_split(&lines, buf_str(&list), '\n');
	umask(0);
	for (size_t i = 0; i < lines.n; i++)
		if (*lines.v[i])
			make_line(lines.v[i], volumes_fd, rootfs_dirfd);
	return 0;
}

static void describe(struct emit *e, int volumes_fd, const char *name)
{
	_free_ char *usual = xasprintf("%s/volumes", sys_lash_root());
	_free_ char *path = xasprintf("%s/%s/_data", volumes_dir ? volumes_dir : usual, name);
	char created[TIME_MAX];
	struct stat st;

	if (!str_is_name(name) || fstatat(volumes_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		diex("no such volume: %s", name);
	time_spell(&st.st_mtim, created);
	emit_object(e, NULL);
	emit_str(e, "CreatedAt", created);
	emit_str(e, "Driver", "local");
	emit_str(e, "Mountpoint", path);
	emit_str(e, "Name", name);
	emit_str(e, "Scope", "local");
	emit_end(e);
}

static int volume_inspect(int argc, char **argv)
{
	const struct usage u = { "[--volumes DIR] NAME...", "Describe volumes in JSON.", opts, 0,
				 NULL };
	int at = opt_parse(argc, argv, &u);
	_close_ int volumes_fd = open_volumes();
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out, .indent = 4 };

	opt_operands(argc - at, 1, -1);
	emit_array(&e, NULL);
	for (; at < argc; at++)
		describe(&e, volumes_fd, argv[at]);
	emit_end(&e);
	buf_addc(&out, '\n');
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write standard output");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct opt none[] = { { 0 } };
	static const struct verb verbs[] = {
		{ "fill", volume_fill, "make the volumes a container is to mount" },
		{ "inspect", volume_inspect, "describe volumes in JSON" },
		{ 0 },
	};
	const struct usage u = { "VERB [OPTION]... ARG...", "Make and describe volumes.", none,
				 OPT_STOP, verbs };

	opt_program(argv[0]);
	return opt_run_verb(argc, argv, &u);
}
