/* spec.h - config.json of the OCI runtime specification 1.3 (Linux) as structs.
 *
 * Fields are spelt as in the specification and owned by the struct they are in; what is absent is
 * NULL, 0 or false, with a has_ flag where the difference matters. Other platforms' members are
 * ignored, as are unknown ones. linux.seccomp and linux.resources are left in the tree (spec.json):
 * their owners decode them (json_find). Failure: -1, errno EINVAL, and a reason that starts with
 * the member: "mounts[3].destination: missing".
 */
#ifndef LIB_SPEC_H
#define LIB_SPEC_H

#include <sys/types.h>

#include "lib/base.h"
#include "lib/decode.h"
#include "lib/json.h"

#define SPEC_VERSION "1.3.0"
enum { SPEC_MAX_BYTES = 4 << 20 };

struct spec_user {
	uint32_t uid, gid, umask;
	bool has_umask;
	uint32_t *additionalGids;
	size_t n_additionalGids;
};

struct spec_capabilities {
	char **bounding, **effective, **inheritable, **permitted,
		**ambient; /* NULL: the set is empty */
};

struct spec_rlimit {
	int type; /* RLIMIT_* */
	uint64_t soft, hard;
};

struct spec_size {
	uint32_t height, width;
};

struct spec_scheduler {
	int policy; /* SCHED_* */
	int64_t nice, priority;
	char **flags;
	uint64_t runtime, deadline, period;
};

struct spec_io_priority {
	int class; /* 1 realtime, 2 best effort, 3 idle */
	int64_t priority;
};

struct spec_affinity {
	char *initial, *final; /* CPU lists */
};

struct spec_process {
	bool terminal, noNewPrivileges, has_oomScoreAdj;
	struct spec_size *consoleSize;
	struct spec_user *user;
	char **args, **env;
	char *cwd, *apparmorProfile, *selinuxLabel;
	struct spec_capabilities *capabilities; /* NULL: leave them alone */
	struct spec_rlimit *rlimits;
	size_t n_rlimits;
	int64_t oomScoreAdj;
	struct spec_scheduler *scheduler;
	struct spec_io_priority *ioPriority;
	struct spec_affinity *execCPUAffinity;
};

struct spec_root {
	char *path;
	bool readonly;
};

/* container id -> id of the parent namespace (or of the source file system, for mounts). */
struct spec_idmap {
	uint32_t containerID, hostID, size;
};

struct spec_mount {
	char *destination, *type, *source;
	char **options;
	struct spec_idmap *uidMappings, *gidMappings;
	size_t n_uidMappings, n_gidMappings;
};

struct spec_hook {
	char *path;
	char **args, **env;
	int64_t timeout; /* seconds; 0: none */
};

struct spec_hook_list {
	struct spec_hook *v;
	size_t n;
};

struct spec_hooks {
	struct spec_hook_list prestart, createRuntime, createContainer, startContainer, poststart,
		poststop;
};

struct spec_namespace {
	int type;   /* CLONE_NEW* */
	char *path; /* join this one; NULL: a new one */
};

struct spec_device {
	char *type, *path; /* type: c, b, u or p */
	int64_t major, minor;
	uint32_t fileMode, uid, gid;
	bool has_fileMode, has_uid, has_gid;
};

struct spec_time_offset {
	int64_t secs;
	uint32_t nanosecs;
};

struct spec_time_offsets {
	struct spec_time_offset *monotonic, *boottime;
};

struct spec_personality {
	int domain; /* PER_LINUX or PER_LINUX32 */
	char **flags;
};

struct spec_memory_policy {
	int mode; /* MPOL_* */
	char *nodes;
	char **flags;
};

/* A host's interface that moves into the container; name: what it is called there, NULL: the same.
 */
struct spec_net_device {
	char *host, *name;
};

struct spec_rdt {
	char *closID, *l3CacheSchema, *memBwSchema;
	char **schemata;
	bool enableMonitoring;
	bool enableCMT, enableMBM; /* before 1.3; either is enableMonitoring */
};

struct spec_linux {
	struct spec_namespace *namespaces;
	size_t n_namespaces;
	struct spec_idmap *uidMappings, *gidMappings;
	size_t n_uidMappings, n_gidMappings;
	struct spec_time_offsets *timeOffsets;
	struct spec_device *devices;
	size_t n_devices;
	char *cgroupsPath;
	char *rootfsPropagation, *mountLabel;
	char **maskedPaths, **readonlyPaths;
	struct decode_map sysctl;
	struct spec_personality *personality;
	struct spec_memory_policy *memoryPolicy;
	struct spec_rdt *intelRdt;
	struct spec_net_device *netDevices;
	size_t n_netDevices;
};

struct spec {
	char *ociVersion, *hostname, *domainname;
	struct spec_root *root;
	struct spec_process *process;
	struct spec_mount *mounts;
	size_t n_mounts;
	struct spec_hooks *hooks;
	struct spec_linux *linux_;
	struct decode_map annotations;
	struct json *json; /* the whole document */
};

#define _spec_ __attribute__((cleanup(spec_free)))

extern const struct schema spec_process_schema;

/* Decode TEXT and check what can be checked without the host: versions, required members,
 * duplicates, ranges. OUT is zeroed first; spec_free releases it, also after a failure. */
_check_ int spec_parse(struct spec *out, const char *text, size_t len, char why[DECODE_WHY_MAX]);
/* The same for a tree, which is OUT's from now on. */
_check_ int spec_decode(struct spec *out, struct json *tree, char why[DECODE_WHY_MAX]);
/* The same for a file below DIRFD, at most SPEC_MAX_BYTES. Failing to read it leaves WHY empty and
 * errno set. */
_check_ int spec_load(struct spec *out, int dirfd, const char *name, char why[DECODE_WHY_MAX]);
void spec_free(struct spec *s);

/* A process object alone (exec --process). Release with decode_free(&spec_process_schema, p). */
_check_ int spec_parse_process(struct spec_process *out, const char *text, size_t len,
			       char why[DECODE_WHY_MAX]);
/* What spec_parse and spec_parse_process check after decoding (spec_check.c). */
_check_ int spec_check(const struct spec *s, char why[DECODE_WHY_MAX]);
_check_ int spec_check_process(const struct spec_process *p, char why[DECODE_WHY_MAX]);

/* The namespace entry of a type, or NULL when the container shares the runtime's. */
const struct spec_namespace *spec_namespace(const struct spec *s, int type);
/* True when that namespace is a new one, made for this container. */
bool spec_is_new(const struct spec *s, int type);
/* "RLIMIT_NOFILE" of RLIMIT_NOFILE. */
const char *spec_rlimit_name(int type);

#endif
