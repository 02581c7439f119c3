# runc.bats - create, start and run.
# shellcheck shell=bash disable=SC2154,SC2016,SC2030,SC2031 # $status and friends are bats's; $ in quotes is for the container

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

@test "runc: shows its verbs, and refuses what it does not know" {
	run --separate-stderr runc --help
	assert_status 0
	for verb in create delete exec features kill list pause ps resume run spec start state update; do
		assert_line "  $verb *"
	done
	run --separate-stderr runc --version
	assert_line "runc version *"
	assert_line "spec: 1.*"
	run --separate-stderr runc nosuchverb
	assert_status 2
	assert_one_line "*nosuchverb*"
	run --separate-stderr runc create --no-such-option x
	assert_status 2
	assert_one_line "*--no-such-option*"
	run --separate-stderr runc create
	assert_one_line '*create*requires exactly 1 argument(s)*'
}

@test "runc: takes long options with one dash" {
	configure '.process.args = ["true"]'
	run rc run -no-subreaper -bundle "$bundle" "$id"
	assert_status 0
}

@test "runc: a name that is no name is refused before anything is made" {
	for bad in .. . a/b 'a b' ''; do
		run --separate-stderr rc create -b "$bundle" "$bad"
		assert_status 1
		[[ $stderr == *"invalid container ID format"* || $stderr == *"cannot be empty"* ]] || fail "$stderr"
	done
	[ ! -e "$root" ] || fail "state was written"
}

@test "runc run: gives output, exit status and standard input" {
	in_box 'echo out; echo err >&2; exit 7'
	assert_status 7
	assert_output out
	[ "$stderr" = err ] || fail "$stderr"
	in_box 'kill -9 $$'
	# A namespace's init cannot kill itself.
	assert_status 0
	configure '.process.args = ["cat"]'
	run --separate-stderr rc run -b "$bundle" "$id" <<<"through"
	assert_output through
	[ -z "$(ls -A "$root")" ] || fail "state is left"
}

@test "runc run: the process sees its own namespaces, names and groups" {
	in_box 'hostname; echo $$; cat /proc/self/cgroup; ls /sys/class/net; cat /proc/net/if_inet6 /proc/net/route | wc -l'
	assert_status 0
	assert_line runc
	assert_line 1
	assert_in_group
	assert_line lo
}

@test "runc run: mounts, devices and links are what config.json says" {
	in_box 'for d in null zero full random urandom tty; do [ -c /dev/$d ] || echo no $d; done
		for l in fd stdin ptmx; do readlink /dev/$l; done
		echo x >/dev/null && head -c 4 /dev/zero | wc -c
		grep " /sys " /proc/mounts; touch /sys/x 2>&1; ls /proc/scsi 2>/dev/null | wc -l
		echo 1 >/proc/sys/kernel/domainname'
	[[ $output != *"no "* ]] || fail "$output"
	assert_line /proc/self/fd
	assert_line pts/ptmx
	assert_line 4
	assert_line "sysfs /sys sysfs ro,*"
	[[ $stderr == *"Read-only"* ]] || fail "$stderr"
}

