/* cgroup.h - control groups, one name in every hierarchy, alike on v1, hybrid and v2 hosts.
 *
 * A layout is every hierarchy mounted below one root. A group is one path, held as one O_PATH
 * directory descriptor a hierarchy. Paths may be hostile: leading slashes are dropped; an empty,
 * "." or ".." component and control bytes are EINVAL; symbolic links and mounts are never followed
 * (ELOOP, EXDEV). "/" is the root group. Failure: -1 and errno. ENOENT: no such group; EOPNOTSUPP:
 * no hierarchy here has that controller; ENODEV: the group was removed meanwhile. Nothing waits for
 * an RCU grace period, save cgroup_move.
 */
#ifndef LIB_CGROUP_H
#define LIB_CGROUP_H

#include <sys/types.h>

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/str.h"

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_CPUACCT,
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_IO, /* v1 calls it blkio */
	CGROUP_PIDS,
	CGROUP_HUGETLB,
	CGROUP_RDMA,
	CGROUP_MISC,
	CGROUP_DMEM,
	CGROUP_DEVICES,
	CGROUP_FREEZER,
	CGROUP_NET_CLS,
	CGROUP_NET_PRIO,
	CGROUP_PERF_EVENT,
	CGROUP_CONTROLLERS,
	CGROUP_CORE = CGROUP_CONTROLLERS /* cgroup.* files of the unified hierarchy */
};

enum { CGROUP_HIERARCHIES = 16 };

struct cgroup_hierarchy {
	int dirfd;	      /* where it is mounted */
	bool unified;	      /* v2 */
	unsigned controllers; /* 1 << enum cgroup_controller */
	char name[64]; /* its directory: "cpu,cpuacct", "systemd"; "" when the root itself is v2 */
};

struct cgroup_layout {
	struct cgroup_hierarchy at[CGROUP_HIERARCHIES];
	int n;
	int unified; /* index of the v2 hierarchy, or -1 */
};

struct cgroup {
	const struct cgroup_layout *layout; /* borrowed */
	char *path;			    /* no leading slash; "" is the root group */
	int dirfd[CGROUP_HIERARCHIES];	    /* by index in layout->at; -1: not in that hierarchy */
};

#define CGROUP_NONE \
	{ \
		.path = NULL \
	}
#define _cgroup_ __attribute__((cleanup(cgroup_close)))

/* Find the hierarchies below ROOT; NULL means $LASH_CGROUP, else /sys/fs/cgroup. Only cgroup file
 * systems count, except below $LASH_CGROUP, which may be a plain directory tree. ENOENT when there
 * is none. Close it in the end. */
int cgroup_layout_open(struct cgroup_layout *l, const char *root);
void cgroup_layout_close(struct cgroup_layout *l);
/* Only v2 is mounted. */
bool cgroup_is_unified(const struct cgroup_layout *l);
/* The hierarchy with controller C, or -1 and EOPNOTSUPP. On v2 what needs no controller (CORE,
 * CPUACCT, DEVICES, FREEZER, PERF_EVENT) is there; a v1 hierarchy that has it comes first. */
int cgroup_hierarchy_of(const struct cgroup_layout *l, enum cgroup_controller c);
/* v2's spelling; cgroup_controller_of takes either, and returns -1 for an unknown name. */
const char *cgroup_controller_name(enum cgroup_controller c);
int cgroup_controller_of(const char *name, size_t len);
/* Is this file of a group a limit? Not those that move, or end, processes, or change other groups.
 */
bool cgroup_is_limit(const char *key);
/* Path of process PID (0: the caller) in hierarchy H; malloc'd, or NULL and errno. */
char *cgroup_path_of_pid(const struct cgroup_layout *l, int h, pid_t pid);

/* Open an existing group, wherever it exists. ENOENT when nowhere. */
int cgroup_open(struct cgroup *g, const struct cgroup_layout *l, const char *path);
/* The same, only where one of CONTROLLERS (1 << enum cgroup_controller) is: for a look at it. */
int cgroup_open_for(struct cgroup *g, const struct cgroup_layout *l, const char *path,
		    unsigned controllers);
/* Open the groups process PID is in (its path may differ by hierarchy; g->path is the unified one,
 * else the first). */
int cgroup_open_pid(struct cgroup *g, const struct cgroup_layout *l, pid_t pid);
/* Make the group and its parents in every hierarchy, controllers enabled on the way (v2), cpuset
 * filled (v1). An existing one is opened; with EXCLUSIVE it is EEXIST. What was made is removed
 * again on failure. */
int cgroup_create(struct cgroup *g, const struct cgroup_layout *l, const char *path,
		  bool exclusive);
/* The same, its v2 part a threaded group: threads of one process can be spread over those, and only
 * CPUs, their sets, PIDs and events are controlled there. EOPNOTSUPP: the group above hands down
 * other controllers. What is made below a threaded group is threaded anyway. */
int cgroup_create_threaded(struct cgroup *g, const struct cgroup_layout *l, const char *path,
			   bool exclusive);
