/* launch.h - from a decoded config.json to a running process: what parent and child of a launch
 * share.
 *
 * Everything that can be known beforehand is computed and opened by the parent; then one clone3,
 * and the child (child.c) needs no path of the host any more but the mount point of its root. Both
 * sides talk over sync.h. Functions here report with die() and return nothing; on the parent's side
 * that takes the container apart again.
 */
#ifndef RUNC_LAUNCH_H
#define RUNC_LAUNCH_H

#include <sys/types.h>

#include "lib/cgroup.h"
#include "lib/cgroup_res.h"
#include "lib/dev.h"
#include "lib/mnt.h"
#include "lib/ns.h"
#include "lib/seccomp.h"
#include "lib/spec.h"
#include "lib/str.h"
#include "runc/state.h"
#include "runc/sync.h"

struct launch {
	/* What is asked for. */
	const struct spec *spec;
	const struct spec_process *process;
	struct container *container;
	bool exec;   /* one more process in a running container */
	bool parked; /* init waits at the fifo for `start` */
	bool no_pivot, no_new_keyring;
	bool late;	/* mounts are opened by the child: the parent may not */
	int keep_fds;	/* descriptors from 3 on that the process gets */
	int listen_fds; /* how many of them are socket activation's */
	const char *pid_file;

	/* Opened by the parent, all close-on-exec; -1 where not needed. */
	int rootfs_treefd;		  /* the root file system, a detached copy of its mounts */
	int *sourcefd;			  /* detached bind sources, by index in spec->mounts */
	int cgroupfd[CGROUP_HIERARCHIES]; /* detached, not yet apart: the container's own cgroups,
					     for a cgroup mount */
	int *device_fd;	    /* detached host devices, where a user namespace forbids mknod: the
			       defaults, then those of config.json; NULL elsewhere */
	int nsfd[NS_TYPES]; /* namespaces to join, by index in ns_types */
	int host_ns;	    /* CLONE_NEW* of those that are ours all the same, path or not */
	int join_pidfd;	    /* or whose: these types of this process's, where there are any */
	int join_flags;
	int fifofd;	    /* O_PATH of the start fifo */
	int console_sockfd; /* takes the terminal's master */
	int pidfd_sockfd;   /* takes a pidfd of the process */
	int notifyfd;	    /* the notify socket's directory, detached */
	int scope_holdfd;   /* while it is open, the systemd unit has a first process: */
	pid_t scope_pid;    /* this one; 0: none (any more) */
	int syncfd;	    /* each side's end of the channel */
	int procfd;	    /* the child's private proc */
	struct cgroup_layout layout;
	struct cgroup group;
	struct cgroup_join join;
	int cgroup_fd; /* where clone3 puts the child, or -1 */
	struct seccomp_program seccomp;
	bool has_seccomp;
	char *listener_path, *listener_metadata; /* who answers system calls; NULL: nobody */
	struct strv env;
	uint64_t ignored_signals; /* by us, and so by the process if nothing is done */

	/* The child, as the parent sees it. */
	bool wrote_pid_file;
	pid_t pid;
	int pidfd;
	enum sync_type early; /* said before it was its turn; SYNC_END: nothing */
	char *early_text;
};

#define LAUNCH_NONE \
	{ \
		.rootfs_treefd = -1, .fifofd = -1, .console_sockfd = -1, .pidfd_sockfd = -1, \
		.notifyfd = -1, .scope_holdfd = -1, .syncfd = -1, .procfd = -1, .cgroup_fd = -1, \
		.pidfd = -1 \
	}

/* launch.c: the parent's side, in this order. A failure after launch_begin destroys a container
 * that was being made. */
void launch_begin(struct launch *l);
/* Clone; returns when the process is ready to run and its state and pid file are written. */
void launch_child(struct launch *l);
/* Parts of it, for restore: the limits of linux.resources; state and pid file of L's process. */
void launch_limits(struct launch *l);
/* From here on the container keeps systemd's unit alive itself, and has its limit of processes for
 * itself. */
void launch_leave_scope(struct launch *l);
/* The rules R gives and, behind them, what every container needs of /dev (device_defaults_n). The
 * strings stay R's. */
struct cgroup_device_rule *launch_device_rules(const struct cgroup_resources *r);
void launch_record(struct launch *l);
/* Does the process wait for that, with everything ready? One more in a running container does not,
 * where nothing is left to be written down, or to be done to it from outside, first. */
bool launch_is_awaited(const struct launch *l);
/* Let the process go on: to the fifo, or to its execve, which is awaited. */
void launch_release(struct launch *l);
/* console.c: where the terminal's master goes: to the user's SOCKET, or (NULL) to the returned
 * descriptor; -1 where there is no terminal or it is not ours. Refuses what cannot be, by whether
 * runc will DETACH. */
int console_prepare(struct launch *l, const char *socket, bool detach);