@test "runc run: binds take options, keep the source's, and make their targets" {
	mkdir "$BATS_TEST_TMPDIR/src" && echo hi >"$BATS_TEST_TMPDIR/src/f"
	in_box 'cat /a/b/c/f /etc/file; touch /a/b/c/x; grep -E " /a/b/c | /etc/file " /proc/mounts' \
		".mounts += [{destination: \"/a/b/c\", type: \"bind\", source: \"$BATS_TEST_TMPDIR/src\",
			options: [\"rbind\", \"ro\", \"nosuid\"]},
			{destination: \"/etc/file\", source: \"$BATS_TEST_TMPDIR/src/f\", options: [\"bind\", \"nodev\"]}]"
	assert_line hi
	assert_line "* /a/b/c * ro,nosuid,*"
	assert_line "* /etc/file * rw,nodev,*"
	[[ $stderr == *"Read-only"* ]] || fail "$stderr"
}

@test "runc run: a missing bind source is an error that names it, and leaves nothing" {
	configure '.mounts += [{destination: "/x", source: "/no/such/dir", options: ["bind"]}]'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*/no/such/dir*No such file or directory*"
	[ -z "$(ls -A "$root")" ] || fail "state is left"
	[ ! -e "$rootfs/x" ] || fail "a target was made"
}

@test "runc run: a target behind a dangling link is made inside the root" {
	ln -s ../run/deep/file "$rootfs/etc/link"
	echo hi >"$BATS_TEST_TMPDIR/f"
	in_box 'cat /etc/link; ls /run/deep' \
		".mounts += [{destination: \"/etc/link\", source: \"$BATS_TEST_TMPDIR/f\", options: [\"bind\"]}]"
	assert_line hi
	assert_line file
}

@test "runc run: tmpfs takes its directory's mode, its contents when asked, and ro last" {
	mkdir -m 1700 "$rootfs/data"
	echo hi >"$rootfs/data/f"
	in_box 'stat -c %a /data; cat /data/f; touch /data/g; ls /data/sub; stat -c %a /new' \
		'.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["ro", "tmpcopyup"]},
			{destination: "/data/sub", type: "tmpfs", source: "tmpfs"},
			{destination: "/new", type: "tmpfs", source: "tmpfs"}]'
	assert_line 1700
	assert_line hi
	assert_line 1777
	[[ $stderr == *"Read-only"* ]] || fail "$stderr"
}

@test "runc run: a file system the kernel refuses is named with its own words" {
	configure '.mounts += [{destination: "/x", type: "tmpfs", source: "t", options: ["size=huge"]}]'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*mount 'tmpfs' on '/x'*size*"
	configure '.mounts += [{destination: "/x", type: "nosuchfs"}]'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_one_line "*mount 'nosuchfs' on '/x'*not supported by this kernel*"
}

@test "runc run: mounts of cgroups show the container's own, read-only" {
	in_box 'find /sys/fs/cgroup -name "*.procs" -maxdepth 2 | head -n 1 | xargs cat; touch /sys/fs/cgroup/x;
		grep -c " /sys/fs/cgroup" /proc/mounts'
	assert_line 1
	[[ $stderr == *"Read-only"* ]] || fail "$stderr"
	# Two of them, also on one place.
	in_box 'cat /proc/self/cgroup; ls /other; grep -c " /sys/fs/cgroup" /proc/mounts' \
		'.mounts += (.mounts | map(select(.type == "cgroup")) | . + map(.destination = "/other"))'
	assert_status 0
	assert_line "*pids*"
}

@test "runc run: user, groups, home, umask and working directory" {
	echo 'app:x:1000:1000::/home/app:/bin/sh' >>"$rootfs/etc/passwd"
	in_box 'id -u; id -g; id -G; echo $HOME; pwd; umask' \
		'.process.user = {uid: 1000, gid: 100, additionalGids: [7, 8], umask: 63} | .process.cwd = "/not/there"'
	assert_status 0
	assert_line 1000
	assert_line "100 7 8"
	assert_line /home/app
	assert_line /not/there
	assert_line 0077
}

@test "runc run: capabilities are those of config.json" {
	in_box 'grep Cap /proc/self/status' \
		'.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"]}'
	assert_line "CapBnd:*0021"
	assert_line "CapEff:*0020"
	assert_line "CapInh:*0000"
	in_box 'true' '.process.capabilities.bounding = ["CAP_NO_SUCH"]'
	assert_status 0
	[[ $stderr == *CAP_NO_SUCH* ]] || fail "not warned: $stderr"
}

@test "runc run: sysctl, rlimits, oom score, no_new_privs and seccomp are set" {
	in_box 'cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj; ulimit -n; grep NoNewPrivs /proc/self/status; mkdir /x' \
		'.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .process.oomScoreAdj = 500 |
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 99, hard: 100}] |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"],
			action: "SCMP_ACT_ERRNO", errnoRet: 5}]}'
	assert_line 1
	assert_line 500
	assert_line 99
	assert_line "NoNewPrivs:?1"
	[[ $stderr == *"Input/output error"* ]] || fail "$stderr"
}

@test "runc run: a sysctl of the host is refused" {
	configure '.linux.sysctl = {"vm.swappiness": "1"}'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*vm.swappiness*not in a separate kernel namespace*"
	configure '.linux.namespaces -= [{type: "network"}] | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_one_line "*net.ipv4.ip_forward*host's network namespace*"
}

@test "runc run: the root is read-only when asked, and limits hold" {
	in_box 'touch /x; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null' \
		'.root.readonly = true | .linux.resources.pids = {limit: 33}'
	[[ $stderr == *"Read-only"* ]] || fail "$stderr"
	assert_line 33
}

