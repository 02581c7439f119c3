/* floor - the least the container of the benchmark's config.json costs any runtime.
 *
 * floor [-bd] [-s FILTER] ROOTFS PROGRAM runs PROGRAM and removes what it made. It does what that
 * config asks for, in the fewest and plainest system calls, and nothing a runtime adds of its own:
 * no config.json, no state, no checks of hostile paths, no copy of itself, no handshake.
 *  - one clone into new pid, mount, uts and ipc namespaces (and into the v2 group), then a network
 *    namespace with lo up (and, on a host with v2 alone, a cgroup namespace), as `runc spec` has it
 *  - a control group in every hierarchy, joined, with the device rules every container gets;
 *    removed afterwards
 *  - the seven mounts (cgroups: one bind a hierarchy in a tmpfs; on v2 one mount), six device
 * nodes, five links, the masked and the read-only paths this kernel has
 *  - host name, pivot_root, the host's mounts detached, 38 capabilities dropped, no_new_privs, the
 *    seccomp filter, execve, wait
 * -b leaves out control groups, capabilities and filter: clone, mounts, pivot and execve alone; -d
 * the device rules, for a config without.
 * FILTER is a compiled filter, an array of struct sock_filter; floor -c PROFILE.json prints one.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "lib/cgroup_device.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/ns.h"
#include "lib/opt.h"
#include "lib/seccomp_spec.h"
#include "lib/str.h"
#include "lib/sys.h"

#define CGROUPS "/sys/fs/cgroup"
#define GROUP "lash-test-floor"
enum { HIERARCHIES = 16, FILTER_MAX_BYTES = BPF_MAXINSNS * sizeof(struct sock_filter) };

static bool bare, any_device;
static const char *filter_file, *profile_file;
static struct buf filter;

static const struct opt opts[] = {
	{ 'b', "bare", OPT_FLAG, &bare, NULL, "no control groups, capabilities, filter" },
	{ 'd', "any-device", OPT_FLAG, &any_device, NULL, "no device rules" },
	{ 's', "seccomp", OPT_STR, &filter_file, "FILTER", "load this compiled filter" },
	{ 'c', "compile", OPT_STR, &profile_file, "FILE", "print the filter of a seccomp profile" },
	{ 0 },
};

static struct {
	char name[HIERARCHIES][64];
	int n, v2fd;
	bool unified; /* nothing else is mounted */
} groups = { .v2fd = -1 };

static const struct {
	const char *type, *source, *target, *data;
	unsigned long flags;
} mounts[] = {
	{ "proc", "proc", "proc", NULL, 0 },
	{ "tmpfs", "tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME },
	{ "devpts", "devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
	  MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "shm", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "mqueue", "mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "sysfs", "sysfs", "sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY },
};
enum { CGROUP_MOUNT = MS_NOSUID | MS_NODEV | MS_NOEXEC };

static const char *const masked[] = { "proc/kcore", "proc/keys", "proc/timer_list" };
static const char *const hidden[] = { "proc/acpi", "proc/scsi", "sys/firmware" };
static const char *const readonly[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
					"proc/sysrq-trigger" };
static const unsigned int nodes[][2] = {
	{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 }
};
static const char *const device_rules[] = { "c *:* m",	 "b *:* m",   "c 1:3 rwm",  "c 1:5 rwm",
					    "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm",  "c 5:0 rwm",
					    "c 5:1 rwm", "c 5:2 rwm", "c 136:* rwm" };
static const char *const links[][2] = { { "/proc/self/fd", "dev/fd" },
					{ "/proc/self/fd/0", "dev/stdin" },
					{ "/proc/self/fd/1", "dev/stdout" },
					{ "/proc/self/fd/2", "dev/stderr" },
					{ "pts/ptmx", "dev/ptmx" } };

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

static int compile_profile(void)
{
	_buf_ struct buf text = { 0 };
	_seccomp_profile_ struct seccomp_profile profile = { 0 };
	struct seccomp_program prog;
	char why[DECODE_WHY_MAX];

	must(file_read(AT_FDCWD, profile_file, 1 << 20, &text), profile_file);

	_json_ struct json *j = json_parse(buf_str(&text), text.len, 0, why);

	if (!j || seccomp_profile_decode(j, &profile, why) ||
	    seccomp_compile(&profile, -1, &prog, why))
		diex("%s: %s", profile_file, why);
	must(io_write(STDOUT_FILENO, prog.insns, prog.ninsns * sizeof(*prog.insns)), "write");
	seccomp_program_free(&prog);
	return 0;
}

/* Where the group is in hierarchy I; with FILE, a file in it. */
static const char *group_path(int i, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), CGROUPS "/%s/" GROUP "%s%s", groups.name[i], *file ? "/" : "",
		 file);
	return path;
}

