/* state.h - one container on disk: ROOT/ID, which is a directory, a lock and state.json.
 *
 * The record says what was wanted (bundle, cgroup, pid and its start time); the kernel says what
 * is, so status is asked for, never stored. state.json has the keys that readers of
 * opencontainers/runc's file look for. Who changes a container locks its directory (flock, dropped
 * by the kernel with the process). Who only looks, or signals, takes no lock, as the record is
 * replaced by rename: a verb that hangs in a hook keeps nobody from seeing or killing it. Functions
 * named x* report and exit; the others return -1 and errno.
 */
#ifndef RUNC_STATE_H
#define RUNC_STATE_H

#include <sys/types.h>

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/decode.h"
#include "lib/spec.h"

enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };

struct container {
	char *id;
	int dirfd; /* ROOT/ID; holds the lock */

	/* state.json */
	char *bundle, *rootfs;	 /* absolute */
	char *created, *started; /* RFC 3339 with nanoseconds; started: NULL before */
	char *cgroup; /* path in every hierarchy, without leading slash; NULL: cgroups are not
			 managed */
	char *unit;   /* SLICE:PREFIX:NAME where systemd made the cgroup, else NULL */
	char *rdt;    /* group in resctrl, "" the default one; NULL: none */
	bool rdt_made, rdt_monitor; /* the group is ours to remove; a monitoring group is */
	char *ociVersion;
	struct decode_map annotations;
	struct decode_map cgroup_paths; /* by controller, "" on v2: for others to read */
	bool rootless;
	bool no_poststop;    /* config.json has no such hooks: deleting need not read it again */
	int64_t creator_pid; /* who runs create, until init exists */
	uint64_t creator_start;
	int64_t init_process_pid;    /* 0 while there is none */
	uint64_t init_process_start; /* ticks since boot, see proc.h */
};

#define CONTAINER_NONE \
	{ \
		.dirfd = -1 \
	}
#define _container_ __attribute__((cleanup(container_free)))

/* The start fifo in ROOT/ID, there between create and start; and the copy of the bundle's
 * config.json. */
#define CONTAINER_FIFO "exec.fifo"
#define CONTAINER_CONFIG "config.json"

/* Make ROOT/ID (and ROOT), locked exclusively. EEXIST: taken. */
_check_ int container_make(struct container *c, const char *root, const char *id);
/* Open ROOT/ID, LOCKED or not (waiting), and read state.json. ENOENT: no such container. EINVAL:
 * the record is broken; then c->dirfd is open, c->id set, and the rest empty, so that delete can go
 * on.
 */
_check_ int container_load(struct container *c, const char *root, const char *id, bool locked);
/* Write state.json, by rename. */
_check_ int container_save(const struct container *c);
/* Give the lock back, keeping the directory open: for waiting. container_lock takes it again;
 * ENOENT: the container was deleted meanwhile, and what has its name now is another. */
void container_unlock(const struct container *c);
_check_ int container_lock(const struct container *c);
void container_free(struct container *c);

/* container_load for the container the user named; says "container does not exist" and exits. */
void xcontainer_load(struct container *c, const char *id, bool locked);

/* The time as state.json has it, malloc'd. */
char *state_now(void);

enum status container_status(const struct container *c);
const char *status_name(enum status s);
/* A pidfd of init, start time verified; -1 with ESRCH when it is gone. Caller closes. */
_check_ int container_pidfd(const struct container *c);
/* The copy of config.json made at create. */
_check_ int container_spec(const struct container *c, struct spec *out, char why[DECODE_WHY_MAX]);
/* The same, for a verb that cannot do without; says what is wrong with it and exits. */
void xcontainer_spec(const struct container *c, struct spec *out);

/* Write config.json, as SPEC->json is now; exits when it cannot. */
void container_save_spec(const struct container *c, const struct spec *spec);

/* The state object of the specification, as `state` prints it (with rootfs, created, owner when
 * FULL) and hooks read it on stdin (when not). Appended to OUT, INDENT spaces a level. */
void container_emit(const struct container *c, enum status status, bool full, unsigned int indent,
		    struct buf *out);

#endif
