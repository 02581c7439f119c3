# The OCI runtime. Static: nothing dynamic can be loaded once the mount namespace is swapped.
LIBEXEC    += runc/runc
STATICALLY += runc/runc
runc/runc.objs := runc/log.c runc/log_code.c runc/log_target.c runc/self.c runc/state.c runc/sync.c
runc/runc.objs += runc/create.c runc/exec.c runc/run.c runc/start.c
runc/runc.objs += runc/make.c runc/cgroup.c runc/prepare.c runc/launch.c runc/hear.c runc/clone.c runc/foreground.c runc/notify.c
runc/runc.objs += runc/child.c runc/namespaces.c runc/rootfs.c runc/mount.c runc/mount_cgroup.c runc/mount_link.c
runc/runc.objs += runc/target.c runc/copy.c runc/devices.c runc/masks.c runc/sysctl.c runc/console.c
runc/runc.objs += runc/lsm.c runc/sched.c runc/user.c runc/program.c runc/rlimits.c runc/hooks.c
runc/runc.objs += runc/netdev.c runc/rdt.c runc/rdt_stats.c
runc/runc.libs := libseccomp libcap
runc/runc.objs += runc/check.c runc/faults.c runc/faults_host.c runc/ids.c
runc/runc.objs += runc/checkpoint.c runc/criu.c runc/criu_mounts.c runc/request.c runc/restore.c
runc/runc.objs += runc/live.c runc/live_path.c runc/live_rules.c runc/mounts.c runc/update_live.c
runc/runc.objs += runc/annotations.c
runc/runc.objs += runc/ending.c runc/events.c runc/oom.c runc/stats.c runc/stats_io.c runc/wait.c
runc/runc.objs += runc/delete.c runc/destroy.c runc/features.c runc/group.c runc/kill.c runc/list.c runc/listener.c runc/merge.c
runc/runc.objs += runc/scope.c
runc/runc.objs += runc/pause.c runc/ps.c runc/resume.c runc/spec.c runc/state_verb.c runc/update.c
# The entry point before libc's. Elsewhere the program starts as any other does.
ifneq ($(filter x86_64-%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
runc/runc.objs    += runc/early.c
runc/runc.ldflags := -Wl,--entry=self_entry
endif
