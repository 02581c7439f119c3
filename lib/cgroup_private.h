/* cgroup_private.h - what the cgroup*.c files share among themselves; no one else includes it. */
#ifndef LIB_CGROUP_PRIVATE_H
#define LIB_CGROUP_PRIVATE_H

#include "lib/cgroup.h"
#include "lib/str.h"

/* Controllers in a list separated by any byte of SEPS, as bits; unknown names are skipped. */
unsigned cgroup_controller_set(const char *list, const char *seps);
/* Open PATH below DIRFD (itself when empty) without leaving it or following anything. Returns an
 * O_PATH directory. */
int cgroup_open_dir(int dirfd, const char *path);
/* Append the names of the groups right below DIRFD. */
int cgroup_list_dirs(int dirfd, struct strv *names);
/* A path in its canonical form (no leading or trailing slash), malloc'd; NULL and EINVAL for a bad
 * one. */
char *cgroup_canonical(const char *path);

/* An empty handle for PATH. */
int cgroup_start(struct cgroup *g, const struct cgroup_layout *l, const char *path);

/* Call VISIT with (parent directory, name) for every group below DIRFD, deepest first. Holds two
 * descriptors however deep the tree. Groups that vanish on the way are skipped; a failing VISIT
 * stops the walk. */
typedef int cgroup_visit(int parentfd, const char *name, void *arg);
int cgroup_walk(int dirfd, cgroup_visit *visit, void *arg);

/* The number behind KEY in the text of a "key value" file; ENODATA. */
int cgroup_find_key(const char *text, const char *key, uint64_t *out);

/* Append the processes of hierarchy H, unsorted, to OUT. */
int cgroup_procs_in(const struct cgroup *g, int h, bool recursive, struct cgroup_pids *out);

/* Freeze by freezer.state in DIRFD, with the rewriting and thawing that takes. ETIMEDOUT leaves it
 * FREEZING. */
int cgroup_v1_freeze(int dirfd, int timeout_ms);

/* Waiting for a file to change: quick re-reads at first, since most changes take microseconds, then
 * longer naps. poll() is no use: the kernel notifies of cgroup.events at most every 10 ms. */
struct cgroup_wait {
	int64_t deadline_ms;
	int naps;
};

struct cgroup_wait cgroup_wait_start(int timeout_ms);
/* Sleep a little; -1 and ETIMEDOUT once the time is over. */
int cgroup_wait_nap(struct cgroup_wait *w);

#endif