@test "runc run: a user namespace maps ids and still has devices" {
	need kernel:userns
	chown -R 100000:100000 "$rootfs"
	in_box 'id -u; cat /proc/self/uid_map; echo x >/dev/null && echo wrote; hostname' \
		'.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	assert_status 0
	assert_line 0
	assert_line "*0*100000*65536"
	assert_line wrote
}

@test "runc run: a user namespace given by path is joined, with what belongs to it" {
	need kernel:userns
	chown -R 100000:100000 "$rootfs"
	local map='[{containerID: 0, hostID: 100000, size: 65536}]'
	configure ".process.args = [\"sleep\", \"100\"] | .linux.namespaces += [{type: \"user\"}] |
		.linux.uidMappings = $map | .linux.gidMappings = $map"
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr rc exec "$id" sh -c 'id -u; cat /proc/self/uid_map'
	assert_status 0
	assert_line "*0*100000*65536"
	local pid
	pid=$(rc state "$id" | jq .pid)
	configure ".process.args = [\"sh\", \"-c\", \"id -u; readlink /proc/self/ns/user; readlink /proc/self/ns/net; ps | wc -l\"] |
		.linux.cgroupsPath = \"/$group/second\" | .linux.namespaces |= map(if .type == \"network\" then
		.path = \"/proc/$pid/ns/net\" else . end) | .linux.namespaces += [{type: \"user\", path: \"/proc/$pid/ns/user\"}]"
	run --separate-stderr rc run -b "$bundle" "$id-2"
	assert_status 0
	assert_line 0
	[[ $output == *"$(readlink "/proc/$pid/ns/user")"* ]] || fail "$output"
	[[ $output == *"$(readlink "/proc/$pid/ns/net")"* ]] || fail "$output"
}

@test "runc run: a time namespace has its offsets" {
	need kernel:time
	in_box 'cut -d. -f1 /proc/uptime' '.linux.namespaces += [{type: "time"}] |
		.linux.timeOffsets = {boottime: {secs: 100000000}}'
	assert_status 0
	[ "$output" -ge 100000000 ] || fail "$output"
}

@test "runc run: namespaces given by path are joined" {
	unshare -n -u sh -c 'hostname joined; sleep 60' 3>&- &
	local other=$!
	wait_for 20 nsenter -t "$other" -u sh -c '[ "$(hostname)" = joined ]'
	in_box 'hostname; readlink /proc/self/ns/net' 'del(.hostname) |
		.linux.namespaces |= map(if .type == "network" then .path = "/proc/'"$other"'/ns/net"
		elif .type == "uts" then .path = "/proc/'"$other"'/ns/uts" else . end)'
	local net
	net=$(readlink "/proc/$other/ns/net")
	kill "$other"
	assert_line joined
	[[ $output == *"$net"* ]] || fail "$output"
	configure '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_one_line "*open network namespace '/proc/self/ns/uts'*"
}

@test "runc run: programs that are not there or cannot run are told in the engines' words" {
	configure '.process.args = ["nosuch"]'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_status 1
	assert_one_line '*exec: \\"nosuch\\": executable file not found in $PATH*'
	configure '.process.args = ["/nosuch"]'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_one_line '*no such file or directory*'
	configure '.process.args = ["/etc/passwd"]'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_one_line '*permission denied*'
	configure '.process.args = ["/etc"]'
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_one_line '*is a directory*'
	[ -z "$(ls -A "$root")" ] || fail "state is left"
}

@test "runc run: config.json that is wrong is refused by member" {
	local filter want
	while IFS='|' read -r filter want; do
		configure "$filter"
		run --separate-stderr rc create -b "$bundle" "$id"
		assert_status 1
		assert_one_line "*$want*"
	done <<-'END'
		.process.args = []|process.args: args must not be empty
		.process.cwd = "x"|process.cwd: Cwd must be an absolute path
		.process.env = ["x"]|process.env*0*: not NAME=VALUE
		.mounts[3].destination = 5|mounts*3*.destination: string wanted, number found
		.linux.namespaces += [{type: "pid"}]|linux.namespaces*: given twice
		.linux.intelRdt = {}|linux.intelRdt: resctrl is not mounted
		.linux.maskedPaths = [1]|linux.maskedPaths*0*: string wanted
		del(.root)|root: missing
		del(.process)|process property must not be empty
		.ociVersion = "2.0.0"|ociVersion
		.linux.resources.memory.limit = "x"|linux.resources.memory.limit
		.process.apparmorProfile = "x"|apparmor
		.process.selinuxLabel = "x"|selinux
	END
	[ -z "$(ls -A "$root" 2>/dev/null)" ] || fail "state is left"
	rm "$bundle/config.json"
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_one_line "*JSON specification file config.json not found*"
}

