# runc-spec.bats - config.json, field by field, where other files have not been already.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
}

teardown() {
	runc_teardown
}

# refused FILTER PATTERN - create fails with this message, and leaves nothing.
refused() {
	configure "$1"
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_status 1
	assert_one_line "$2"
	[ ! -e "$root/$id" ] || fail "state is left"
}

@test "runc process: scheduler, I/O priority, personality, ambient capabilities, domain name" {
	need chrt
	configure '.process.args = ["sleep", "100"] | .process.scheduler = {policy: "SCHED_BATCH", nice: 5} |
		.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 3} | .linux.personality = {domain: "LINUX32"} |
		.domainname = "example" | .process.oomScoreAdj = 77 | .process.user = {uid: 1000, gid: 1000} |
		.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"],
			inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}'
	rc run -d -b "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" "$id" >/dev/null 2>&1 3>&-
	local pid
	pid=$(<"$BATS_TEST_TMPDIR/pid")
	run chrt -p "$pid"
	[[ $output == *SCHED_BATCH* ]] || fail "$output"
	[ "$(awk '{ print $19 }' "/proc/$pid/stat")" = 5 ]
	run ionice -p "$pid"
	assert_output "best-effort: prio 3"
	[ "$(<"/proc/$pid/personality")" = 00000008 ]
	[ "$(<"/proc/$pid/oom_score_adj")" = 77 ]
	grep -q '^CapAmb:.*0000000000000020$' "/proc/$pid/status"
	grep -q '^CapEff:.*0000000000000020$' "/proc/$pid/status"
	run --separate-stderr rc exec "$id" sh -c 'cat /proc/sys/kernel/domainname; uname -m'
	assert_line example
	assert_line i686
	run --separate-stderr rc exec --process /dev/stdin "$id" <<-'END'
		{"args": ["sh", "-c", "grep Cpus_allowed_list /proc/self/status; id -u"], "cwd": "/", "env": ["PATH=/bin"],
		 "user": {"uid": 7, "gid": 7}, "execCPUAffinity": {"initial": "0", "final": "0"}}
	END
	assert_line "Cpus_allowed_list:*0"
	assert_line 7
}

@test "runc process: what cannot be is refused by name" {
	refused '.process.scheduler = {policy: "SCHED_OTHER", priority: 5}' '*process.scheduler.priority: only for*'
	refused '.process.scheduler = {policy: "SCHED_FIFO", priority: 100}' '*process.scheduler.priority: not in 1..99*'
	refused '.process.scheduler = {policy: "SCHED_BATCH", flags: ["SCHED_FLAG_NO"]}' "*process.scheduler.flags: unknown flag*"
	refused '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}' '*process.ioPriority.priority: not in 0..7*'
	refused '.linux.personality = {domain: "LINUX", flags: ["X"]}' '*linux.personality.flags: must be empty*'
	refused '.linux.memoryPolicy = {mode: "MPOL_NO"}' "*linux.memoryPolicy.mode: unknown value*"
	refused '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "999"}' "*linux.memoryPolicy*"
	refused '.linux.mountLabel = "x"' "*linux.mountLabel: *selinux is disabled*"
	refused '.annotations = {"": "x"}' "*annotations: a key is empty*"
	refused '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 1}, {type: "RLIMIT_NOFILE", soft: 1, hard: 1}]' \
		"*process.rlimits*: given twice*"
	refused '.linux.namespaces -= [{type: "mount"}]' "*mounts: without a private mount namespace*"
}

@test "runc process: a memory policy holds for the program" {
	need kernel:numa
	in_box 'head -n 1 /proc/self/numa_maps' '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
	assert_status 0
	assert_line "* bind=static:0 *"
}

@test "runc process: capabilities that cannot be granted are told" {
	configure '.process.args = ["grep", "CapBnd", "/proc/self/status"] |
		.process.capabilities = {bounding: ["CAP_KILL", "CAP_SYS_TIME"]}'
	run --separate-stderr capsh --drop=cap_sys_time -- -c "runc --root '$root' run -b '$bundle' '$id'"
	assert_status 0
	assert_line "CapBnd:*20"
	[[ $stderr == *"'CAP_SYS_TIME' ignored"* ]] || fail "$stderr"
}

