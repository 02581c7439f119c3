/* cgroup_res.h - limits: OCI linux.resources as a struct, turned into writes to v1 and v2 files.
 *
 * The struct mirrors the JSON (same spelling; has_X is true when X was given); lib/resources.h
 * decodes it. A plan is the list of writes that a group's hierarchies need for it, in an order that
 * works; running a plan writes them, once more over those the kernel refused because another had to
 * come first. Failure: -1 and errno, with a phrase for die("%s", why) such as "write '4096' to
 * 'memory.max'" in WHY.
 */
#ifndef LIB_CGROUP_RES_H
#define LIB_CGROUP_RES_H

#include "lib/cgroup.h"

struct cgroup_device_rule {
	bool allow;
	char *type;	      /* "a", "b", "c"; NULL is "a" */
	int64_t major, minor; /* absent or -1: any */
	bool has_major, has_minor;
	char *access; /* of "rwm"; NULL is all */
};

struct cgroup_memory {
	int64_t limit, reservation, swap, kernel,
		kernelTCP; /* bytes; -1 is unlimited; swap is memory + swap */
	uint64_t swappiness;
	bool disableOOMKiller, useHierarchy, checkBeforeUpdate;
	bool has_limit, has_reservation, has_swap, has_kernel, has_kernelTCP;
	bool has_swappiness, has_disableOOMKiller, has_useHierarchy;
};

struct cgroup_cpu {
	uint64_t shares, burst, period, realtimePeriod;
	int64_t quota, realtimeRuntime, idle;
	char *cpus, *mems;
	bool has_shares, has_burst, has_period, has_realtimePeriod, has_quota, has_realtimeRuntime,
		has_idle;
};

struct cgroup_pids_limit {
	int64_t limit; /* below 0: unlimited; 0 counts as 1, as in runc */
	bool has_limit;
};

struct cgroup_weight_device {
	int64_t major, minor;
	uint64_t weight, leafWeight;
	bool has_weight, has_leafWeight;
};

struct cgroup_throttle_device {
	int64_t major, minor;
	uint64_t rate; /* 0: none */
};

struct cgroup_blockio {
	uint64_t weight, leafWeight;
	bool has_weight, has_leafWeight;
	struct cgroup_weight_device *weightDevice;
	struct cgroup_throttle_device *throttleReadBpsDevice, *throttleWriteBpsDevice;
	struct cgroup_throttle_device *throttleReadIOPSDevice, *throttleWriteIOPSDevice;
	size_t n_weightDevice, n_throttleReadBpsDevice, n_throttleWriteBpsDevice;
	size_t n_throttleReadIOPSDevice, n_throttleWriteIOPSDevice;
};

struct cgroup_hugepage {
	char *pageSize; /* "2MB" */
	uint64_t limit;
};

struct cgroup_rdma {
	char *device; /* the member's name */
	uint64_t hcaHandles, hcaObjects;
	bool has_hcaHandles, has_hcaObjects;
};

struct cgroup_priority {
	char *name;
	uint64_t priority;
};

struct cgroup_network {
	uint64_t classID;
	bool has_classID;
	struct cgroup_priority *priorities;
	size_t n_priorities;
};

struct cgroup_setting {
	char *key, *value; /* file = value; a value of several lines is written a line at a time */
};

struct cgroup_unified {
	struct cgroup_setting *v;
	size_t n;
};

struct cgroup_resources {
	struct cgroup_device_rule *devices;
	size_t n_devices;
	struct cgroup_memory *memory; /* NULL: not given, like all of these */
	struct cgroup_cpu *cpu;
	struct cgroup_pids_limit *pids;
	struct cgroup_blockio *blockIO;
	struct cgroup_hugepage *hugepageLimits;
	size_t n_hugepageLimits;
	struct cgroup_network *network;
	struct cgroup_rdma *rdma;
	size_t n_rdma;
	struct cgroup_unified unified;
};

/* One write to come. */
struct cgroup_step {
	enum cgroup_controller controller;
	char *file, *value;
	bool optional; /* a file that is not there is no failure */
};

struct cgroup_plan {
	struct cgroup_step *step;
	size_t n, cap;
};

#define _cgroup_plan_ __attribute__((cleanup(cgroup_plan_free)))

enum cgroup_apply_flags {
	CGROUP_NO_DEVICES = 1, /* leave the device rules as they are (update) */
	CGROUP_TRY_DEVICES = 2 /* not being permitted to set device rules is fine (rootless) */
};

/* Set everything R gives: plan it, run it, device rules last but one, `unified` last. */
int cgroup_apply(const struct cgroup *g, const struct cgroup_resources *r, unsigned flags,
		 struct buf *why);

/* Append the writes for R (all but devices) to PLAN. Values that cannot be had on this host's
 * version are EINVAL or EOPNOTSUPP. Reads current limits of G where a translation needs them. */
int cgroup_plan_resources(struct cgroup_plan *plan, const struct cgroup *g,
			  const struct cgroup_resources *r, struct buf *why);
/* Append the writes for v2-style words ("memory.max" = "64M"), translated where the controller is
 * on v1; names of v1 files are passed through where they exist. Sizes take K, M, G, T. */
int cgroup_plan_words(struct cgroup_plan *plan, const struct cgroup *g,
		      const struct cgroup_setting *word, size_t n, struct buf *why);
int cgroup_plan_run(const struct cgroup_plan *plan, const struct cgroup *g, struct buf *why);
/* Append to OLD what writes back the values that PLAN will change, as its files have them now; and
 * write it, all that can be: -1 and WHY name one that cannot. */
void cgroup_plan_save(struct cgroup_plan *old, const struct cgroup_plan *plan,
		      const struct cgroup *g);
int cgroup_plan_put_back(const struct cgroup_plan *old, const struct cgroup *g, struct buf *why);
void cgroup_plan_free(struct cgroup_plan *plan);
/* Append a step; FILE is copied, VALUE is made like printf's. Returns it, valid until the next. */
struct cgroup_step *cgroup_plan_add(struct cgroup_plan *plan, enum cgroup_controller c,
				    const char *file, const char *fmt, ...) _printf_(4, 5);

/* The reverse of a word: append the value of v2-style KEY as v2 would show it. */
int cgroup_get_word(const struct cgroup *g, const char *key, struct buf *out);

/* cpu.shares (2..262144) to cpu.weight (1..10000) and back; 1024 is 100. io weights 10..1000
 * to 1..10000 and back. */
uint64_t cgroup_shares_to_weight(uint64_t shares);
uint64_t cgroup_weight_to_shares(uint64_t weight);
uint64_t cgroup_blkio_to_io_weight(uint64_t weight);
uint64_t cgroup_io_to_blkio_weight(uint64_t weight);

#endif
