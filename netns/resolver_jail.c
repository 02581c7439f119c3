/* Where dnsmasq lives: as nobody, with the right to a port below 1024 and no other, seeing of the
 * host the directories that programs and resolv.conf are in, read-only, and the names. */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib/die.h"
#include "lib/mnt.h"
#include "netns/netns.h"

/* Who owns nothing, by the kernel's own word for it (/proc/sys/kernel/overflowuid). */
enum { NOBODY = 65534 };

/* Mounts of their own on many hosts, and /etc/resolv.conf in containers. Nothing else is taken
 * along: a mount that dnsmasq kept would outlive its umount. */
static const char *const shown[] = { "/usr", "/opt", "/etc", "/etc/resolv.conf", "/run", "/dev" };

/* Without the rest of the host's mounts, which chroot would keep: it is for a root that cannot be
 * pivoted, a ramfs. */
static int leave_root(void)
{
	if (syscall(SYS_pivot_root, ".", "."))
		return errno == EINVAL ? chroot(".") : -1;
	return mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) || umount2(".", MNT_DETACH) ? -1 : 0;
}

static int show(int mntfd, const char *path)
{
	_close_ int target = open(path, O_PATH | O_CLOEXEC);

	return target < 0 || mnt_change(mntfd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, false) ||
			       mnt_attach(mntfd, target)
		       ? -1
		       : 0;
}

/* From here on nothing can be told to anybody but by an exit status. */
static int see_only(int names_mntfd)
{
	int copies[ARRAY_LEN(shown)];
	_close_ int root = -1;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		copies[i] = mnt_clone(AT_FDCWD, shown[i], false);
	root = mnt_clone(AT_FDCWD, "/", false);
	if (root < 0 || show(root, "/") || fchdir(root))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		if (copies[i] >= 0 && show(copies[i], shown[i] + 1))
			return -1;
	}
	return show(names_mntfd, RESOLVER_NAMES + 1) || leave_root() || chdir("/") ? -1 : 0;
}

/* By the system calls: libcap would be one more library to load at each start of netns. */
static int keep_only(int cap)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	data[cap / 32].permitted = data[cap / 32].effective = data[cap / 32].inheritable = 1U
											   << (cap %
											       32);
	return syscall(SYS_capset, &header, data) ||
			       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0)
		       ? -1
		       : 0;
}

/* In a user namespace that has no nobody it stays who it is. */
static int be_nobody(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (cap != CAP_NET_BIND_SERVICE && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -1;
	}
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || (setgroups(0, NULL) && errno != EPERM) ||
	    (setresgid(NOBODY, NOBODY, NOBODY) && errno != EINVAL) ||
	    (setresuid(NOBODY, NOBODY, NOBODY) && errno != EINVAL))
		return -1;
	return keep_only(CAP_NET_BIND_SERVICE) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -1 : 0;
}

void resolver_become(int names_dirfd, char *const argv[])
{
	int names = mnt_clone(names_dirfd, "", false);

	if (names < 0 || see_only(names) || be_nobody())
		_exit(126);
	helper_become(-1, NULL, argv, -1);
}
