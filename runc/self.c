#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "lib/die.h"
#include "lib/mnt.h"
#include "lib/str.h"
#include "runc/self.h"

const char self_entering[][8] = { "create", "exec", "mounts", "run", "update", "" };
bool self_is_safe;

/* Can nobody write to this file, by this mount or by any other? */
static bool is_safe(int fd)
{
	struct statx sx;
	struct statvfs fs;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx))
		return false;
	if (sx.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_VERITY))
		return true;
	/* Read-only is this mount (our copy of it), or the whole file system. */
	return !fstatvfs(fd, &fs) && fs.f_flag & ST_RDONLY;
}

/* The copy is closed by the execve: the mount then belongs to no namespace, and mount_setattr can
 * never reach it. */
static void run_copy(int exefd, char **argv)
{
	_close_ int fd = mnt_clone(exefd, "", false);

	if (fd < 0 || mnt_change(fd, MOUNT_ATTR_RDONLY, 0, false)) {
		debug("no read-only copy of runc: mount API: %s", strerror(errno));
		return;
	}
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	die("run a read-only copy of runc");
}

static void run_memfd(int exefd, char **argv)
{
	_close_ int fd = memfd_create("runc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;

	if (fd < 0 || fstat(exefd, &st))
		die("make a sealed copy of runc");
	for (off_t at = 0; at < st.st_size;) {
		if (sendfile(fd, exefd, &at, (size_t)(st.st_size - at)) <= 0)
			die("make a sealed copy of runc");
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		die("seal a copy of runc");
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	die("run a sealed copy of runc");
}

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && seals & F_SEAL_WRITE;
}

static bool is_entering(const char *verb)
{
	for (size_t i = 0; *self_entering[i]; i++) {
		if (str_eq(self_entering[i], verb))
			return true;
	}
	return false;
}

static void make_safe(char **argv)
{
	_close_ int exefd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (exefd < 0)
		die("open '/proc/self/exe'");
	if (is_safe(exefd) || is_sealed(exefd))
		return;
	run_copy(exefd, argv);
	run_memfd(exefd, argv);
}

void self_protect(char **verb, char **argv)
{
	if (!*verb || !is_entering(*verb))
		return;
	if (!geteuid() && prctl(PR_SET_DUMPABLE, 0))
		die("become undumpable");
	if (!self_is_safe)
		make_safe(argv);
	debug("nobody can write to the runc that runs");
}