@test "runc mounts: recursive attributes reach what is mounted below, others do not" {
	local source=$BATS_TEST_TMPDIR/src
	mkdir -p "$source/sub"
	mount -t tmpfs tmpfs "$source"
	mkdir "$source/sub"
	mount -t tmpfs tmpfs "$source/sub"
	in_box 'awk "/ \/(all|top)/ { print \$5, \$6 }" /proc/self/mountinfo; touch /all/sub/x || touch /top/sub/x && echo wrote' \
		".mounts += [{destination: \"/all\", source: \"$source\", options: [\"rbind\", \"rro\", \"rnosuid\", \"rnodev\", \"rnoexec\", \"rnoatime\"]},
			{destination: \"/top\", source: \"$source\", options: [\"rbind\", \"ro\", \"nosuid\"]}]"
	umount "$source/sub" "$source"
	assert_status 0
	assert_line "/all ro,nosuid,nodev,noexec,noatime"
	assert_line "/all/sub ro,nosuid,nodev,noexec,noatime"
	assert_line "/top ro,nosuid,*"
	assert_line "/top/sub rw,relatime"
	assert_line wrote
}

@test "runc mounts: remount changes what is there, and a tmpfs may be the root" {
	in_box 'grep -E " /(tmp|data) " /proc/mounts' '.mounts += [{destination: "/tmp", type: "tmpfs", options: ["size=4k"]},
		{destination: "/tmp", type: "tmpfs", options: ["remount", "size=8k", "nosuid", "ro"]},
		{destination: "/data", source: "'"$rootfs"'/etc", options: ["bind"]},
		{destination: "/data", options: ["bind", "remount", "ro", "noexec"]}]'
	assert_status 0
	assert_line "* /tmp tmpfs ro,nosuid,relatime,size=8k[, ]*"
	assert_line "* /data * ro,noexec,relatime*"
	refused '.mounts += [{destination: "/etc", options: ["remount", "ro"]}]' "*remount '/etc'*"
	in_box 'grep " / " /proc/mounts | tail -n 1; ls -d /bin /etc /proc/self' '.mounts = [{destination: "/", type: "tmpfs", options: ["size=64k"]},
		{destination: "/bin", source: "'"$rootfs"'/bin", options: ["bind"]}] + .mounts'
	assert_line "* / tmpfs *size=64k*"
	assert_line /bin
	[[ $stderr == *"/etc: No such file"* ]] || fail "$stderr"
	[ ! -e "$rootfs/sys/fs/cgroup/memory" ] || fail "written to the root below"
}

@test "runc mounts: ids are mapped for one mount, and nonsense is refused" {
	[ "$(stat -f -c %T "$BATS_TEST_TMPDIR")" != tmpfs ] || need kernel:6.3
	mkdir "$BATS_TEST_TMPDIR/src"
	touch "$BATS_TEST_TMPDIR/src/file"
	chown 5000:6000 "$BATS_TEST_TMPDIR/src/file"
	in_box 'stat -c %u:%g /mapped/file /plain/file; touch /mapped/new' '.mounts += [
		{destination: "/mapped", source: "'"$BATS_TEST_TMPDIR"'/src", options: ["bind"],
		 uidMappings: [{containerID: 5000, hostID: 1000, size: 10}, {containerID: 0, hostID: 0, size: 1}],
		 gidMappings: [{containerID: 6000, hostID: 2000, size: 10}, {containerID: 0, hostID: 0, size: 1}]},
		{destination: "/plain", source: "'"$BATS_TEST_TMPDIR"'/src", options: ["bind"]}]'
	assert_status 0
	assert_output "$(printf '1000:2000\n5000:6000')"
	refused '.mounts += [{destination: "/x", type: "tmpfs", uidMappings: [{size: 1}], gidMappings: [{size: 1}]}]' \
		"*id mappings on '/x', which is no bind mount*"
	refused '.mounts += [{destination: "/x", source: "/etc", options: ["bind", "idmap"]}]' "*mapping*'/x'*"
	# crun's notation, absolute and relative to the container's own maps.
	in_box 'stat -c %u:%g /mapped/file /own/file' '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}, {containerID: 1, hostID: 200001, size: 9999}] | .linux.gidMappings = .linux.uidMappings |
		.mounts += [{destination: "/mapped", source: "'"$BATS_TEST_TMPDIR"'/src",
			options: ["bind", "idmap=uids=5000-200007-10#0-0-1;gids=6000-200008-10"]},
		{destination: "/own", source: "'"$BATS_TEST_TMPDIR"'/src", options: ["rbind", "ridmap=uids=@5000-9-10;gids=@6000-4-10"]}]'
	assert_status 0
	assert_output "$(printf '7:8\n9:4')"
	refused '.mounts += [{destination: "/x", source: "/etc", options: ["bind", "idmap=uids=0-1"]}]' \
		"*'/x': idmap 'uids=0-1': Invalid argument*"
	refused '.linux.namespaces += [{type: "user"}] | .linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}] |
		.linux.uidMappings = [{containerID: 1, hostID: 4294967295, size: 2}]' "*linux.uidMappings?0?.size: more ids than there are*"
}

