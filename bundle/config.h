/* config.h - the steps that turn options into members of a config.json tree; private to bundle.
 *
 * Every step takes the whole tree and what was asked for, changes only the members that were asked
 * about, and ends the program with a message naming the option when that cannot be done.
 */
#ifndef BUNDLE_CONFIG_H
#define BUNDLE_CONFIG_H

#include "lib/base.h"
#include "lib/json.h"
#include "lib/opt.h"
#include "lib/str.h"

enum { CONFIG_MAX = 4 << 20, IMAGE_MAX = 8 << 20, ENV_FILE_MAX = 1 << 20 };

/* What the command line asked for; NULL, empty, false or -2 means: not mentioned. */
struct request {
	const char *rootfs, *bundle_dir, *image_file, *etc_dir, *volumes_dir, *volume_list;
	bool no_image, process_only;

	struct strv env, env_file, ulimit, group_add;
	const char *user, *workdir, *entrypoint, *oom_score_adj;
	bool terminal, interactive, init;
	char **command; /* NULL-terminated rest of the command line; NULL when there was none */

	struct strv volume, mount, tmpfs;
	const char *shm_size;
	bool read_only;

	const char *netns, *pid, *ipc, *uts, *userns, *cgroupns, *hostname, *domainname;

	const char *memory, *memory_reservation, *memory_swap, *memory_swappiness, *cpus,
		*cpu_shares;
	const char *cpu_period, *cpu_quota, *cpuset_cpus, *cpuset_mems, *pids_limit, *blkio_weight;
	const char *cgroups_path;
	bool oom_kill_disable;
	struct strv read_bps, write_bps, read_iops, write_iops;

	struct strv cap_add, cap_drop, security_opt, device, device_cgroup_rule;
	bool privileged;

	struct strv sysctl, annotation, label, label_file, hook;
	const char *stop_signal;
};

/* Parse the options every verb shares; the words behind them become request.command. */
const struct request *request_parse(int argc, char **argv, const char *synopsis,
				    const char *purpose);

/* Read and parse FD to its end; NAME is for messages. */
struct json *config_read(int fd, const char *name, size_t max);
/* config.json as docker would start it: no command yet. */
struct json *config_default(void);
/* Write the tree to stdout, tabs as runc's spec does, and check that it arrived. */
void config_print(const struct json *config);

/* An image's own Env, Entrypoint, Cmd, User, WorkingDir, Volumes, StopSignal and Labels; IMAGE may
 * be NULL. */
void apply_image(struct json *config, const struct request *r, const struct json *image);
/* The image's part of what request.volume says: one volume without a name for each path. */
void image_volumes(const struct json *image, struct strv *paths);

void apply_process(struct json *config, const struct request *r);
/* Replace process.args by entrypoint and command, if either was given. */
void apply_command(struct json *config, const struct request *r);
/* Put the --init program in front of process.args. */
void apply_init(struct json *config, const struct request *r);
/* process.user from SPEC and the rootfs's passwd and group; without a rootfs only numbers are
 * known. */
void apply_user(struct json *config, const struct request *r, const char *spec);
void apply_mounts(struct json *config, const struct request *r, const struct strv *image_volumes);
/* Append a bind mount; OPTION may be NULL. */
void mounts_bind(struct json *config, const char *source, const char *target, const char *option);
void apply_namespaces(struct json *config, const struct request *r);
void apply_resources(struct json *config, const struct request *r);
void apply_devices(struct json *config, const struct request *r);
/* Capabilities, then what depends on them: the seccomp profile. FRESH: there is no profile yet. */
void apply_security(struct json *config, const struct request *r, bool fresh);
void apply_identity(struct json *config, const struct request *r);
/* Everything above except image and user. */
void apply_all(struct json *config, const struct request *r, const struct strv *image_volumes,
	       bool fresh);

/* Tree helpers. */
static inline struct json *tree_obj(struct json *parent, const char *key)
{
	return json_make(parent, key, JSON_OBJECT);
}

static inline struct json *tree_array(struct json *parent, const char *key)
{
	return json_make(parent, key, JSON_ARRAY);
}

void tree_set_str(struct json *obj, const char *key, const char *value);
void tree_drop(struct json *obj, const char *key);
/* The strings of an array as a list, and back; what is no string is skipped. */
void tree_get_strv(const struct json *array, struct strv *out);
struct json *tree_new_strv(char *const *v);
/* process.env as a list. NAME=VALUE replaces in place. */
void tree_setenv(struct json *config, const char *entry);
void tree_unsetenv(struct json *config, const char *name);

/* Whether the container gets a namespace of this kind of its own, or joins one by path. */
bool config_has_namespace(const struct json *config, const char *type);

/* Docker's fourteen, as lib/cap.h's set of bits. */
uint64_t docker_caps_default(void);
/* CAP_NET_ADMIN, net_admin, NET_ADMIN: its number, or -1. */
int docker_cap_number(const char *name);

/* The OCI form of a profile, its conditions decided for CAPS. NULL file: the default one. */
struct json *seccomp_resolve(const char *file, uint64_t caps);

#endif
