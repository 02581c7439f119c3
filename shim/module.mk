# The parent of one container. The monitor is shared by the faces; each adds how it is started and spoken to.
LIBEXEC    += shim/shim shim/shim-conmon
STATICALLY += shim/shim shim/shim-conmon

shim.monitor := shim/clients.c shim/console.c shim/control.c shim/ctl.c shim/format.c shim/input.c \
                shim/log.c shim/logexec.c shim/logfile.c shim/logging.c shim/logjournal.c shim/logsock.c \
                shim/logspec.c shim/logsyslog.c shim/loop.c shim/monitor.c shim/notify.c shim/oom.c shim/process.c \
                shim/record.c shim/stdio.c
shim/shim.objs := $(shim.monitor) shim/adopt.c shim/attach.c shim/describe.c shim/detach.c shim/ending.c shim/face.c shim/logs.c \
                  shim/logread.c shim/place.c shim/prepare.c shim/resize.c shim/run.c shim/trail.c shim/wait.c
shim/shim-conmon.objs := $(shim.monitor) shim/conmon_end.c shim/conmon_plan.c shim/conmon_sync.c