/* What launch_begin has dying do, for who has more to undo before that. */
void launch_abandon(void);
/* From here on dying leaves the container alone. */
void launch_done(void);

/* netdev.c: move the host's interfaces into the network namespace of the child. */
void netdev_move(const struct launch *l);
/* Back again, with what they had: the container is not to be. */
void netdev_return(void);

/* listener.c: take the child's seccomp listener, descriptor NUMBER over there, to
 * linux.seccomp.listenerPath. */
void listener_hand_over(struct launch *l, const char *number);

/* clone.c: make the child, in its namespaces and cgroups. It goes on in child_main. */
void clone_start(struct launch *l);

/* cgroup.c: choose, record and make the container's cgroup, and open what joining it needs. */
void cgroup_make(struct launch *l);

/* prepare.c: open what the child will need. */
void prepare_process(struct launch *l);
/* As the parent, or, where it may not copy mounts (rootless), as the child in its namespaces. */
void prepare_mounts(struct launch *l);
/* Of that, the sources of bind mounts. */
void prepare_sources(struct launch *l);
/* What is cloned from a mount that is shared with the host must not stay its peer in the container:
 * the propagation it gets, 0 for what it has. */
uint64_t mounts_apart(const struct launch *l);
void prepare_namespaces(struct launch *l);
/* Has the container a namespace of this type that is not the host's? */
bool has_own_ns(const struct launch *l, int type);

/* child.c: the child's side. First, in whatever is born: failures go to the parent, the cgroup is
 * joined. */
void child_begin(const struct launch *l);
/* Close what is the host's, all but the few descriptors still needed. */
void child_close_host(const struct launch *l);
_noreturn_ void child_main(struct launch *l);

/* The parts of the child's way, one file each; they see its root by descriptor. namespaces.c: */
void namespaces_join(const struct launch *l);
void namespaces_unshare(const struct launch *l);

/* rootfs.c: attach the root and all mounts; returns the root's directory descriptor. */
int rootfs_build(struct launch *l);
/* Make it "/"; ROOTFD stays valid. */
void rootfs_switch(const struct launch *l, int rootfd);

/* target.c: the file or directory at PATH inside ROOTFD, made where it is missing (also behind a
 * dangling link), with modes less the umask. Returns an O_PATH descriptor, or -1 and errno. */
_check_ int target_open(int rootfd, const char *path, bool directory);

/* mount.c: attach entry I of mounts[] to ROOTFD's tree. */
void mount_attach(struct launch *l, int *rootfd, size_t i);
/* mount_link.c, for crun's options: as target_open, but a link there is what is mounted over; make
 * the link LINKFD again at M's destination, where nothing or that same link may be. */
_check_ int mount_open_link(int rootfd, const char *path, bool directory);
void mount_copy_link(const struct spec_mount *m, int linkfd, int rootfd);
/* mount_cgroup.c */
void mount_cgroups(const struct launch *l, int targetfd, const struct mnt_opts *o);
/* copy.c: copy what is in FROMFD to the empty directory TOFD, with owners, modes, times and
 * attributes. */
_check_ int copy_tree(int fromfd, int tofd);
/* Set read-only what had to be writable until every mount point below was made. */
void mount_finish(void);

/* devices.c: nodes and links in /dev. */
struct dev device_of(const struct spec_device *s);
void devices_make(const struct launch *l, int rootfd);
/* Entry I of linux.devices alone; MNTFD is the host's node, detached, for user namespaces. */
void devices_make_listed(const struct launch *l, int rootfd, size_t i, int mntfd);
/* masks.c */
void masks_apply(const struct launch *l, int rootfd);
/* sysctl.c */
void sysctl_apply(const struct launch *l);
/* Open a terminal in the container's devpts, make it stdio, hand its master to
 * console_sockfd. */
void console_open(const struct launch *l, int rootfd);
/* lsm.c: labels for the coming execve, by the private proc. */
bool lsm_has_apparmor(void);
bool lsm_has_selinux(void);
void lsm_check(const struct launch *l);
void lsm_apply(const struct launch *l);
/* sched.c: scheduler, io priority, personality, memory policy. */
void sched_apply(const struct launch *l);
/* Before the cgroup is joined: the CPUs exec starts on. */
void sched_start(const struct launch *l);

/* rlimits.c: let the hard limits of PID (0: our own) be high enough; set them. */
void rlimits_raise(const struct spec_process *p, pid_t pid);
void rlimits_set(const struct spec_process *p);

/* user.c: who the process is. */
void user_become(struct launch *l);
/* HOME for UID from the passwd below the working directory, which is still the container's root;
 * malloc'd; "/" when there is none. */
char *user_home(uid_t uid);

/* program.c: find args[0] as execvp would; dies with engines' words. Returns a malloc'd path. */
char *program_find(const char *name, char *const *env);

#endif
