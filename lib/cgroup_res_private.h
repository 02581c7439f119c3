/* cgroup_res_private.h - the parts cgroup_plan.c puts together; no one else includes it. */
#ifndef LIB_CGROUP_RES_PRIVATE_H
#define LIB_CGROUP_RES_PRIVATE_H

#include "lib/cgroup_res.h"

/* All members but devices and unified. */
int cgroup_plan_limits(struct cgroup_plan *plan, const struct cgroup *g,
		       const struct cgroup_resources *r, struct buf *why);
int cgroup_plan_memory(struct cgroup_plan *plan, const struct cgroup *g,
		       const struct cgroup_memory *m, struct buf *why);
int cgroup_plan_cpu(struct cgroup_plan *plan, const struct cgroup *g, const struct cgroup_cpu *c,
		    struct buf *why);
int cgroup_plan_io(struct cgroup_plan *plan, const struct cgroup *g,
		   const struct cgroup_blockio *io, struct buf *why);
int cgroup_plan_unified(struct cgroup_plan *plan, const struct cgroup *g,
			const struct cgroup_unified *u, struct buf *why);

/* The controller a file's name starts with; -1 and EINVAL when there is none. */
int cgroup_controller_of_key(const char *key);
/* One step a line of LINES. */
void cgroup_plan_lines(struct cgroup_plan *plan, enum cgroup_controller c, const char *file,
		       const char *lines);
/* What io.max and blkio call the same throttle. */
struct cgroup_throttle {
	const char *key, *v1_file;
};

extern const struct cgroup_throttle cgroup_throttles[];
extern const size_t cgroup_throttles_n;

/* v1 shows "no limit" as the highest multiple of the page size. */
#define V1_UNLIMITED ((uint64_t)INT64_MAX - 65535)
/* The limits of v1's memory and, beyond it, swap; -1 is none. */
int cgroup_v1_limits(const struct cgroup *g, int64_t *limit, int64_t *swap);

/* Does the group have FILE of controller C? */
bool cgroup_has_file(const struct cgroup *g, enum cgroup_controller c, const char *file);
/* A limit as both versions write it. */
#define LIMIT_MAX 24
const char *cgroup_limit_text(char out[LIMIT_MAX], int64_t limit, const char *unlimited);
/* Fail with errno ERR and a phrase in WHY. */
int cgroup_refuse(struct buf *why, int err, const char *fmt, ...) _printf_(3, 4);

#endif
