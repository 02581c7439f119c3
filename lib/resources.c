#include "lib/resources.h"

/* `unified` is a map to the decoder and a list of settings to cgroup_res.h, which knows no JSON. */
_Static_assert(sizeof(struct cgroup_unified) == sizeof(struct decode_map) &&
		       offsetof(struct cgroup_unified, n) == offsetof(struct decode_map, n) &&
		       sizeof(struct cgroup_setting) == sizeof(struct decode_map_entry) &&
		       offsetof(struct cgroup_setting, value) ==
			       offsetof(struct decode_map_entry, value),
	       "settings and map entries are laid out alike");

static const struct field device_fields[] = {
	BOOL(struct cgroup_device_rule, allow),
	STR(struct cgroup_device_rule, type, 0),
	I64_HAS(struct cgroup_device_rule, major, has_major),
	I64_HAS(struct cgroup_device_rule, minor, has_minor),
	STR(struct cgroup_device_rule, access, 0),
	END,
};
static const struct schema device = { sizeof(struct cgroup_device_rule), device_fields };

static const struct field memory_fields[] = {
	I64_HAS(struct cgroup_memory, limit, has_limit),
	I64_HAS(struct cgroup_memory, reservation, has_reservation),
	I64_HAS(struct cgroup_memory, swap, has_swap),
	I64_HAS(struct cgroup_memory, kernel, has_kernel),
	I64_HAS(struct cgroup_memory, kernelTCP, has_kernelTCP),
	U64_HAS(struct cgroup_memory, swappiness, has_swappiness),
	BOOL_HAS(struct cgroup_memory, disableOOMKiller, has_disableOOMKiller),
	BOOL_HAS(struct cgroup_memory, useHierarchy, has_useHierarchy),
	BOOL(struct cgroup_memory, checkBeforeUpdate),
	END,
};
static const struct schema memory = { sizeof(struct cgroup_memory), memory_fields };

static const struct field cpu_fields[] = {
	U64_HAS(struct cgroup_cpu, shares, has_shares),
	I64_HAS(struct cgroup_cpu, quota, has_quota),
	U64_HAS(struct cgroup_cpu, burst, has_burst),
	U64_HAS(struct cgroup_cpu, period, has_period),
	I64_HAS(struct cgroup_cpu, realtimeRuntime, has_realtimeRuntime),
	U64_HAS(struct cgroup_cpu, realtimePeriod, has_realtimePeriod),
	I64_HAS(struct cgroup_cpu, idle, has_idle),
	STR(struct cgroup_cpu, cpus, 0),
	STR(struct cgroup_cpu, mems, 0),
	END,
};
static const struct schema cpu = { sizeof(struct cgroup_cpu), cpu_fields };

static const struct field pids_fields[] = {
	I64_HAS(struct cgroup_pids_limit, limit, has_limit),
	END,
};
static const struct schema pids = { sizeof(struct cgroup_pids_limit), pids_fields };

static const struct field weight_fields[] = {
	I64(struct cgroup_weight_device, major, REQUIRED),
	I64(struct cgroup_weight_device, minor, REQUIRED),
	U64_HAS(struct cgroup_weight_device, weight, has_weight),
	U64_HAS(struct cgroup_weight_device, leafWeight, has_leafWeight),
	END,
};
static const struct schema weight = { sizeof(struct cgroup_weight_device), weight_fields };

static const struct field throttle_fields[] = {
	I64(struct cgroup_throttle_device, major, REQUIRED),
	I64(struct cgroup_throttle_device, minor, REQUIRED),
	U64(struct cgroup_throttle_device, rate, REQUIRED),
	END,
};
static const struct schema throttle = { sizeof(struct cgroup_throttle_device), throttle_fields };

#define THROTTLE(f) LIST(struct cgroup_blockio, f, n_##f, &throttle, 0)

static const struct field blockio_fields[] = {
	U64_HAS(struct cgroup_blockio, weight, has_weight),
	U64_HAS(struct cgroup_blockio, leafWeight, has_leafWeight),
	LIST(struct cgroup_blockio, weightDevice, n_weightDevice, &weight, 0),
	THROTTLE(throttleReadBpsDevice),
	THROTTLE(throttleWriteBpsDevice),
	THROTTLE(throttleReadIOPSDevice),
	THROTTLE(throttleWriteIOPSDevice),
	END,
};
static const struct schema blockio = { sizeof(struct cgroup_blockio), blockio_fields };

static const struct field hugepage_fields[] = {
	STR(struct cgroup_hugepage, pageSize, REQUIRED | NONEMPTY),
	U64(struct cgroup_hugepage, limit, REQUIRED),
	END,
};
static const struct schema hugepage = { sizeof(struct cgroup_hugepage), hugepage_fields };

static const struct field priority_fields[] = {
	STR(struct cgroup_priority, name, REQUIRED | NONEMPTY),
	U64(struct cgroup_priority, priority, REQUIRED),
	END,
};
static const struct schema priority = { sizeof(struct cgroup_priority), priority_fields };

static const struct field network_fields[] = {
	U64_HAS(struct cgroup_network, classID, has_classID),
	LIST(struct cgroup_network, priorities, n_priorities, &priority, 0),
	END,
};
static const struct schema network = { sizeof(struct cgroup_network), network_fields };

static const struct field rdma_fields[] = {
	U64_HAS(struct cgroup_rdma, hcaHandles, has_hcaHandles),
	U64_HAS(struct cgroup_rdma, hcaObjects, has_hcaObjects),
	END,
};
static const struct schema rdma = { sizeof(struct cgroup_rdma), rdma_fields };

static const struct field resources_fields[] = {
	LIST(struct cgroup_resources, devices, n_devices, &device, 0),
	OBJ(struct cgroup_resources, memory, &memory, 0),
	OBJ(struct cgroup_resources, cpu, &cpu, 0),
	OBJ(struct cgroup_resources, pids, &pids, 0),
	OBJ(struct cgroup_resources, blockIO, &blockio, 0),
	LIST(struct cgroup_resources, hugepageLimits, n_hugepageLimits, &hugepage, 0),
	OBJ(struct cgroup_resources, network, &network, 0),
	KEYED(struct cgroup_resources, rdma, n_rdma, &rdma, 0),
	MAP(struct cgroup_resources, unified, 0),
	END,
};
const struct schema resources_schema = { sizeof(struct cgroup_resources), resources_fields };
