#include <linux/sched.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/syscall.h>

#include "lib/die.h"
#include "lib/num.h"
#include "lib/str.h"
#include "runc/launch.h"

enum { IOPRIO_WHO_PGRP = 2, IOPRIO_CLASS_SHIFT = 13, NODES_MAX = 1024, CPUS_MAX = 8192 };

/* The kernel's; its header and the C library's cannot be included together. */
struct sched_attr_v0 {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

struct flag {
	const char *name;
	uint64_t value;
};

static const struct flag sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ NULL, 0 },
};

static const struct flag memory_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
	{ NULL, 0 },
};

static uint64_t read_flags(const char *member, char *const *names, const struct flag *table)
{
	uint64_t flags = 0;

	for (; names && *names; names++) {
		const struct flag *f = table;

		while (f->name && !str_eq(f->name, *names))
			f++;
		if (!f->name)
			diex("%s: unknown flag '%s'", member, *names);
		flags |= f->value;
	}
	return flags;
}

static void set_scheduler(const struct spec_scheduler *s)
{
	struct sched_attr_v0 attr = {
		.size = sizeof(attr),
		.policy = (uint32_t)s->policy,
		.flags = read_flags("process.scheduler.flags", s->flags, sched_flags),
		.nice = (int32_t)s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};

	if (!syscall(SYS_sched_setattr, 0, &attr, 0))
		return;
	if (errno == EPERM && s->policy == SCHED_DEADLINE)
		diex("set process.scheduler: Operation not permitted (SCHED_DEADLINE needs all "
		     "CPUs: "
		     "no cpuset, no affinity)");
	die("set process.scheduler");
}

/* Bits of "0-3,7". */
static void read_list(const char *member, const char *list, unsigned long *bits, size_t max)
{
	_strv_ struct strv ranges = { 0 };

	strv_split(&ranges, list, ',');
	for (size_t i = 0; *list && i < ranges.n; i++) {
		char *dash = strchr(ranges.v[i], '-');
		uint64_t low, high;

		if (dash)
			*dash = '\0';
		if (num_u64(ranges.v[i], max - 1, &low) ||
		    num_u64(dash ? dash + 1 : ranges.v[i], max - 1, &high) || low > high)
			diex("%s: bad list '%s'", member, list);
		for (; low <= high; low++)
			bits[low / (8 * sizeof(long))] |= 1UL << low % (8 * sizeof(long));
	}
}

static void set_memory_policy(const struct spec_memory_policy *p)
{
	unsigned long nodes[NODES_MAX / (8 * sizeof(long))] = { 0 };
	uint64_t flags = read_flags("linux.memoryPolicy.flags", p->flags, memory_flags);
	bool given = p->nodes && *p->nodes;

	if (given)
		read_list("linux.memoryPolicy.nodes", p->nodes, nodes, NODES_MAX);
	/* The kernel's count includes one bit more than it uses. */
	if (syscall(SYS_set_mempolicy, p->mode | (int)flags, given ? nodes : NULL,
		    given ? NODES_MAX + 1 : 0))
		die("set linux.memoryPolicy");
}

/* exec's own choice of CPUs, until the final one. */
void sched_start(const struct launch *l)
{
	const struct spec_affinity *a = l->process->execCPUAffinity;
	unsigned long cpus[CPUS_MAX / (8 * sizeof(long))] = { 0 };

	if (!l->exec || !a || !a->initial || !*a->initial)
		return;
	read_list("process.execCPUAffinity.initial", a->initial, cpus, CPUS_MAX);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(cpus), cpus))
		die("set process.execCPUAffinity.initial");
}

/* A pinned caller (systemd's CPUAffinity, kubelet) must not pin the container: its cpuset limits it
 * anyway. */
static void set_affinity(const struct launch *l)
{
	const struct spec_affinity *a = l->process->execCPUAffinity;
	unsigned long cpus[CPUS_MAX / (8 * sizeof(long))];

	memset(cpus, -1, sizeof(cpus));
	if (l->exec && a && a->final && *a->final) {
		memset(cpus, 0, sizeof(cpus));
		read_list("process.execCPUAffinity.final", a->final, cpus, CPUS_MAX);
	}
	if (syscall(SYS_sched_setaffinity, 0, sizeof(cpus), cpus) && l->exec && a)
		die("set process.execCPUAffinity.final");
}

void sched_apply(const struct launch *l)
{
	const struct spec_process *p = l->process;
	const struct spec_linux *lx = l->spec->linux_;

	set_affinity(l);
	if (p->scheduler)
		set_scheduler(p->scheduler);
	if (p->ioPriority &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, 0,
		    p->ioPriority->class << IOPRIO_CLASS_SHIFT | (int)p->ioPriority->priority))
		die("set process.ioPriority");
	if (lx->personality && personality((unsigned long)lx->personality->domain) < 0)
		die("set linux.personality");
	if (lx->memoryPolicy)
		set_memory_policy(lx->memoryPolicy);
}
