/* stats.h - what a container uses, as opencontainers/runc's `events` tells it. */
#ifndef RUNC_STATS_H
#define RUNC_STATS_H

#include "lib/cgroup.h"
#include "lib/emit.h"
#include "runc/state.h"

/* The object KEY, with all the members runc's has; what this host does not count is left out or 0,
 * as there. */
void stats_emit(struct emit *e, const char *key, const struct container *c, const struct cgroup *g);
/* stats_io.c: the object "blkio". */
void stats_emit_blkio(struct emit *e, const struct cgroup *g);

/* A number in a file of DIRFD (-1: no such hierarchy), 0 when it cannot be had. */
uint64_t stats_number(int dirfd, const char *file);
/* Members that are left out when they are 0. */
void stats_emit_u64_if(struct emit *e, const char *key, uint64_t n);
/* Pressure of a v2 file, the object "psi"; nothing where the kernel has none. */
void stats_emit_psi(struct emit *e, int dirfd, const char *file);

#endif