static void find_hierarchies(void)
{
	DIR *dir = opendir(CGROUPS);

	groups.unified = !access(CGROUPS "/cgroup.controllers", F_OK);
	if (groups.unified) {
		groups.n = 1;
		snprintf(groups.name[0], sizeof(groups.name[0]), ".");
	}
	for (struct dirent *e = dir ? readdir(dir) : NULL; e && !groups.unified; e = readdir(dir)) {
		if (e->d_type == DT_DIR && *e->d_name != '.' && groups.n < HIERARCHIES)
			snprintf(groups.name[groups.n++], sizeof(groups.name[0]), "%.63s",
				 e->d_name);
	}
	if (dir)
		closedir(dir);
}

static bool is_v2(int i)
{
	return groups.unified || str_eq(groups.name[i], "unified");
}

static void limit_devices_v2(int i)
{
	struct cgroup_layout layout = { .n = 1, .unified = 0, .at = { { .unified = true } } };
	struct cgroup g = { .layout = &layout, .dirfd = { groups.v2fd } };
	struct cgroup_device_rule none = { .allow = false }, rules[32] = { none };
	_buf_ struct buf why = { 0 };

	layout.at[0].controllers = 1u << CGROUP_DEVICES;
	memcpy(rules + 1, device_defaults, device_defaults_n * sizeof(*rules));
	must(cgroup_set_devices(&g, rules, device_defaults_n + 1, &why), group_path(i, ""));
}

static void limit_devices_v1(int i)
{
	int fd = open(group_path(i, "devices.deny"), O_WRONLY);

	must(write(fd, "a", 1), "devices.deny");
	close(fd);
	fd = open(group_path(i, "devices.allow"), O_WRONLY);
	for (size_t k = 0; k < ARRAY_LEN(device_rules); k++)
		must(write(fd, device_rules[k], strlen(device_rules[k])), device_rules[k]);
	close(fd);
}

/* A new cpuset takes nobody before it has its parent's CPUs and nodes. */
static void fill_cpuset(int i)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t k = 0; k < ARRAY_LEN(files); k++) {
		char parent[64], value[256];
		ssize_t n;
		int fd;

		snprintf(parent, sizeof(parent), CGROUPS "/cpuset/%s", files[k]);
		fd = open(parent, O_RDONLY);
		must(n = read(fd, value, sizeof(value)), parent);
		close(fd);
		fd = open(group_path(i, files[k]), O_WRONLY);
		must(write(fd, value, (size_t)n), files[k]);
		close(fd);
	}
}

static void make_groups(void)
{
	find_hierarchies();
	for (int i = 0; i < groups.n; i++) {
		must(mkdir(group_path(i, ""), 0755), group_path(i, ""));
		if (is_v2(i))
			must(groups.v2fd = open(group_path(i, ""), O_RDONLY | O_CLOEXEC), "group");
		if (groups.unified && !any_device)
			limit_devices_v2(i);
		else if (str_eq(groups.name[i], "devices") && !any_device)
			limit_devices_v1(i);
		else if (str_eq(groups.name[i], "cpuset"))
			fill_cpuset(i);
	}
}

