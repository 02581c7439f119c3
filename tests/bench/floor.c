/* floor - the least a container of `runc spec` costs: the clone, the mounts, the pivot and the
 * execve, nothing else.
 *
 * floor ROOTFS PROGRAM: no state, no cgroup, no limits, no user, no checks. What a runtime takes
 * beyond this is its own.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/ns.h"
#include "lib/opt.h"
#include "lib/sys.h"

static const struct {
	const char *type, *target, *data;
	unsigned long flags;
} mounts[] = {
	{ "proc", "proc", NULL, 0 },
	{ "tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME },
	{ "devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "sysfs", "sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY },
};

static const char *const masked[] = { "proc/kcore", "proc/keys", "proc/timer_list" };
static const char *const hidden[] = { "proc/acpi", "proc/scsi", "sys/firmware" };
static const char *const readonly[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
					"proc/sysrq-trigger" };
static const unsigned int nodes[][2] = {
	{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 }
};

static void must(long rc, const char *what)
{
	if (rc < 0)
		die("%s", what);
}

/* What this kernel does not have is no part of the container. */
static void may(long rc, const char *what)
{
	if (rc < 0 && errno != ENOENT && errno != ENOTDIR)
		die("%s", what);
}

static void make_mounts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		if (mkdir(mounts[i].target, 0755) && errno != EEXIST)
			die("mkdir '%s'", mounts[i].target);
		must(mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags,
			   mounts[i].data),
		     mounts[i].target);
	}
}

static void make_nodes(void)
{
	static const char *const names[] = { "dev/null",   "dev/zero",	  "dev/full",
					     "dev/random", "dev/urandom", "dev/tty" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		must(mknod(names[i], S_IFCHR | 0666, makedev(nodes[i][0], nodes[i][1])), names[i]);
}

static void mask(void)
{
	for (size_t i = 0; i < ARRAY_LEN(masked); i++)
		may(mount("/dev/null", masked[i], NULL, MS_BIND, NULL), masked[i]);
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		may(mount("tmpfs", hidden[i], "tmpfs", MS_RDONLY, "nr_inodes=1"), hidden[i]);
	for (size_t i = 0; i < ARRAY_LEN(readonly); i++) {
		int fd = open_tree(AT_FDCWD, readonly[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };

		if (fd < 0)
			continue;
		must(mount_setattr(fd, "", AT_EMPTY_PATH, &ro, sizeof(ro)), readonly[i]);
		must(move_mount(fd, "", AT_FDCWD, readonly[i], MOVE_MOUNT_F_EMPTY_PATH),
		     readonly[i]);
		close(fd);
	}
}

_noreturn_ static void child(const char *rootfs, char *program)
{
	char *argv[] = { program, NULL }, *env[] = { NULL };

	must(unshare(CLONE_NEWNET | CLONE_NEWCGROUP), "unshare");
	must(ns_loopback_up(), "lo");
	must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "slave");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	must(chdir(rootfs), rootfs);
	make_mounts();
	make_nodes();
	mask();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "chdir");
	execve(program, argv, env);
	die("exec '%s'", program);
}

int main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC,
		.exit_signal = SIGCHLD,
	};
	int status;
	pid_t pid;

	opt_program(argv[0]);
	if (argc != 3)
		opt_misuse("need ROOTFS and PROGRAM");
	pid = sys_clone3(&args, sizeof(args));
	if (!pid)
		child(argv[1], argv[2]);
	must(pid, "clone3");
	must(waitpid(pid, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
