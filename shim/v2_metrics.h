/* v2_metrics.h - a group's counters as containerd's metrics.
 *
 * The two messages differ as the two kinds of control groups do, and so do their files: a table
 * says which line of which file is which field.
 */
#ifndef SHIM_V2_METRICS_H
#define SHIM_V2_METRICS_H

#include "lib/cgroup.h"
#include "shim/v2_proto.h"

#define METRICS_V1 "io.containerd.cgroups.v1.Metrics"
#define METRICS_V2 "io.containerd.cgroups.v2.Metrics"

/* Append the encoded message to OUT. What the host does not count is left out. */
void metrics_v1(const struct cgroup *g, struct buf *out);
void metrics_v2(const struct cgroup *g, struct buf *out);

/* What both read. A "KEY VALUE" line's key and the uint64_t it goes to. */
struct counter {
	const char *key;
	size_t offset;
};

/* Every line of FILE whose key is in TABLE (ends with a NULL key). Returns whether there was FILE.
 */
bool metrics_lines(int dirfd, const char *file, const struct counter *table, void *out);
/* A file that holds one number; what is not there leaves 0. */
void metrics_number(int dirfd, const char *file, uint64_t *out);
/* 8:16 at the beginning of a line. Returns what follows, or NULL. */
const char *metrics_device(const char *line, uint64_t *major, uint64_t *minor);
/* CALL with each page size of the host that hugetlb counts ("2MB"). */
void metrics_pages(int dirfd, const char *suffix,
		   void (*call)(void *arg, int dirfd, const char *size), void *arg);

#endif
