/* cgroup_device_private.h - the two ways to enforce a device set; only cgroup_device*.c include it.
 */
#ifndef LIB_CGROUP_DEVICE_PRIVATE_H
#define LIB_CGROUP_DEVICE_PRIVATE_H

#include <linux/bpf.h>

#include "lib/cgroup_device.h"

/* v1: the fewest writes from what devices.list says to WANT. */
int device_v1_set(int dirfd, const struct device_set *want, struct buf *why);

/* v2: the set as a BPF_PROG_TYPE_CGROUP_DEVICE program. */
struct device_program {
	struct bpf_insn *insn;
	size_t n, cap;
};

#define _device_program_ __attribute__((cleanup(device_program_free)))

void device_program_make(struct device_program *p, const struct device_set *s);
void device_program_free(struct device_program *p);
/* Load it; returns its descriptor. */
int device_program_load(const struct device_program *p);
/* Make program PROGFD the one device program attached to the group, the old ones going last. */
int device_program_attach(int cgroup_dirfd, int progfd);

#endif