static void join_groups(void)
{
	for (int i = 0; i < groups.n; i++) {
		int fd = is_v2(i) ? -1 : open(group_path(i, "tasks"), O_WRONLY);

		if (fd < 0)
			continue;
		must(write(fd, "0", 1), group_path(i, "tasks"));
		close(fd);
	}
}

static void mount_groups(void)
{
	if (groups.unified) {
		must(mount("cgroup", "sys/fs/cgroup", "cgroup2", CGROUP_MOUNT | MS_RDONLY, NULL),
		     "cgroup2");
		return;
	}
	must(mount("tmpfs", "sys/fs/cgroup", "tmpfs", CGROUP_MOUNT, "mode=755"), "tmpfs");
	for (int i = 0; i < groups.n; i++) {
		char target[128];
		struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
		int fd = open_tree(AT_FDCWD, group_path(i, ""),
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

		snprintf(target, sizeof(target), "sys/fs/cgroup/%s", groups.name[i]);
		must(mkdir(target, 0755), target);
		must(mount_setattr(fd, "", AT_EMPTY_PATH, &ro, sizeof(ro)), target);
		must(move_mount(fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH), target);
		close(fd);
	}
	must(mount(NULL, "sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | CGROUP_MOUNT,
		   NULL),
	     "sys/fs/cgroup");
}

static void make_mounts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		if (mkdir(mounts[i].target, 0755) && errno != EEXIST)
			die("mkdir '%s'", mounts[i].target);
		must(mount(mounts[i].source, mounts[i].target, mounts[i].type, mounts[i].flags,
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
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		must(symlink(links[i][0], links[i][1]), links[i][1]);
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

static void drop_privileges(void)
{
	static const unsigned int kept = 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE |
					 1u << CAP_AUDIT_WRITE;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { { kept, kept, 0 }, { 0 } };
	struct sock_fprog prog = { (unsigned short)(filter.len / sizeof(struct sock_filter)),
				   (struct sock_filter *)(void *)filter.data };

	for (int n = 0; n <= CAP_LAST_CAP; n++) {
		if (n != CAP_KILL && n != CAP_NET_BIND_SERVICE && n != CAP_AUDIT_WRITE)
			must(prctl(PR_CAPBSET_DROP, n, 0, 0, 0), "drop a capability");
	}
	must(syscall(SYS_capset, &head, caps), "capset");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	if (filter.len)
		must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
			     &prog),
		     "seccomp");
}

_noreturn_ static void child(const char *rootfs, char *program)
{
	char *argv[] = { program, NULL }, *env[] = { NULL };

	join_groups();
	must(unshare(CLONE_NEWNET | (groups.unified ? CLONE_NEWCGROUP : 0)), "unshare");
	must(ns_loopback_up(), "lo");
	must(sethostname("floor", 5), "sethostname");
	must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "slave");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	must(chdir(rootfs), rootfs);
	make_mounts();
	if (!bare)
		mount_groups();
	make_nodes();
	mask();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "chdir");
	if (!bare)
		drop_privileges();
	execve(program, argv, env);
	die("exec '%s'", program);
}

static int run(const char *rootfs, char *program)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC,
		.exit_signal = SIGCHLD,
	};
	int status;
	pid_t pid;

	if (!bare)
		make_groups();
	if (groups.v2fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)groups.v2fd;
	}
	pid = sys_clone3(&args, sizeof(args));
	if (!pid)
		child(rootfs, program);
	must(pid, "clone3");
	must(waitpid(pid, &status, 0), "wait");
	for (int i = 0; i < groups.n; i++)
		must(rmdir(group_path(i, "")), group_path(i, ""));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... ROOTFS PROGRAM", "Run a container, and nothing else.",
				 opts, 0, NULL };

	opt_program(argv[0]);
	argv += opt_parse(argc, argv, &u);
	if (profile_file)
		return compile_profile();
	opt_operands((int)strv_len(argv), 2, 2);
	if (filter_file)
		must(file_read(AT_FDCWD, filter_file, FILTER_MAX_BYTES, &filter), filter_file);
	return run(argv[0], argv[1]);
}
