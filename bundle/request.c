/* request.c - docker run's options, as far as they end in config.json. */
#include "bundle/config.h"

static struct request req;

static const struct opt opts[] = {
	{ 0, "rootfs", OPT_STR, &req.rootfs, "PATH", "root.path (default: rootfs)" },
	{ 'b', "bundle", OPT_STR, &req.bundle_dir, "DIR",
	  "directory a relative root.path starts at" },
	{ 0, "image", OPT_STR, &req.image_file, "FILE",
	  "read the image configuration here, not from stdin" },
	{ 0, "no-image", OPT_FLAG, &req.no_image, NULL, "there is no image" },
	{ 0, "etc", OPT_STR, &req.etc_dir, "DIR",
	  "bind DIR's hosts, hostname, resolv.conf over /etc" },
	{ 0, "volumes", OPT_STR, &req.volumes_dir, "DIR", "where named volumes live (NAME/_data)" },
	{ 0, "volume-list", OPT_STR, &req.volume_list, "FILE",
	  "write the volumes used there, if any" },
	{ 0, "process", OPT_FLAG, &req.process_only, NULL,
	  "print only the process, for runc exec --process" },
	{ 'e', "env", OPT_STRV, &req.env, "NAME[=VALUE]", "set or pass on a variable" },
	{ 0, "env-file", OPT_STRV, &req.env_file, "FILE", "variables, one a line" },
	{ 'u', "user", OPT_STR, &req.user, "USER[:GROUP]", "user, by name or number" },
	{ 0, "group-add", OPT_STRV, &req.group_add, "GROUP", "one more group" },
	{ 'w', "workdir", OPT_STR, &req.workdir, "DIR", "working directory" },
	{ 0, "entrypoint", OPT_STR, &req.entrypoint, "COMMAND", "replace the image's entrypoint" },
	{ 't', "tty", OPT_FLAG, &req.terminal, NULL, "on a terminal of its own" },
	{ 'i', "interactive", OPT_FLAG, &req.interactive, NULL,
	  "accepted: stdin is the shim's concern" },
	{ 0, "init", OPT_FLAG, &req.init, NULL, "an init that reaps and forwards signals" },
	{ 0, "ulimit", OPT_STRV, &req.ulimit, "NAME=SOFT[:HARD]", "resource limit of the process" },
	{ 0, "oom-score-adj", OPT_STR, &req.oom_score_adj, "N", "-1000 to 1000" },
	{ 'v', "volume", OPT_STRV, &req.volume, "[SRC:]DST[:OPT]", "bind mount or volume" },
	{ 0, "mount", OPT_STRV, &req.mount, "KEY=VALUE,...", "bind mount, volume or tmpfs" },
	{ 0, "tmpfs", OPT_STRV, &req.tmpfs, "DST[:OPT]", "memory file system" },
	{ 0, "shm-size", OPT_STR, &req.shm_size, "SIZE", "size of /dev/shm (64m)" },
	{ 0, "read-only", OPT_FLAG, &req.read_only, NULL, "root file system read-only" },
	{ 0, "netns", OPT_STR, &req.netns, "PATH|host|none|new", "network namespace" },
	{ 0, "pid", OPT_STR, &req.pid, "PATH|host|private", "PID namespace" },
	{ 0, "ipc", OPT_STR, &req.ipc, "PATH|host|none|private|shareable", "IPC namespace" },
	{ 0, "uts", OPT_STR, &req.uts, "PATH|host|private", "UTS namespace" },
	{ 0, "userns", OPT_STR, &req.userns, "PATH|host", "user namespace" },
	{ 0, "cgroupns", OPT_STR, &req.cgroupns, "PATH|host|private", "cgroup namespace" },
	{ 'h', "hostname", OPT_STR, &req.hostname, "NAME", "host name" },
	{ 0, "domainname", OPT_STR, &req.domainname, "NAME", "NIS domain name" },
	{ 'm', "memory", OPT_STR, &req.memory, "SIZE", "memory limit" },
	{ 0, "memory-reservation", OPT_STR, &req.memory_reservation, "SIZE", "soft memory limit" },
	{ 0, "memory-swap", OPT_STR, &req.memory_swap, "SIZE",
	  "memory and swap together; -1: unlimited" },
	{ 0, "memory-swappiness", OPT_STR, &req.memory_swappiness, "N", "0 to 100 (cgroup v1)" },
	{ 0, "oom-kill-disable", OPT_FLAG, &req.oom_kill_disable, NULL,
	  "wait instead (cgroup v1)" },
	{ 0, "cpus", OPT_STR, &req.cpus, "N", "CPU time, in CPUs (1.5)" },
	{ 'c', "cpu-shares", OPT_STR, &req.cpu_shares, "N", "relative weight (1024)" },
	{ 0, "cpu-period", OPT_STR, &req.cpu_period, "US", "CFS period" },
	{ 0, "cpu-quota", OPT_STR, &req.cpu_quota, "US", "CFS quota" },
	{ 0, "cpuset-cpus", OPT_STR, &req.cpuset_cpus, "LIST", "CPUs (0-2,4)" },
	{ 0, "cpuset-mems", OPT_STR, &req.cpuset_mems, "LIST", "memory nodes" },
	{ 0, "pids-limit", OPT_STR, &req.pids_limit, "N", "processes and threads; -1: unlimited" },
	{ 0, "blkio-weight", OPT_STR, &req.blkio_weight, "N", "10 to 1000" },
	{ 0, "device-read-bps", OPT_STRV, &req.read_bps, "DEVICE:SIZE", "bytes a second" },
	{ 0, "device-write-bps", OPT_STRV, &req.write_bps, "DEVICE:SIZE", "bytes a second" },
	{ 0, "device-read-iops", OPT_STRV, &req.read_iops, "DEVICE:N", "reads a second" },
	{ 0, "device-write-iops", OPT_STRV, &req.write_iops, "DEVICE:N", "writes a second" },
	{ 0, "cgroups-path", OPT_STR, &req.cgroups_path, "PATH", "linux.cgroupsPath" },
	{ 0, "cap-add", OPT_STRV, &req.cap_add, "CAP|ALL", "one more capability" },
	{ 0, "cap-drop", OPT_STRV, &req.cap_drop, "CAP|ALL", "one less" },
	{ 0, "privileged", OPT_FLAG, &req.privileged, NULL,
	  "all capabilities and devices, no filters" },
	{ 0, "security-opt", OPT_STRV, &req.security_opt, "OPT",
	  "seccomp=FILE|default|unconfined, no-new-privileges, apparmor=, label=, "
	  "systempaths=unconfined" },
	{ 0, "device", OPT_STRV, &req.device, "SRC[:DST[:rwm]]", "a device of the host" },
	{ 0, "device-cgroup-rule", OPT_STRV, &req.device_cgroup_rule, "RULE", "'c 7:* rwm'" },
	{ 0, "sysctl", OPT_STRV, &req.sysctl, "NAME=VALUE", "kernel parameter of a namespace" },
	{ 0, "annotation", OPT_STRV, &req.annotation, "KEY=VALUE", "annotation" },
	{ 'l', "label", OPT_STRV, &req.label, "KEY[=VALUE]", "annotation as well" },
	{ 0, "label-file", OPT_STRV, &req.label_file, "FILE", "labels, one a line" },
	{ 0, "hook", OPT_STRV, &req.hook, "STAGE=PATH[,ARG]...", "createRuntime=/sbin/tool,-v" },
	{ 0, "stop-signal", OPT_STR, &req.stop_signal, "SIGNAL", "how to ask for the end" },
	{ 0 }
};

const struct request *request_parse(int argc, char **argv, const char *synopsis,
				    const char *purpose)
{
	const struct usage u = { synopsis, purpose, opts, OPT_STOP, NULL };

	argv += opt_parse(argc, argv, &u);
	if (*argv)
		req.command = argv;
	return &req;
}