@test "runc mounts: a link is copied, mounted or mounted over when that is asked" {
	local there=$BATS_TEST_TMPDIR/there
	echo file >"$there"
	ln -s "$there" "$BATS_TEST_TMPDIR/link"
	ln -s nowhere "$BATS_TEST_TMPDIR/dangling"
	ln -s /etc/kept "$rootfs/etc/over"
	echo kept >"$rootfs/etc/kept"
	in_box 'for l in /copied/a /b /itself; do readlink $l; done; cat /plain /etc/over /etc/kept; stat -c %F /new/c' ".mounts += [
		{destination: \"/copied/a\", source: \"$BATS_TEST_TMPDIR/dangling\", options: [\"rbind\", \"copy-symlink\"]},
		{destination: \"/b\", source: \"$BATS_TEST_TMPDIR/link\", options: [\"bind\", \"copy-symlink\", \"ro\"]},
		{destination: \"/plain\", source: \"$there\", options: [\"bind\", \"copy-symlink\"]},
		{destination: \"/itself\", source: \"$BATS_TEST_TMPDIR/dangling\", options: [\"bind\", \"src-nofollow\"]},
		{destination: \"/etc/over\", source: \"$there\", options: [\"bind\", \"dest-nofollow\"]},
		{destination: \"/new/c\", type: \"tmpfs\", options: [\"dest-nofollow\"]}]"
	assert_status 0
	assert_output "$(printf 'nowhere\n%s\nnowhere\nfile\nfile\nkept\ndirectory' "$there")"
	# Made once, it may stand there again, but nothing else may.
	in_box true ".mounts += [{destination: \"/b\", source: \"$BATS_TEST_TMPDIR/link\", options: [\"bind\", \"copy-symlink\"]}]"
	assert_status 0
	refused ".mounts += [{destination: \"/etc/kept\", source: \"$BATS_TEST_TMPDIR/link\", options: [\"bind\", \"copy-symlink\"]}]" \
		"*copy link '$BATS_TEST_TMPDIR/link' to '/etc/kept': File exists*"
}

@test "runc mounts: propagation is as asked, of the root and of each mount" {
	mkdir "$BATS_TEST_TMPDIR/src"
	mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/src"
	mount --make-shared "$BATS_TEST_TMPDIR/src"
	configure '.process.args = ["sleep", "100"] | .linux.rootfsPropagation = "rslave" | .mounts += [
		{destination: "/slave", source: "'"$BATS_TEST_TMPDIR"'/src", options: ["rbind", "rslave"]},
		{destination: "/private", source: "'"$BATS_TEST_TMPDIR"'/src", options: ["rbind", "rprivate"]}]'
	rc run -d -b "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" "$id" >/dev/null 2>&1 3>&-
	mkdir "$BATS_TEST_TMPDIR/src/late"
	mount -t tmpfs late "$BATS_TEST_TMPDIR/src/late"
	run awk '{ print $5, $7 }' "/proc/$(<"$BATS_TEST_TMPDIR/pid")/mountinfo"
	umount "$BATS_TEST_TMPDIR/src/late" "$BATS_TEST_TMPDIR/src"
	assert_line "/slave master:*"
	assert_line "/slave/late master:*"
	assert_line "/private -"
	[[ $output != *"/private/late"* ]] || fail "$output"
	rc delete --force "$id"
	local kind
	for kind in private unbindable shared slave; do
		in_box 'awk "\$5 == \"/\" { print \"root\", \$7 }" /proc/self/mountinfo' ".linux.rootfsPropagation = \"$kind\""
		assert_status 0
		case $kind in
		private | slave) [[ $output != *shared* ]] || fail "$kind: $output" ;;
		*) assert_line "root $kind*" ;;
		esac
	done
}

@test "runc devices: each kind, mode and owner, in whatever number" {
	in_box 'stat -c "%n %F %a %u:%g %t:%T" /dev/c /dev/b /deep/er/fifo; ls /dev | grep -c many' '.linux.devices = [
		{path: "/dev/c", type: "u", major: 1, minor: 3, fileMode: 384, uid: 7, gid: 8},
		{path: "/dev/b", type: "b", major: 7, minor: 200}, {path: "/deep/er/fifo", type: "p", fileMode: 420}] +
		[range(40) | {path: "/dev/many\(.)", type: "c", major: 1, minor: 5}] |
		.linux.resources.devices = [{allow: true, access: "rwm"}]'
	assert_status 0
	assert_line "/dev/c character special file 600 7:8 1:3"
	assert_line "/dev/b block special file 666 0:0 7:c8"
	assert_line "/deep/er/fifo fifo 644 0:0 0:0"
	assert_line 40
}

@test "runc user namespace: is created and started, by root and by another user of it" {
	need kernel:userns
	chown -R 100000:100000 "$rootfs"
	local map='[{containerID: 0, hostID: 100000, size: 65536}]' uid pid
	for uid in 0 1000; do
		configure ".process.args = [\"sleep\", \"100\"] | .process.user = {uid: $uid, gid: $uid} |
			.linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = $map | .linux.gidMappings = $map"
		rc create -b "$bundle" "$id" >/dev/null 2>&1 3>&-
		rc start "$id"
		pid=$(rc state "$id" | jq .pid)
		[ "$(stat -c %u "/proc/$pid")" = $((100000 + uid)) ]
		[ "$(status_of)" = running ]
		[ "$uid" = 1000 ] || rc delete --force "$id"
	done
	configure ".process.args = [\"sleep\", \"100\"] | .linux.cgroupsPath = \"/$group/second\" |
		.linux.namespaces |= map(if .type == \"network\" then .path = \"/proc/$pid/ns/net\" else . end) |
		.linux.namespaces += [{type: \"user\", path: \"/proc/$pid/ns/user\"}]"
	rc create -b "$bundle" "$id-2" >/dev/null 2>&1 3>&-
	# Its user, whose ids nobody told, gets the fifo by mode: the directory keeps others from it.
	[ "$(stat -c %a "$root/$id-2" "$root/$id-2/exec.fifo" | tr '\n' ' ')" = "700 622 " ]
	rc start "$id-2"
	[ "$(rc state "$id-2" | jq -r .status)" = running ]
}

@test "runc user namespace: devices are the host's, or refused" {
	need kernel:userns
	chown -R 100000:100000 "$rootfs"
	local map='[{containerID: 0, hostID: 100000, size: 65536}]'
	local user=".linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = $map | .linux.gidMappings = $map"
	in_box 'test -c /dev/full && test -p /dev/pipe && echo there' "$user | .linux.devices = [
		{path: \"/dev/full\", type: \"c\", major: 1, minor: 7}, {path: \"/dev/pipe\", type: \"p\"}]"
	assert_status 0
	assert_output there
	refused "$user | .linux.devices = [{path: \"/dev/zero\", type: \"c\", major: 1, minor: 3}]" \
		"*device '/dev/zero': the host's is another*"
	in_box 'cut -d. -f1 /proc/uptime; ls /sys/class | head -n 1; touch /sys/x' "$user | .linux.namespaces += [{type: \"time\"}] |
		.linux.namespaces -= [{type: \"network\"}] | .linux.timeOffsets = {boottime: {secs: 100000000}, monotonic: {secs: 5}}"
	assert_status 1
	[ "${lines[0]}" -ge 100000000 ] || fail "$output"
	[ "${#lines[@]}" -eq 2 ] || fail "no /sys: $output"
	[[ $stderr == *"Read-only"* ]] || fail "$stderr"
}

# is_elsewhere PID - in a user namespace of its own.
is_elsewhere() {
	[ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ]
}

@test "runc cgroups: a container that may write to its own gets it, without its limits" {
	need kernel:userns
	chown -R 100000:100000 "$rootfs"
	local dir=/sys/fs/cgroup/unified/$group map='[{containerID: 0, hostID: 100000, size: 65536}]' ro
	[ -d /sys/fs/cgroup/unified ] || dir=/sys/fs/cgroup/$group
	for ro in true false; do
		configure ".process.args = [\"sleep\", \"100\"] | .linux.namespaces |= map(select(.type != \"cgroup\")) |
			.linux.namespaces += [{type: \"user\"}, {type: \"cgroup\"}] | .linux.uidMappings = $map | .linux.gidMappings = $map |
			if $ro then . else .mounts |= map(if .type == \"cgroup\" then .options -= [\"ro\"] else . end) end"
		rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
		[ "$(stat -c %u "$dir" "$dir/cgroup.procs" | sort -u)" = "$([ "$ro" = true ] && echo 0 || echo 100000)" ]
		[ "$(stat -c %u "$dir/cgroup.max.depth")" = 0 ]
		rc delete --force "$id"
	done
}

@test "runc time namespace: is made beside a user namespace that is joined" {
	need kernel:userns kernel:time
	chown -R 100000:100000 "$rootfs"
	unshare -U sleep 100 3>&- &
	local other=$!
	wait_for 20 is_elsewhere "$other"
	echo '0 100000 65536' >"/proc/$other/uid_map"
	echo '0 100000 65536' >"/proc/$other/gid_map"
	in_box 'cut -d. -f1 /proc/uptime; cat /proc/self/uid_map' '.linux.namespaces += [{type: "time"},
		{type: "user", path: "/proc/'"$other"'/ns/user"}] | .linux.timeOffsets = {boottime: {secs: 100000000}}'
	kill "$other"
	assert_status 0
	[ "${lines[0]}" -ge 100000000 ] || fail "$output"
	assert_line "*0*100000*65536"
}

@test "runc names and sysctl: are not set in a namespace of the host's, given by path" {
	local name kind
	for kind in uts network; do
		name=$kind
		[ "$kind" = uts ] || name=net
		configure '.linux.namespaces |= map(if .type == "'$kind'" then .path = "/proc/self/ns/'$name'" else . end) |
			.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
		run --separate-stderr rc create -b "$bundle" "$id"
		assert_status 1
		[[ $stderr == *"namespace is the host's"* || $stderr == *"belongs to the host's network namespace"* ]] || fail "$stderr"
	done
	refused '.linux.sysctl = {"kernel.hostname": "x"}' "*use hostname instead*"
	in_box 'cat /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max' '.linux.sysctl = {"kernel/msgmax": "7777", "fs.mqueue.msg_max": "9"}'
	assert_output "$(printf '7777\n9')"
}

@test "runc netDevices: an interface moves in, with a new name and its addresses" {
	need ip
	ip link add lash0 type veth peer name other0
	ip addr add 10.9.8.7/24 dev lash0
	ip -6 addr add fd00:9::7/64 dev lash0 nodad
	ip link set lash0 up
	in_box 'ip addr show; ip link show eth0' '.linux.netDevices = {lash0: {name: "eth%d"}}'
	assert_status 0
	assert_line "*eth0@*: <*UP*"
	assert_line "*inet 10.9.8.7/24 *"
	assert_line "*inet6 fd00:9::7/64 *"
	ip link add lash1 type veth peer name other1
	refused '.linux.netDevices = {lash1: {name: "lo"}}' "*move 'lash1' into the container as 'lo': File exists*"
	ip link show lash1 >/dev/null
	refused '.linux.netDevices = {nosuch: {}}' "*find interface 'nosuch': No such device*"
	refused '.linux.netDevices = {lo: {name: "x"}}' "*'lo' is a loopback interface*"
	refused '.linux.netDevices = {lash1: {}} | .linux.namespaces -= [{type: "network"}]' "*netDevices: without a private network*"
	refused '.linux.netDevices = {lash1: {}} | .linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)' \
		"*netDevices: the network namespace is not the container's own*"
	# What was moved before the container came to nothing is here again, as it was.
	ip addr add 10.9.7.1/24 dev lash1
	ip link set lash1 up
	refused '.linux.netDevices = {lash1: {name: "in"}} | .process.args = ["/nosuch"]' '*no such file or directory*'
	ip addr show lash1 | grep -q 'inet 10.9.7.1/24'
	ip link show lash1 | grep -q '[<,]UP'
	ip link set lash1 down
	refused '.linux.netDevices = {lash1: {name: "in"}} | .hooks.createRuntime = [{path: "/bin/false"}]' '*createRuntime hook*'
	ip link show lash1 | grep -q 'state DOWN'
	ip link del lash1
}

@test "runc intelRdt: the group is made, shared or checked, joined and removed" {
	export LASH_RESCTRL=$BATS_TEST_TMPDIR/resctrl
	mkdir -p "$LASH_RESCTRL/mon_groups" "$LASH_RESCTRL/shared/mon_groups"
	touch "$LASH_RESCTRL/schemata" "$LASH_RESCTRL/tasks"
	printf '    L3:0=f;1=f\n    MB:0=50\n' >"$LASH_RESCTRL/shared/schemata"
	configure '.process.args = ["sleep", "100"] | .linux.intelRdt = {l3CacheSchema: "L3:0=3", memBwSchema: "MB:0=20", schemata: ["L2:0=1"]}'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	[ "$(tr '\n' ' ' <"$LASH_RESCTRL/$id/schemata")" = "L3:0=3 MB:0=20 L2:0=1 " ]
	[ "$(<"$LASH_RESCTRL/$id/tasks")" = "$(rc state "$id" | jq .pid)" ]
	rc exec "$id" true
	[ "$(wc -l <"$LASH_RESCTRL/$id/tasks")" -eq 2 ]
	# More and less of it, and what there is to tell: all or nothing, and never of others.
	rc update --l3-cache-schema L3:0=7 --mem-bw-schema MB:0=30 "$id"
	[ "$(tail -n 2 "$LASH_RESCTRL/$id/schemata" | tr '\n' ' ')" = "L3:0=7 MB:0=30 " ]
	[ "$(jq -c .linux.intelRdt.l3CacheSchema,.linux.intelRdt.memBwSchema "$root/$id/config.json" | tr '\n' ' ')" = '"L3:0=7" "MB:0=30" ' ]
	printf '    L3:0=5\n    MB:0=40\n' >"$LASH_RESCTRL/$id/schemata"
	run --separate-stderr rc update --l3-cache-schema L3:0=1 --cpuset-cpus 99999 "$id"
	assert_status 1
	[ "$(tr -d ' ' <"$LASH_RESCTRL/$id/schemata" | tr '\n' ' ')" = "L3:0=5 MB:0=40 L3:0=1 L3:0=5 MB:0=40 " ]
	mkdir -p "$LASH_RESCTRL/info/L3" "$LASH_RESCTRL/info/MB" "$LASH_RESCTRL/$id/mon_data/mon_L3_00" "$LASH_RESCTRL/$id/mon_data/mon_L3_01"
	echo ff >"$LASH_RESCTRL/info/L3/cbm_mask"
	echo 10 >"$LASH_RESCTRL/info/MB/min_bandwidth"
	echo "L3:0=ff" >"$LASH_RESCTRL/schemata"
	echo 4096 >"$LASH_RESCTRL/$id/mon_data/mon_L3_00/llc_occupancy"
	echo 77 >"$LASH_RESCTRL/$id/mon_data/mon_L3_01/mbm_total_bytes"
	[ "$(rc events --stats "$id" | jq -c .data.intel_rdt)" = '{"l3_cache_info":{"cbm_mask":"ff"},"l3_cache_schema_root":"L3:0=ff","l3_cache_schema":"L3:0=5","mem_bw_info":{"min_bandwidth":10},"mem_bw_schema":"MB:0=40","mbm_stats":[{},{"mbm_total_bytes":77}],"cmt_stats":[{"llc_occupancy":4096},{}]}' ]
	refused_here=$(rc --root "$root-2" create -b "$bundle" "$id" 2>&1 3>&- || :)
	[[ $refused_here == *"not empty"* || $refused_here == *"exists already"* ]] || fail "$refused_here"
	rc delete --force "$id"
	[ ! -e "$LASH_RESCTRL/$id" ]
	configure '.process.args = ["sleep", "100"] | .linux.intelRdt = {closID: "shared", schemata: ["MB:0=50"], enableMonitoring: true}'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	[ "$(<"$LASH_RESCTRL/shared/mon_groups/$id/tasks")" = "$(rc state "$id" | jq .pid)" ]
	rc delete --force "$id"
	[ -e "$LASH_RESCTRL/shared/tasks" ]
	[ ! -e "$LASH_RESCTRL/shared/mon_groups/$id" ]
	refused '.linux.intelRdt = {closID: "shared", memBwSchema: "MB:0=60"}' "*'shared' exists with other schemata than 'MB:0=60'*"
	refused '.linux.intelRdt = {closID: ".."}' "*intelRdt.closID: '..' is no name*"
	export LASH_RESCTRL=$BATS_TEST_TMPDIR/none
	refused '.linux.intelRdt = {}' "*linux.intelRdt: resctrl is not mounted*"
}

# as_nobody COMMAND... - as a user without any privilege.
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups env XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/user" "$@"
}

@test "runc rootless: one id, or those of subuid, without any privilege" {
	need kernel:userns newuidmap setpriv
	mkdir "$BATS_TEST_TMPDIR/user"
	chown -R 65534:65534 "$BATS_TEST_TMPDIR/user" "$bundle"
	chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR" "$bundle"
	cp "$(readlink -f "$(command -v runc)")" "$BATS_TEST_TMPDIR/runc"
	rm "$bundle/config.json"
	as_nobody "$BATS_TEST_TMPDIR/runc" spec --rootless -b "$bundle"
	jq --arg script 'cd /proc/self; cat uid_map setgroups oom_score_adj; touch /new; echo x >/dev/null && echo null' '
		.process.terminal = false | .process.oomScoreAdj = 300 | .root.readonly = false |
		.process.args = ["sh", "-c", $script]' "$bundle/config.json" >"$BATS_TEST_TMPDIR/config"
	cp "$BATS_TEST_TMPDIR/config" "$bundle/config.json"
	run --separate-stderr as_nobody "$BATS_TEST_TMPDIR/runc" run -b "$bundle" "$id"
	assert_status 0
	assert_line "*0*65534*1"
	assert_line deny
	assert_line 300
	assert_line null
	[ "$(stat -c %u "$rootfs/new")" = 65534 ]
	jq '.linux.resources = {memory: {limit: 0, disableOOMKiller: false}, pids: {limit: 9}}' "$bundle/config.json" >"$BATS_TEST_TMPDIR/config"
	run --separate-stderr as_nobody "$BATS_TEST_TMPDIR/runc" run -b "$bundle" -f "$BATS_TEST_TMPDIR/config" "$id"
	assert_status 1
	assert_one_line "*linux.resources.pids: there is no cgroup that may be used*"
	echo '65534:200000:65536' >"$BATS_TEST_TMPDIR/subids"
	touch /etc/subuid /etc/subgid
	mount --bind "$BATS_TEST_TMPDIR/subids" /etc/subuid
	mount --bind "$BATS_TEST_TMPDIR/subids" /etc/subgid
	jq '.linux.uidMappings += [{containerID: 1, hostID: 200000, size: 1000}] | .linux.gidMappings += [{containerID: 1, hostID: 200000, size: 1000}] |
		.process.user = {uid: 5, gid: 6, additionalGids: [7]} | .process.args = ["sh", "-c", "id -u; id -G; cat /proc/self/gid_map"]' \
		"$bundle/config.json" >"$BATS_TEST_TMPDIR/config"
	cp "$BATS_TEST_TMPDIR/config" "$bundle/config.json"
	run --separate-stderr as_nobody "$BATS_TEST_TMPDIR/runc" run -b "$bundle" "$id"
	assert_status 0
	assert_line 5
	assert_line "6 7"
	assert_line "*1*200000*1000"
	jq '.linux.uidMappings[1].hostID = 300000' "$bundle/config.json" >"$BATS_TEST_TMPDIR/config"
	cp "$BATS_TEST_TMPDIR/config" "$bundle/config.json"
	run --separate-stderr as_nobody "$BATS_TEST_TMPDIR/runc" run -b "$bundle" "$id"
	umount /etc/subuid /etc/subgid
	assert_status 1
	assert_one_line "*write linux.uidMappings and linux.gidMappings: Operation not permitted*"
}

@test "runc hooks: environment, directory, a mount namespace that is the host's, and a failure of each kind" {
	local kind log=$BATS_TEST_TMPDIR/log
	configure '.process.args = ["true"] | .mounts = [] | .linux.namespaces -= [{type: "mount"}] | .linux.maskedPaths = [] |
		.linux.readonlyPaths = [] | .process.cwd = "/" | .hooks = {createRuntime: [{path: "/bin/sh", env: ["A=b"],
		args: ["sh", "-c", "echo $A $HOME; pwd; jq -r .annotations.k; readlink /proc/self/ns/mnt >&2"]}]} | .annotations = {k: "v"} |
		.hooks.createRuntime[0].args[2] |= "exec >>'"$log"'; " + .'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_status 0
	[ "$(<"$log")" = "$(printf 'b\n%s\nv' "$bundle")" ] || fail "$(<"$log")"
	for kind in prestart createRuntime createContainer startContainer; do
		configure '.process.args = ["true"] | .hooks.'$kind' = [{path: "/bin/sh", args: ["sh", "-c", "echo why >&2; exit 9"]},
			{path: "/bin/touch", args: ["touch", "'"$BATS_TEST_TMPDIR"'/second"]}]'
		run --separate-stderr rc run -b "$bundle" "$id"
		assert_status 1
		assert_one_line "*error running $kind hook #0*exit status 9*why*"
		[ ! -e "$BATS_TEST_TMPDIR/second" ]
		[ ! -e "$root/$id" ]
		configure '.process.args = ["true"] | .hooks.'$kind' = [{path: "/bin/sleep", args: ["sleep", "50"], timeout: 1}]'
		run --separate-stderr rc run -b "$bundle" "$id"
		assert_one_line "*$kind hook #0*killed after 1 s*"
	done
	configure '.process.args = ["sleep", "100"] | .hooks.poststart = [{path: "/bin/false"}]'
	run --separate-stderr rc run -d -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*poststart hook #0*exit status 1*"
	[ ! -e "$root/$id" ]
	configure '.process.args = ["true"] | .hooks.poststop = [{path: "/bin/false"}, {path: "/bin/touch", args: ["touch", "'"$BATS_TEST_TMPDIR"'/after"]}]'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_status 0
	[[ $stderr == *"poststop hook #0"* ]] || fail "$stderr"
	[ -e "$BATS_TEST_TMPDIR/after" ]
}