@test "runc create: parks the process with nothing of the host open, and start lets it go" {
	configure '.process.args = ["sleep", "100"]'
	rc create -b "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" "$id" </dev/null >/dev/null 2>&1 3>&-
	[ "$(status_of)" = created ]
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	for fd in /proc/"$pid"/fd/*; do
		case $(readlink "$fd") in
		/dev/null | pipe:* | /proc | */exec.fifo | */bats*) ;;
		*) fail "$fd -> $(readlink "$fd")" ;;
		esac
	done
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_one_line "*container with given ID already exists*"
	rc start "$id"
	[ "$(status_of)" = running ]
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 100 " ]
	[ "$(find "/proc/$pid/fd" -type l | wc -l)" -eq 3 ]
	run --separate-stderr rc start "$id"
	assert_status 1
	assert_one_line "*cannot start an already running container*"
}

@test "runc create: the pid file holds digits alone and is absent after a failure" {
	configure '.process.args = ["sleep", "100"]'
	rc create -b "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" "$id" >/dev/null 2>&1 3>&-
	[[ $(od -An -c "$BATS_TEST_TMPDIR/pid" | tr -d ' \n') =~ ^[0-9]+$ ]]
	configure '.process.args = ["nosuch"]'
	run rc create -b "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid2" "$id-2"
	assert_status 1
	[ ! -e "$BATS_TEST_TMPDIR/pid2" ]
}

@test "runc start: tells why the program could not be executed" {
	printf 'not a program' >"$rootfs/bin/bad"
	chmod +x "$rootfs/bin/bad"
	configure '.process.args = ["/bin/bad"]'
	rc create -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr rc start "$id"
	assert_status 1
	assert_one_line "*exec /bin/bad: Exec format error*"
}

@test "runc: a log file gets the error as one JSON object, standard error the text" {
	configure '.process.args = ["nosuch"]'
	run --separate-stderr runc --root "$root" --log "$BATS_TEST_TMPDIR/log" --log-format json run -b "$bundle" "$id"
	assert_status 1
	assert_one_line 'runc run failed: unable to start container process: exec: "nosuch": executable file not found in $PATH'
	jq -es 'length == 1 and .[0].level == "error" and (.[0].msg | contains("executable file not found in $PATH"))
		and (.[0].time | test("^[0-9-]+T[0-9:.]+Z$"))' "$BATS_TEST_TMPDIR/log"
}

