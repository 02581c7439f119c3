#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "lib/io.h"
#include "lib/mem.h"
#include "lib/ns.h"
#include "lib/spec.h"
#include "lib/str.h"

/* From linux/ioprio.h and newer linux/mempolicy.h, which Debian 12 lacks in part. */
enum { IO_CLASS_RT = 1, IO_CLASS_BE, IO_CLASS_IDLE };
enum { POLICY_PREFERRED_MANY = 5, POLICY_WEIGHTED_INTERLEAVE = 6, POLICY_ISO = 4 };

static const struct decode_name rlimit_names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ NULL, 0 },
};

static const struct decode_name scheduler_names[] = {
	{ "SCHED_OTHER", SCHED_OTHER }, { "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", POLICY_ISO },	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", 6 },	{ NULL, 0 },
};

static const struct decode_name io_class_names[] = {
	{ "IOPRIO_CLASS_RT", IO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IO_CLASS_IDLE },
	{ NULL, 0 },
};

static const struct decode_name domain_names[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ NULL, 0 },
};

static const struct decode_name memory_policy_names[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ "MPOL_PREFERRED_MANY", POLICY_PREFERRED_MANY },
	{ "MPOL_WEIGHTED_INTERLEAVE", POLICY_WEIGHTED_INTERLEAVE },
	{ NULL, 0 },
};

static const struct decode_name namespace_names[] = {
	{ "pid", CLONE_NEWPID },       { "network", CLONE_NEWNET }, { "mount", CLONE_NEWNS },
	{ "ipc", CLONE_NEWIPC },       { "uts", CLONE_NEWUTS },	    { "user", CLONE_NEWUSER },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },   { NULL, 0 },
};

/* process */

static const struct field user_fields[] = {
	U32(struct spec_user, uid, 0),
	U32(struct spec_user, gid, 0),
	U32_HAS(struct spec_user, umask, has_umask),
	U32V(struct spec_user, additionalGids, n_additionalGids, 0),
	END,
};
static const struct schema user_schema = { sizeof(struct spec_user), user_fields };

static const struct field capabilities_fields[] = {
	STRV(struct spec_capabilities, bounding, 0),
	STRV(struct spec_capabilities, effective, 0),
	STRV(struct spec_capabilities, inheritable, 0),
	STRV(struct spec_capabilities, permitted, 0),
	STRV(struct spec_capabilities, ambient, 0),
	END,
};
static const struct schema capabilities_schema = { sizeof(struct spec_capabilities),
						   capabilities_fields };

static const struct field rlimit_fields[] = {
	ENUM(struct spec_rlimit, type, rlimit_names, REQUIRED),
	U64(struct spec_rlimit, soft, REQUIRED),
	U64(struct spec_rlimit, hard, REQUIRED),
	END,
};
static const struct schema rlimit_schema = { sizeof(struct spec_rlimit), rlimit_fields };

static const struct field size_fields[] = {
	U32(struct spec_size, height, 0),
	U32(struct spec_size, width, 0),
	END,
};
static const struct schema size_schema = { sizeof(struct spec_size), size_fields };

static const struct field scheduler_fields[] = {
	ENUM(struct spec_scheduler, policy, scheduler_names, REQUIRED),
	I64(struct spec_scheduler, nice, 0),
	I64(struct spec_scheduler, priority, 0),
	STRV(struct spec_scheduler, flags, 0),
	U64(struct spec_scheduler, runtime, 0),
	U64(struct spec_scheduler, deadline, 0),
	U64(struct spec_scheduler, period, 0),
	END,
};
static const struct schema scheduler_schema = { sizeof(struct spec_scheduler), scheduler_fields };

static const struct field io_priority_fields[] = {
	ENUM(struct spec_io_priority, class, io_class_names, REQUIRED),
	I64(struct spec_io_priority, priority, 0),
	END,
};
static const struct schema io_priority_schema = { sizeof(struct spec_io_priority),
						  io_priority_fields };

static const struct field affinity_fields[] = {
	STR(struct spec_affinity, initial, 0),
	STR(struct spec_affinity, final, 0),
	END,
};
static const struct schema affinity_schema = { sizeof(struct spec_affinity), affinity_fields };

static const struct field process_fields[] = {
	BOOL(struct spec_process, terminal),
	BOOL(struct spec_process, noNewPrivileges),
	OBJ(struct spec_process, consoleSize, &size_schema, 0),
	OBJ(struct spec_process, user, &user_schema, 0),
	STRV(struct spec_process, args, 0),
	STRV(struct spec_process, env, 0),
	STR(struct spec_process, cwd, 0),
	STR(struct spec_process, apparmorProfile, 0),
	STR(struct spec_process, selinuxLabel, 0),
	OBJ(struct spec_process, capabilities, &capabilities_schema, 0),
	LIST(struct spec_process, rlimits, n_rlimits, &rlimit_schema, 0),
	I64_HAS(struct spec_process, oomScoreAdj, has_oomScoreAdj),
	OBJ(struct spec_process, scheduler, &scheduler_schema, 0),
	OBJ(struct spec_process, ioPriority, &io_priority_schema, 0),
	OBJ(struct spec_process, execCPUAffinity, &affinity_schema, 0),
	END,
};
const struct schema spec_process_schema = { sizeof(struct spec_process), process_fields };

