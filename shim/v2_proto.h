/* v2_proto.h - the messages of containerd's task service, of its events and of the shim's start.
 *
 * Field numbers and types are those of the public API. One struct serves all requests that name a
 * process, so that handlers find its ids in one place.
 */
#ifndef SHIM_V2_PROTO_H
#define SHIM_V2_PROTO_H

#include "lib/pb.h"

/* google.protobuf.Any and Timestamp */
struct any {
	char *type_url;
	struct pb_bytes value;
};

struct stamp_pb {
	int64_t seconds;
	int32_t nanos;
};

struct mount_pb {
	char *type, *source, *target;
	struct strv options;
};

/* Every task request. */
struct task_request {
	char *id, *exec_id;
	char *bundle, *stdin, *stdout, *stderr, *checkpoint, *parent_checkpoint;
	struct pb_list rootfs; /* struct mount_pb */
	struct any any;	       /* options, spec, resources */
	struct strv annotations;
	uint32_t signal, width, height;
	bool terminal, all, close_stdin, now;
};

/* Create, Start: pid. Delete, Wait, State: the rest as well. */
struct task_reply {
	char *id, *bundle, *stdin, *stdout, *stderr, *exec_id;
	uint32_t pid, status, exit_status;
	bool terminal;
	struct stamp_pb exited_at;
};

struct process_info {
	uint32_t pid;
	struct any info;
};

struct pids_reply {
	struct pb_list processes; /* struct process_info */
};

struct process_details {
	char *exec_id;
};

struct connect_reply {
	uint32_t shim_pid, task_pid;
	char *version;
};

struct stats_reply {
	struct any stats;
};

/* All task events; each uses some. */
struct task_event {
	char *container_id, *bundle, *id, *exec_id, *checkpoint;
	struct pb_list rootfs;
	char *stdin, *stdout, *stderr;
	bool terminal;
	uint32_t pid, exit_status;
	struct stamp_pb exited_at;
};

struct envelope {
	struct stamp_pb timestamp;
	char *namespace, *topic;
	struct any event;
};

struct forward_request {
	struct envelope envelope;
};

/* containerd.runc.v1.Options; third parties' runtimeoptions.v1.Options carry it as TOML, if at all.
 */
struct runc_options {
	bool no_pivot_root, no_new_keyring, systemd_cgroup;
	char *shim_cgroup, *binary_name, *root, *criu_image_path, *criu_work_path;
	uint32_t io_uid, io_gid;
};

struct checkpoint_options {
	bool exit, open_tcp, external_unix_sockets, terminal, file_locks;
	struct strv empty_namespaces;
	char *cgroups_mode, *image_path, *work_path, *parent_path;
};

/* What containerd 2.3 writes to the stdin of `start`, and reads from its stdout. */
struct bootstrap_extension {
	struct any value;
};

struct bootstrap_params {
	char *instance_id, *namespace, *containerd_version, *ttrpc_address, *grpc_address, *binary;
	char *socket_dir;
	int32_t log_level;
	struct pb_list extensions; /* struct bootstrap_extension */
};

struct bootstrap_result {
	int32_t version;
	char *address, *protocol;
};

struct runtime_version {
	char *version, *revision;
};

struct runtime_info {
	char *name;
	struct runtime_version version;
	struct any options, features;
};

extern const struct pb_schema pb_any, pb_create, pb_exec, pb_checkpoint, pb_update, pb_kill,
	pb_resize, pb_close_io, pb_shutdown, pb_process, pb_created, pb_ended, pb_waited, pb_state,
	pb_pids, pb_details, pb_connect, pb_stats, pb_empty;
extern const struct pb_schema pb_event_create, pb_event_process, pb_event_exec, pb_event_exit,
	pb_event_delete, pb_event_checkpoint, pb_forward;
extern const struct pb_schema pb_runc_options, pb_checkpoint_options, pb_bootstrap_params,
	pb_bootstrap_result, pb_runtime_info;

#endif
