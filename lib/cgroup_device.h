/* cgroup_device.h - which device nodes a group's processes may use: v1 devices.allow/deny, v2 BPF.
 *
 * OCI rules are a list in which the last match wins. They are reduced to a set: allow all or deny
 * all, and exceptions to that. A rule that punches a hole into a wildcard exception cannot be had
 * on either version: EINVAL.
 */
#ifndef LIB_CGROUP_DEVICE_H
#define LIB_CGROUP_DEVICE_H

#include "lib/cgroup_res.h"

enum { DEVICE_READ = 1, DEVICE_WRITE = 2, DEVICE_MKNOD = 4, DEVICE_ALL = 7 };

struct device_exception {
	char type;	      /* 'b' or 'c' */
	int64_t major, minor; /* -1: any */
	unsigned access;
};

struct device_set {
	bool allow_all; /* what is no exception */
	struct device_exception *v;
	size_t n, cap;
};

#define _device_set_ __attribute__((cleanup(device_set_free)))

/* Apply rule R to the set. A set of zero bytes denies all. */
int device_set_rule(struct device_set *s, const struct cgroup_device_rule *r);
void device_set_free(struct device_set *s);
/* May a device be used? */
bool device_set_allows(const struct device_set *s, char type, int64_t major, int64_t minor,
		       unsigned access);
/* Read a v1 devices.list. */
int device_set_parse(struct device_set *s, const char *list);
/* What every container may have, to be appended to its rules: mknod of anything; null, zero, full,
 * random, urandom, tty, console, ptmx and pts in full. */
extern const struct cgroup_device_rule device_defaults[];
extern const size_t device_defaults_n;

/* Set rules on G: on v1 the fewest writes from the list it has now, so that running processes see
 * no gap; on v2 a program that replaces the ones there. */
int cgroup_set_devices(const struct cgroup *g, const struct cgroup_device_rule *rule, size_t n,
		       struct buf *why);

#endif