/* root, mounts, hooks */

static const struct field root_fields[] = {
	STR(struct spec_root, path, REQUIRED | NONEMPTY),
	BOOL(struct spec_root, readonly),
	END,
};
static const struct schema root_schema = { sizeof(struct spec_root), root_fields };

static const struct field idmap_fields[] = {
	U32(struct spec_idmap, containerID, 0),
	U32(struct spec_idmap, hostID, 0),
	U32(struct spec_idmap, size, 0),
	END,
};
static const struct schema idmap_schema = { sizeof(struct spec_idmap), idmap_fields };

static const struct field mount_fields[] = {
	STR(struct spec_mount, destination, REQUIRED | NONEMPTY),
	STR(struct spec_mount, type, 0),
	STR(struct spec_mount, source, 0),
	STRV(struct spec_mount, options, 0),
	LIST(struct spec_mount, uidMappings, n_uidMappings, &idmap_schema, 0),
	LIST(struct spec_mount, gidMappings, n_gidMappings, &idmap_schema, 0),
	END,
};
static const struct schema mount_schema = { sizeof(struct spec_mount), mount_fields };

static const struct field hook_fields[] = {
	STR(struct spec_hook, path, REQUIRED | ABSPATH),
	STRV(struct spec_hook, args, 0),
	STRV(struct spec_hook, env, 0),
	I64(struct spec_hook, timeout, 0),
	END,
};
static const struct schema hook_schema = { sizeof(struct spec_hook), hook_fields };

#define HOOKS(which) \
	{ \
		.kind = D_LIST, .name = #which, .offset = offsetof(struct spec_hooks, which.v), \
		.aux = offsetof(struct spec_hooks, which.n), .schema = &hook_schema \
	}
static const struct field hooks_fields[] = {
	HOOKS(prestart),
	HOOKS(createRuntime),
	HOOKS(createContainer),
	HOOKS(startContainer),
	HOOKS(poststart),
	HOOKS(poststop),
	END,
};
static const struct schema hooks_schema = { sizeof(struct spec_hooks), hooks_fields };

/* linux */

static const struct field namespace_fields[] = {
	ENUM(struct spec_namespace, type, namespace_names, REQUIRED),
	STR(struct spec_namespace, path, 0),
	END,
};
static const struct schema namespace_schema = { sizeof(struct spec_namespace), namespace_fields };

static const struct field device_fields[] = {
	STR(struct spec_device, type, REQUIRED | NONEMPTY),
	STR(struct spec_device, path, REQUIRED | ABSPATH),
	I64(struct spec_device, major, 0),
	I64(struct spec_device, minor, 0),
	U32_HAS(struct spec_device, fileMode, has_fileMode),
	U32_HAS(struct spec_device, uid, has_uid),
	U32_HAS(struct spec_device, gid, has_gid),
	END,
};
static const struct schema device_schema = { sizeof(struct spec_device), device_fields };

static const struct field time_offset_fields[] = {
	I64(struct spec_time_offset, secs, 0),
	U32(struct spec_time_offset, nanosecs, 0),
	END,
};
static const struct schema time_offset_schema = { sizeof(struct spec_time_offset),
						  time_offset_fields };

static const struct field time_offsets_fields[] = {
	OBJ(struct spec_time_offsets, monotonic, &time_offset_schema, 0),
	OBJ(struct spec_time_offsets, boottime, &time_offset_schema, 0),
	END,
};
static const struct schema time_offsets_schema = { sizeof(struct spec_time_offsets),
						   time_offsets_fields };

static const struct field personality_fields[] = {
	ENUM(struct spec_personality, domain, domain_names, REQUIRED),
	STRV(struct spec_personality, flags, 0),
	END,
};
static const struct schema personality_schema = { sizeof(struct spec_personality),
						  personality_fields };

static const struct field memory_policy_fields[] = {
	ENUM(struct spec_memory_policy, mode, memory_policy_names, REQUIRED),
	STR(struct spec_memory_policy, nodes, 0),
	STRV(struct spec_memory_policy, flags, 0),
	END,
};
static const struct schema memory_policy_schema = { sizeof(struct spec_memory_policy),
						    memory_policy_fields };

static const struct field net_device_fields[] = {
	STR(struct spec_net_device, name, 0),
	END,
};
static const struct schema net_device_schema = { sizeof(struct spec_net_device),
						 net_device_fields };

