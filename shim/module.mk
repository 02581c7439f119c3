# The parent of one container. The monitor is shared by the faces; each adds how it is started and spoken to.
LIBEXEC    += shim/shim shim/shim-conmon shim/containerd-shim-lash-v2
STATICALLY += shim/shim shim/shim-conmon shim/containerd-shim-lash-v2

shim.monitor := shim/clients.c shim/console.c shim/control.c shim/ctl.c shim/format.c shim/input.c \
                shim/leave.c shim/log.c shim/logexec.c shim/logfile.c shim/logfiles.c shim/logpack.c shim/logging.c shim/logjournal.c shim/logsock.c \
                shim/logspec.c shim/logsyslog.c shim/loop.c shim/monitor.c shim/notify.c shim/oom.c shim/process.c \
                shim/record.c shim/stdio.c
shim/shim.objs := $(shim.monitor) shim/adopt.c shim/again.c shim/attach.c shim/describe.c shim/detach.c shim/ending.c shim/events.c shim/face.c shim/health.c shim/healthstate.c shim/probe.c shim/restart.c shim/logs.c \
                  shim/logread.c shim/place.c shim/prepare.c shim/resize.c shim/run.c shim/tell.c shim/trail.c shim/wait.c
shim/shim-conmon.objs := $(shim.monitor) shim/conmon_end.c shim/conmon_plan.c shim/conmon_say.c shim/conmon_sync.c

# containerd's: many processes in one loop, whose output goes on as it is.
shim/containerd-shim-lash-v2.objs := shim/console.c shim/leave.c shim/loop.c shim/ttrpc.c shim/v2_cleanup.c \
        shim/v2_conn.c shim/v2_create.c shim/v2_delete.c shim/v2_event.c shim/v2_exit.c shim/v2_idmap.c shim/v2_job.c \
        shim/v2_logger.c shim/v2_loop.c shim/v2_metrics.c shim/v2_metrics_v1.c shim/v2_metrics_v2.c shim/v2_mount.c \
        shim/v2_oom.c shim/v2_ops.c shim/v2_proto.c shim/v2_pump.c shim/v2_runtime.c shim/v2_server.c \
        shim/v2_start.c shim/v2_stdio.c shim/v2_task.c
shim/containerd-shim-lash-v2.libs := libcrypto