void cgroup_close(struct cgroup *g);
/* Add the names, sorted, each once, of the groups right below G in HIERARCHIES (1 << index in
 * layout->at; ~0u: all). */
int cgroup_children(const struct cgroup *g, unsigned hierarchies, struct strv *names);
/* rmdir the group and all groups below it in every hierarchy. While processes are in it EBUSY is
 * retried for TIMEOUT_MS. A group that is nowhere counts as removed; the root group is EINVAL. */
int cgroup_remove(const struct cgroup_layout *l, const char *path, int timeout_ms);
/* The same, killing whoever is in it, also those that join meanwhile, for TIMEOUT_MS. */
int cgroup_destroy(const struct cgroup_layout *l, const char *path, int timeout_ms);
/* Give a v2 group to UID:GID: the directory and the files of /sys/kernel/cgroup/delegate. v1 parts
 * are left alone. */
int cgroup_delegate(const struct cgroup *g, uid_t uid, gid_t gid);

/* The directory of the hierarchy that has C, or -1: EOPNOTSUPP no hierarchy, ENOENT the group is
 * not in it. */
int cgroup_dirfd(const struct cgroup *g, enum cgroup_controller c);
/* True when controller C is on v2 for this group. */
bool cgroup_on_v2(const struct cgroup *g, enum cgroup_controller c);
/* Write VALUE to FILE (one component) in one write. */
int cgroup_write(int dirfd, const char *file, const char *value);
/* Append the contents (at most 32 MiB) to OUT, a last newline cut off. */
int cgroup_read(int dirfd, const char *file, struct buf *out);
/* A file that holds one number; "max" is UINT64_MAX. */
int cgroup_read_u64(int dirfd, const char *file, uint64_t *out);
/* The number behind KEY in a "key value" file; ENODATA when there is no such key. */
int cgroup_read_key(int dirfd, const char *file, const char *key, uint64_t *out);

/* What a child needs to be in the group: pass v2_dirfd to clone3 as cgroup (CLONE_INTO_CGROUP) when
 * it is not -1, then, in the child, while single-threaded, cgroup_join_tasks. EBUSY from clone3:
 * the group has become internal; EOPNOTSUPP: threaded. Afterwards ask
 * cgroup_killed_at_birth. */
struct cgroup_join {
	int v2_dirfd; /* borrowed from the group */
	int tasksfd[CGROUP_HIERARCHIES];
	int n; /* of tasksfd */
};

int cgroup_join_open(struct cgroup_join *j, const struct cgroup *g);
/* Move the calling thread through every v1 `tasks` file. Async-signal-safe; no grace period. */
int cgroup_join_tasks(const struct cgroup_join *j);
void cgroup_join_close(struct cgroup_join *j);
/* Linux since 6.14 (seen on 6.18) compares how often cgroup.kill was used on the caller's group and
 * on the one a child is born in, and kills the child before its first instruction when they differ.
 * Right after clone3 of a child that waits for us before it ends: was that so? Then reap it, clone
 * without the group, and let the child cgroup_move(g, 0) itself before all else. */
bool cgroup_killed_at_birth(pid_t child);
/* Move process PID (0: the caller) by cgroup.procs in every hierarchy: for what already runs. Up to
 * 12 ms. */
int cgroup_move(const struct cgroup *g, pid_t pid);
/* Move one thread, TID (0: the caller): into a v2 group only from one of the same threaded domain
 * (EOPNOTSUPP else). */
int cgroup_move_thread(const struct cgroup *g, pid_t tid);

/* Processes of the group. */
struct cgroup_pids {
	pid_t *pid; /* ascending, each once */
	size_t n, cap;
};

#define _cgroup_pids_ __attribute__((cleanup(cgroup_pids_free)))
/* List them, with those of groups below when RECURSIVE. Processes of another PID namespace are left
 * out. In a threaded group those are meant that have a thread there. */
int cgroup_procs(const struct cgroup *g, bool recursive, struct cgroup_pids *out);
void cgroup_pids_free(struct cgroup_pids *pids);
/* 1 when any process is in the group or below, 0 when none. */
int cgroup_is_populated(const struct cgroup *g);
/* Wait until not populated; ETIMEDOUT. */
int cgroup_wait_empty(const struct cgroup *g, int timeout_ms);

/* Freeze the group and those below; on failure (ETIMEDOUT) it is thawed again. Thawing is EBUSY
 * when a group above is frozen. */
int cgroup_freeze(const struct cgroup *g, int timeout_ms);
int cgroup_thaw(const struct cgroup *g, int timeout_ms);
/* 1 frozen (by itself or an ancestor), 0 not. A group on its way there counts as frozen. */
int cgroup_is_frozen(const struct cgroup *g);
/* Signal every process of the group and below. SIGKILL wins against forks and frozen groups; no
 * wait for the end. */
int cgroup_kill(const struct cgroup *g, int sig);
/* Processes the OOM killer took in the group so far. */
int cgroup_oom_kills(const struct cgroup *g, uint64_t *out);

#endif