@test "runc: hooks run in order, where and with what the specification says" {
	local log=$BATS_TEST_TMPDIR/log hook=$BATS_TEST_TMPDIR/hook
	cat >"$hook" <<-'END'
		#!/bin/sh
		printf '%s %s %s\n' "$1" "$(jq -r '.status + " " + .id')" "$(readlink /proc/self/ns/mnt)" >>"$2"
	END
	chmod +x "$hook"
	printf '#!/bin/sh\ncat >/state; echo startContainer >>/log\n' >"$rootfs/hook"
	chmod +x "$rootfs/hook"
	configure ".process.args = [\"sh\", \"-c\", \"echo program >>/log\"] | .hooks = {
		prestart: [{path: \"$hook\", args: [\"h\", \"prestart\", \"$log\"]}],
		createRuntime: [{path: \"$hook\", args: [\"h\", \"createRuntime\", \"$log\"]}],
		createContainer: [{path: \"$hook\", args: [\"h\", \"createContainer\", \"$log\"]}],
		startContainer: [{path: \"/hook\"}],
		poststart: [{path: \"$hook\", args: [\"h\", \"poststart\", \"$log\"]}],
		poststop: [{path: \"$hook\", args: [\"h\", \"poststop\", \"$log\"]}]}"
	rc run -b "$bundle" "$id"
	[ "$(cut -d' ' -f1,2 "$log" | tr '\n' ';')" = \
		"prestart creating;createRuntime creating;createContainer creating;poststart running;poststop stopped;" ] ||
		fail "$(cat "$log")"
	[ "$(tr '\n' ' ' <"$rootfs/log")" = "startContainer program " ]
	[ "$(jq -r .status "$rootfs/state")" = created ]
	[ "$(sed -n 3p "$log" | cut -d' ' -f4)" != "$(sed -n 1p "$log" | cut -d' ' -f4)" ] || fail "same mount namespace"
}

@test "runc: a hook that fails or takes too long ends the create, with its words" {
	configure '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "echo broken >&2; exit 3"]}]}'
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*createRuntime hook*exit status 3*broken*"
	configure '.hooks = {prestart: [{path: "/bin/sleep", args: ["sleep", "50"], timeout: 1}]}'
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_one_line "*prestart hook*killed after 1 s*"
	[ -z "$(ls -A "$root")" ] || fail "state is left"
}

@test "runc run: -t has a terminal of the container's, with a size" {
	configure '.process.terminal = true | .process.args = ["sh", "-c", "tty; stty size; test -c /dev/console && echo console"]'
	run in_terminal "stty rows 33 cols 77; runc --root '$root' run -b '$bundle' '$id'"
	assert_status 0
	[[ $output == */dev/pts/0*console* ]] || fail "$output"
}

@test "runc create: a terminal goes to the console socket, and needs one" {
	need python3
	configure '.process.terminal = true | .process.args = ["sh", "-c", "tty; stty size"] |
		.process.consoleSize = {height: 11, width: 22}'
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_one_line "*cannot allocate tty if runc will detach without setting console socket*"
	cat >"$BATS_TEST_TMPDIR/take.py" <<-'END'
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen(1)
		c, _ = s.accept()
		name, fds, _, _ = socket.recv_fds(c, 4096, 4)
		assert len(fds) == 1 and name
		out = b""
		try:
		    while True:
		        block = os.read(fds[0], 4096)
		        if not block: break
		        out += block
		except OSError:
		    pass
		open(sys.argv[2], "wb").write(out)
	END
	python3 "$BATS_TEST_TMPDIR/take.py" "$BATS_TEST_TMPDIR/sock" "$BATS_TEST_TMPDIR/out" 3>&- &
	wait_for 20 test -S "$BATS_TEST_TMPDIR/sock"
	rc create -b "$bundle" --console-socket "$BATS_TEST_TMPDIR/sock" "$id" 3>&-
	rc start "$id"
	wait_for 20 grep -q '11 22' "$BATS_TEST_TMPDIR/out"
	grep -q /dev/pts/0 "$BATS_TEST_TMPDIR/out"
}

@test "runc run: --preserve-fds and socket activation hand on descriptors, and nothing else does" {
	echo kept >"$BATS_TEST_TMPDIR/f"
	configure '.process.args = ["sh", "-c", "cat <&3; ls /proc/self/fd | wc -l"]'
	run --separate-stderr rc run --preserve-fds 1 -b "$bundle" "$id" 3<"$BATS_TEST_TMPDIR/f" 5</etc/passwd
	assert_line kept
	assert_line 5
	run --separate-stderr rc run --preserve-fds 9 -b "$bundle" "$id" 3<"$BATS_TEST_TMPDIR/f"
	assert_status 1
	assert_one_line "*unable to stat preserved-fd*"
	configure '.process.args = ["sh", "-c", "echo $LISTEN_FDS $LISTEN_PID; cat <&3"]'
	run --separate-stderr sh -c 'export LISTEN_FDS=1 LISTEN_PID=$$; exec runc --root "$0" run -b "$1" "$2" 3<"$3"' \
		"$root" "$bundle" "$id" "$BATS_TEST_TMPDIR/f"
	assert_line "1 1"
	assert_line kept
}

@test "runc run: passes signals on, and returns 128 and the signal's number" {
	configure '.process.args = ["sh", "-c", "trap \"exit 42\" USR1; touch /ready; while :; do sleep 0.1; done"]'
	runc --root "$root" run -b "$bundle" "$id" >/dev/null 2>&1 3>&- &
	local pid=$! code=0
	wait_for 20 test -e "$rootfs/ready"
	kill -USR1 "$pid"
	wait "$pid" || code=$?
	[ "$code" -eq 42 ] || fail "code $code"
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run rc exec "$id" sh -c 'kill -KILL $$'
	assert_status 137
}

@test "runc run: a caller that ignores its children does not make it wait for ever" {
	configure '.process.args = ["sh", "-c", "exit 3"] | .hooks.poststop = [{path: "/bin/true"}]'
	run --separate-stderr sh -c 'trap "" CHLD; exec timeout 30 runc --root "$1" run -b "$2" "$3"' sh "$root" "$bundle" "$id"
	assert_status 3
	assert_empty "$stderr"
}

@test "runc create: a limit of open files too low for the start is told" {
	configure '.process.args = ["true"] | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 3}]'
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*open the start fifo: Too many open files*"
	[ -z "$(ls -A "$root")" ] || fail "state is left"
}

@test "runc run: --keep leaves the container for a look" {
	configure '.process.args = ["true"]'
	run rc run --keep -b "$bundle" "$id"
	assert_status 0
	[ "$(status_of)" = stopped ]
}

@test "runc run: a group somebody is in is refused and left alone" {
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr rc run -b "$bundle" "$id-2"
	assert_status 1
	assert_one_line "*container's cgroup is not empty: 1 process(es) found*"
	[ "$(status_of)" = running ]
}

@test "runc run: --no-pivot works as well" {
	in_box 'ls /; cat /proc/1/comm'
	local with=$output
	configure '.process.args = ["sh", "-c", "ls /; cat /proc/1/comm"]'
	run --separate-stderr rc run --no-pivot -b "$bundle" "$id"
	assert_status 0
	[ "$output" = "$with" ] || fail "$output"
}

@test "runc: readiness goes from the container to the service manager, and nothing else does" {
	need python3
	cat >"$BATS_TEST_TMPDIR/manager.py" <<-'END'
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		with open(sys.argv[2], "w", buffering=1) as out:
		    while True:
		        data, fds, _, _ = socket.recv_fds(s, 4096, 4)
		        out.write(data.decode() + "\n")
		        for fd in fds: os.close(fd)
	END
	python3 "$BATS_TEST_TMPDIR/manager.py" "$BATS_TEST_TMPDIR/sock" "$BATS_TEST_TMPDIR/got" 3>&- &
	local manager=$!
	wait_for 20 test -S "$BATS_TEST_TMPDIR/sock"
	cat >"$BATS_TEST_TMPDIR/say.py" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.connect(sys.argv[1])
		for m in sys.argv[2:]: s.send(m.encode())
	END
	configure '.process.args = ["sh", "-c", "echo $NOTIFY_SOCKET >/env; exec sleep 100"]'
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/sock rc create -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/sock rc start "$id" 3>&- &
	local starter=$!
	wait_for 20 test -S "$root/$id/notify/notify.sock"
	wait_for 20 test -s "$rootfs/env"
	[ "$(cat "$rootfs/env")" = /run/notify/notify.sock ]
	kill -0 "$starter"
	python3 "$BATS_TEST_TMPDIR/say.py" "$root/$id/notify/notify.sock" MAINPID=1 STATUS=x 'STATUS=y
READY=1'
	wait "$starter"
	[ "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/got")" = "READY=1 MAINPID=$(rc state "$id" | jq .pid) BARRIER=1 " ] ||
		fail "$(cat "$BATS_TEST_TMPDIR/got")"
	kill "$manager"
}

@test "runc create: --pidfd-socket gets a pidfd of init" {
	need python3
	cat >"$BATS_TEST_TMPDIR/take.py" <<-'END'
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen(1)
		c, _ = s.accept()
		name, fds, _, _ = socket.recv_fds(c, 4096, 4)
		info = open("/proc/self/fdinfo/%d" % fds[0]).read()
		open(sys.argv[2], "w").write(name.decode() + "\n" + info)
	END
	python3 "$BATS_TEST_TMPDIR/take.py" "$BATS_TEST_TMPDIR/sock" "$BATS_TEST_TMPDIR/out" 3>&- &
	wait_for 20 test -S "$BATS_TEST_TMPDIR/sock"
	configure '.process.args = ["sleep", "100"]'
	rc create -b "$bundle" --pidfd-socket "$BATS_TEST_TMPDIR/sock" "$id" >/dev/null 2>&1 3>&-
	wait_for 20 grep -q "^Pid:.$(rc state "$id" | jq .pid)$" "$BATS_TEST_TMPDIR/out"
	grep -q standard "$BATS_TEST_TMPDIR/out"
}
