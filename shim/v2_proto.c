/* v2_proto.c - the tables behind v2_proto.h. */
#include "shim/v2_proto.h"

/* clang-format off */
#define F(T, number, kind, member)      { number, kind, offsetof(struct T, member), NULL }
#define M(T, number, kind, member, of)  { number, kind, offsetof(struct T, member), &(of) }
#define SCHEMA(name, T, ...) \
	static const struct pb_field name##_fields[] = { __VA_ARGS__, { 0 } }; \
	const struct pb_schema name = { sizeof(struct T), name##_fields }
#define PRIVATE(name, T, ...) \
	static const struct pb_field name##_fields[] = { __VA_ARGS__, { 0 } }; \
	static const struct pb_schema name = { sizeof(struct T), name##_fields }

static const struct pb_field none[] = { { 0 } };
const struct pb_schema pb_empty = { 0, none };

SCHEMA(pb_any, any, F(any, 1, PB_STR, type_url), F(any, 2, PB_BYTES, value));
PRIVATE(stamp, stamp_pb, F(stamp_pb, 1, PB_I64, seconds), F(stamp_pb, 2, PB_I32, nanos));
PRIVATE(mount, mount_pb, F(mount_pb, 1, PB_STR, type), F(mount_pb, 2, PB_STR, source),
	F(mount_pb, 3, PB_STR, target), F(mount_pb, 4, PB_STRV, options));

#define R(number, kind, member) F(task_request, number, kind, member)
SCHEMA(pb_create, task_request, R(1, PB_STR, id), R(2, PB_STR, bundle),
	M(task_request, 3, PB_LIST, rootfs, mount), R(4, PB_BOOL, terminal), R(5, PB_STR, stdin),
	R(6, PB_STR, stdout), R(7, PB_STR, stderr), R(8, PB_STR, checkpoint),
	R(9, PB_STR, parent_checkpoint), M(task_request, 10, PB_MSG, any, pb_any));
SCHEMA(pb_exec, task_request, R(1, PB_STR, id), R(2, PB_STR, exec_id), R(3, PB_BOOL, terminal),
	R(4, PB_STR, stdin), R(5, PB_STR, stdout), R(6, PB_STR, stderr),
	M(task_request, 7, PB_MSG, any, pb_any));
/* Start, Delete, Wait, State, Pids, Pause, Resume, Stats, Connect */
SCHEMA(pb_process, task_request, R(1, PB_STR, id), R(2, PB_STR, exec_id));
SCHEMA(pb_kill, task_request, R(1, PB_STR, id), R(2, PB_STR, exec_id), R(3, PB_U32, signal),
	R(4, PB_BOOL, all));
SCHEMA(pb_checkpoint, task_request, R(1, PB_STR, id), R(2, PB_STR, checkpoint),
	M(task_request, 3, PB_MSG, any, pb_any));
SCHEMA(pb_update, task_request, R(1, PB_STR, id), M(task_request, 2, PB_MSG, any, pb_any),
	R(3, PB_MAP, annotations));
SCHEMA(pb_resize, task_request, R(1, PB_STR, id), R(2, PB_STR, exec_id), R(3, PB_U32, width),
	R(4, PB_U32, height));
SCHEMA(pb_close_io, task_request, R(1, PB_STR, id), R(2, PB_STR, exec_id),
	R(3, PB_BOOL, close_stdin));
SCHEMA(pb_shutdown, task_request, R(1, PB_STR, id), R(2, PB_BOOL, now));

#define A(number, kind, member) F(task_reply, number, kind, member)
SCHEMA(pb_created, task_reply, A(1, PB_U32, pid));
/* Delete; Wait has the same fields one number lower. */
SCHEMA(pb_ended, task_reply, A(1, PB_U32, pid), A(2, PB_U32, exit_status),
	M(task_reply, 3, PB_MSG, exited_at, stamp));
SCHEMA(pb_waited, task_reply, A(1, PB_U32, exit_status), M(task_reply, 2, PB_MSG, exited_at, stamp));
SCHEMA(pb_state, task_reply, A(1, PB_STR, id), A(2, PB_STR, bundle), A(3, PB_U32, pid),
	A(4, PB_U32, status), A(5, PB_STR, stdin), A(6, PB_STR, stdout), A(7, PB_STR, stderr),
	A(8, PB_BOOL, terminal), A(9, PB_U32, exit_status),
	M(task_reply, 10, PB_MSG, exited_at, stamp), A(11, PB_STR, exec_id));
PRIVATE(process, process_info, F(process_info, 1, PB_U32, pid),
	M(process_info, 2, PB_MSG, info, pb_any));
SCHEMA(pb_pids, pids_reply, M(pids_reply, 1, PB_LIST, processes, process));
SCHEMA(pb_details, process_details, F(process_details, 1, PB_STR, exec_id));
SCHEMA(pb_connect, connect_reply, F(connect_reply, 1, PB_U32, shim_pid),
	F(connect_reply, 2, PB_U32, task_pid), F(connect_reply, 3, PB_STR, version));
SCHEMA(pb_stats, stats_reply, M(stats_reply, 1, PB_MSG, stats, pb_any));

#define E(number, kind, member) F(task_event, number, kind, member)
PRIVATE(task_io, task_event, E(1, PB_STR, stdin), E(2, PB_STR, stdout), E(3, PB_STR, stderr),
	E(4, PB_BOOL, terminal));
SCHEMA(pb_event_create, task_event, E(1, PB_STR, container_id), E(2, PB_STR, bundle),
	M(task_event, 3, PB_LIST, rootfs, mount), { 4, PB_MSG, 0, &task_io },
	E(5, PB_STR, checkpoint), E(6, PB_U32, pid));
/* start, oom, paused, resumed */
SCHEMA(pb_event_process, task_event, E(1, PB_STR, container_id), E(2, PB_U32, pid));
SCHEMA(pb_event_exec, task_event, E(1, PB_STR, container_id), E(2, PB_STR, exec_id), E(3, PB_U32, pid));
SCHEMA(pb_event_exit, task_event, E(1, PB_STR, container_id), E(2, PB_STR, id), E(3, PB_U32, pid),
	E(4, PB_U32, exit_status), M(task_event, 5, PB_MSG, exited_at, stamp));
SCHEMA(pb_event_delete, task_event, E(1, PB_STR, container_id), E(2, PB_U32, pid),
	E(3, PB_U32, exit_status), M(task_event, 4, PB_MSG, exited_at, stamp), E(5, PB_STR, id));
SCHEMA(pb_event_checkpoint, task_event, E(1, PB_STR, container_id), E(2, PB_STR, checkpoint));
PRIVATE(envelope, envelope, M(envelope, 1, PB_MSG, timestamp, stamp),
	F(envelope, 2, PB_STR, namespace), F(envelope, 3, PB_STR, topic),
	M(envelope, 4, PB_MSG, event, pb_any));
SCHEMA(pb_forward, forward_request, M(forward_request, 1, PB_MSG, envelope, envelope));

#define O(number, kind, member) F(runc_options, number, kind, member)
SCHEMA(pb_runc_options, runc_options, O(1, PB_BOOL, no_pivot_root), O(2, PB_BOOL, no_new_keyring),
	O(3, PB_STR, shim_cgroup), O(4, PB_U32, io_uid), O(5, PB_U32, io_gid),
	O(6, PB_STR, binary_name), O(7, PB_STR, root), O(9, PB_BOOL, systemd_cgroup),
	O(10, PB_STR, criu_image_path), O(11, PB_STR, criu_work_path));

#define C(number, kind, member) F(checkpoint_options, number, kind, member)
SCHEMA(pb_checkpoint_options, checkpoint_options, C(1, PB_BOOL, exit), C(2, PB_BOOL, open_tcp),
	C(3, PB_BOOL, external_unix_sockets), C(4, PB_BOOL, terminal), C(5, PB_BOOL, file_locks),
	C(6, PB_STRV, empty_namespaces), C(7, PB_STR, cgroups_mode), C(8, PB_STR, image_path),
	C(9, PB_STR, work_path), C(10, PB_STR, parent_path));

PRIVATE(extension, bootstrap_extension, M(bootstrap_extension, 1, PB_MSG, value, pb_any));
#define B(number, kind, member) F(bootstrap_params, number, kind, member)
SCHEMA(pb_bootstrap_params, bootstrap_params, B(1, PB_STR, instance_id), B(2, PB_STR, namespace),
	B(3, PB_I32, log_level), B(4, PB_STR, containerd_version), B(5, PB_STR, ttrpc_address),
	B(6, PB_STR, grpc_address), B(7, PB_STR, binary),
	M(bootstrap_params, 8, PB_LIST, extensions, extension), B(9, PB_STR, socket_dir));
SCHEMA(pb_bootstrap_result, bootstrap_result, F(bootstrap_result, 1, PB_I32, version),
	F(bootstrap_result, 2, PB_STR, address), F(bootstrap_result, 3, PB_STR, protocol));
PRIVATE(version, runtime_version, F(runtime_version, 1, PB_STR, version),
	F(runtime_version, 2, PB_STR, revision));
SCHEMA(pb_runtime_info, runtime_info, F(runtime_info, 1, PB_STR, name),
	M(runtime_info, 2, PB_MSG, version, version), M(runtime_info, 3, PB_MSG, options, pb_any),
	M(runtime_info, 4, PB_MSG, features, pb_any));
/* clang-format on */
