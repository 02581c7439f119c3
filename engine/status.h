/* status.h - what a container is doing, asked of the kernel.
 *
 * Running means that there are processes in its control group. Nothing of this is stored; what is
 * recorded are only facts of the past: the shim's exit.json, kept in the container's directory when
 * the run was cleaned up after. Without one, a shim's directory says that the run was cut short
 * (255); without that, it never began.
 */
#ifndef ENGINE_STATUS_H
#define ENGINE_STATUS_H

#include "engine/stamp.h"
#include "lib/base.h"
#include "lib/cgroup.h"

enum status { STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_EXITED };

struct state {
	enum status status;
	int pid;       /* first process, 0 when there is none */
	int exit_code; /* of the last run */
	bool oom;
	char *started_at, *finished_at; /* RFC 3339, or NULL */
};

/* Look at container ID whose directory is DIRFD. L is the layout to look in, or NULL when the host
 * has none. */
void state_read(struct state *s, const struct cgroup_layout *l, const char *id, int dirfd);
void state_free(struct state *s);
/* "created", "running", "paused", "exited" */
const char *status_name(enum status s);

#endif