static const struct field rdt_fields[] = {
	STR(struct spec_rdt, closID, 0),	 STR(struct spec_rdt, l3CacheSchema, 0),
	STR(struct spec_rdt, memBwSchema, 0),	 STRV(struct spec_rdt, schemata, 0),
	BOOL(struct spec_rdt, enableMonitoring), BOOL(struct spec_rdt, enableCMT),
	BOOL(struct spec_rdt, enableMBM),	 END,
};
static const struct schema rdt_schema = { sizeof(struct spec_rdt), rdt_fields };

static const struct field linux_fields[] = {
	LIST(struct spec_linux, namespaces, n_namespaces, &namespace_schema, 0),
	LIST(struct spec_linux, uidMappings, n_uidMappings, &idmap_schema, 0),
	LIST(struct spec_linux, gidMappings, n_gidMappings, &idmap_schema, 0),
	OBJ(struct spec_linux, timeOffsets, &time_offsets_schema, 0),
	LIST(struct spec_linux, devices, n_devices, &device_schema, 0),
	STR(struct spec_linux, cgroupsPath, 0),
	STR(struct spec_linux, rootfsPropagation, 0),
	STR(struct spec_linux, mountLabel, 0),
	STRV(struct spec_linux, maskedPaths, 0),
	STRV(struct spec_linux, readonlyPaths, 0),
	MAP(struct spec_linux, sysctl, 0),
	OBJ(struct spec_linux, personality, &personality_schema, 0),
	OBJ(struct spec_linux, memoryPolicy, &memory_policy_schema, 0),
	OBJ(struct spec_linux, intelRdt, &rdt_schema, 0),
	KEYED(struct spec_linux, netDevices, n_netDevices, &net_device_schema, 0),
	END,
};
static const struct schema linux_schema = { sizeof(struct spec_linux), linux_fields };

static const struct field spec_fields[] = {
	STR(struct spec, ociVersion, REQUIRED | NONEMPTY),
	STR(struct spec, hostname, 0),
	STR(struct spec, domainname, 0),
	OBJ(struct spec, root, &root_schema, REQUIRED),
	OBJ(struct spec, process, &spec_process_schema, 0),
	LIST(struct spec, mounts, n_mounts, &mount_schema, 0),
	OBJ(struct spec, hooks, &hooks_schema, 0),
	{ .kind = D_OBJ,
	  .name = "linux",
	  .offset = offsetof(struct spec, linux_),
	  .schema = &linux_schema },
	MAP(struct spec, annotations, 0),
	END,
};
static const struct schema spec_schema = { sizeof(struct spec), spec_fields };

const char *spec_rlimit_name(int type)
{
	const struct decode_name *n = rlimit_names;

	while (n->name && n->value != type)
		n++;
	return n->name ? n->name : "unknown";
}

int spec_parse(struct spec *out, const char *text, size_t len, char why[DECODE_WHY_MAX])
{
	struct json *tree = json_parse(text, len, JSON_LAST_WINS, why);

	*out = (struct spec){ 0 };
	return tree ? spec_decode(out, tree, why) : set_errno(EINVAL);
}

int spec_decode(struct spec *out, struct json *tree, char why[DECODE_WHY_MAX])
{
	*out = (struct spec){ .json = tree };
	if (decode(&spec_schema, out->json, "", out, why))
		return -1;
	/* Nothing asked for Linux's sake: everything is shared with the host. */
	if (!out->linux_)
		out->linux_ = xcalloc(1, sizeof(*out->linux_));
	return spec_check(out, why);
}

int spec_load(struct spec *out, int dirfd, const char *name, char why[DECODE_WHY_MAX])
{
	_buf_ struct buf text = { 0 };

	*why = '\0';
	*out = (struct spec){ 0 };
	if (file_read(dirfd, name, SPEC_MAX_BYTES, &text))
		return -1;
	return spec_parse(out, buf_str(&text), text.len, why);
}

void spec_free(struct spec *s)
{
	struct json *tree = s->json;

	decode_free(&spec_schema, s);
	json_free(tree);
}

int spec_parse_process(struct spec_process *out, const char *text, size_t len,
		       char why[DECODE_WHY_MAX])
{
	_json_ struct json *tree = json_parse(text, len, JSON_LAST_WINS, why);

	*out = (struct spec_process){ 0 };
	if (!tree)
		return set_errno(EINVAL);
	if (decode(&spec_process_schema, tree, "", out, why))
		return -1;
	return spec_check_process(out, why);
}

const struct spec_namespace *spec_namespace(const struct spec *s, int type)
{
	for (size_t i = 0; s->linux_ && i < s->linux_->n_namespaces; i++) {
		if (s->linux_->namespaces[i].type == type)
			return &s->linux_->namespaces[i];
	}
	return NULL;
}

bool spec_is_new(const struct spec *s, int type)
{
	const struct spec_namespace *ns = spec_namespace(s, type);

	return ns && (!ns->path || !*ns->path);
}
