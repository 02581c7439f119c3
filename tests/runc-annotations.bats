# runc-annotations.bats - run.oci.*, which Podman, Buildah and CRI-O say things with.
# shellcheck shell=bash disable=SC2154,SC2016,SC2030,SC2031

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
	need setpriv
}

setup() {
	runc_setup
}

teardown() {
	runc_teardown
}

# with_groups ... - runc, called by somebody in two more groups.
with_groups() {
	setpriv --groups 4242,4243 timeout -k 5 60 runc --root "$root" "$@"
}

@test "runc: run.oci.keep_original_groups keeps the caller's groups, also in a user namespace and for exec" {
	configure '.process.args = ["id", "-G"] | .process.user.additionalGids = [7]'
	run --separate-stderr with_groups run -b "$bundle" "$id"
	assert_output "0 7"
	configure '.process.args = ["sh", "-c", "id -G; sleep 1000"] | .annotations = {"run.oci.keep_original_groups": "1"}'
	with_groups run -d -b "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	wait_for 20 grep -q "0 4242 4243" "$BATS_TEST_TMPDIR/out"
	run --separate-stderr with_groups exec "$id" id -G
	assert_output "0 4242 4243"
	rc delete --force "$id"
	need kernel:userns
	chmod 755 "$BATS_TEST_TMPDIR" "$bundle"
	chown -R 100000:100000 "$rootfs"
	configure '.process.args = ["id", "-G"] | .annotations = {"run.oci.keep_original_groups": "1"} |
		.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] |
		.linux.gidMappings = .linux.uidMappings'
	run --separate-stderr with_groups run -b "$bundle" "$id"
	assert_output "0 65534 65534"
	configure '.process.args = ["id", "-G"] | .annotations = {"run.oci.keep_original_groups": "0"}'
	run --separate-stderr with_groups run -b "$bundle" "$id"
	assert_output 0
}

@test "runc: annotations that ask for what is not here are refused" {
	local name
	for name in run.oci.handler run.oci.seccomp.plugins run.oci.delegate-cgroup \
		run.oci.systemd.force_cgroup_v1 run.oci.systemd.subgroup; do
		configure '.process.args = ["true"] | .annotations = {"'$name'": "krun"}'
		run --separate-stderr rc run -b "$bundle" "$id"
		assert_status 1
		assert_one_line "*annotations: '$name' is not supported: 'krun'*"
		[ ! -e "$root/$id" ]
	done
	configure '.process.args = ["true"] | .annotations = {"run.oci.mount_context_type": "mycontext"}'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*annotations: 'run.oci.mount_context_type' knows no 'mycontext'*"
	configure '.process.args = ["echo", "ran"] | .annotations = {"run.oci.handler": "", "run.oci.mount_context_type": "fscontext",
		"run.oci.systemd.subgroup": "", "run.oci.other": "x"}'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_output ran
}

@test "runc: a hook's daemon that goes on talking is not waited for" {
	configure '.process.args = ["true"] | .hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "yes & exit 0"],
		timeout: 77}]'
	sed -i 's/"timeout": 77/"timeout": 9223372036854775807/' "$bundle/config.json"
	rc run -b "$bundle" "$id" 3>&-
	# One that kills who waits for it: that is told, not died of.
	configure '.process.args = ["true"] | .hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c",
		"kill -9 $(tr -d \" \\n\" | grep -o \"pid.:[0-9]*\" | cut -d: -f2)"]}]'
	run --separate-stderr rc run -b "$bundle" "$id" 3>&-
	assert_status 1
	[[ $stderr == *"init died without saying why"* ]] || fail "$stderr"
}

@test "runc: run.oci.hooks.stdout and .stderr take what hooks of the host say" {
	local hook='[{"path": "/bin/sh", "args": ["sh", "-c", "echo out; echo err >&2"]}]'
	configure '.process.args = ["true"] | .annotations = {"run.oci.hooks.stdout": "'"$BATS_TEST_TMPDIR/out"'",
		"run.oci.hooks.stderr": "'"$BATS_TEST_TMPDIR/err"'"} |
		.hooks = {createRuntime: '"$hook"', createContainer: '"$hook"', startContainer: '"$hook"', poststart: '"$hook"', poststop: '"$hook"'}'
	rc create -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
	rc start "$id"
	wait_for 20 is_stopped
	rc delete "$id"
	[ "$(xargs <"$BATS_TEST_TMPDIR/out")" = "out out out out" ]
	[ "$(xargs <"$BATS_TEST_TMPDIR/err")" = "err err err err" ]
}

@test "runc: run.oci.pidfd_receiver gets a pidfd of init, run.oci.seccomp.receiver the listener" {
	need python3
	cat >"$BATS_TEST_TMPDIR/take.py" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen(1)
		c, _ = s.accept()
		data, fds, _, _ = socket.recv_fds(c, 65536, 4)
		open(sys.argv[2], "w").write("%s %d\n" % (data.decode(), len(fds)))
	END
	local what
	for what in pidfd seccomp; do
		python3 "$BATS_TEST_TMPDIR/take.py" "$BATS_TEST_TMPDIR/$what.sock" "$BATS_TEST_TMPDIR/$what" 3>&- &
		wait_for 20 test -S "$BATS_TEST_TMPDIR/$what.sock"
	done
	configure '.process.args = ["sleep", "1000"] | .annotations = {
		"run.oci.pidfd_receiver": "'"$BATS_TEST_TMPDIR/pidfd.sock"'",
		"run.oci.seccomp.receiver": "'"$BATS_TEST_TMPDIR/seccomp.sock"'"} |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	rc create -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
	wait_for 20 grep -q "standard 1" "$BATS_TEST_TMPDIR/pidfd"
	wait_for 20 grep -q "seccompFd.* 1$" "$BATS_TEST_TMPDIR/seccomp"
}

@test "runc: run.oci.seccomp_fail_unknown_syscall makes an unknown name an error" {
	configure '.process.args = ["echo", "ran"] | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "nosuchcall"], action: "SCMP_ACT_ERRNO"}]}'
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_output ran
	jq '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "1"}' "$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
	run --separate-stderr rc run -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*linux.seccomp: unknown system call 'nosuchcall'*"
}

@test "runc exec: --cgroup names controllers on v1, several times" {
	need kernel:cgroup1
	configure '.process.args = ["sleep", "1000"] | .linux.namespaces |= map(select(.type != "cgroup"))'
	rc run -d -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
	mkdir "/sys/fs/cgroup/memory/$group/sub" "/sys/fs/cgroup/pids/$group/sub" "/sys/fs/cgroup/pids/$group/other"
	run --separate-stderr rc exec --cgroup memory,pids:sub --cgroup pids:/other "$id" cat /proc/self/cgroup
	assert_status 0
	assert_line "*:memory:/$group/sub"
	assert_line "*:pids:/$group/other"
	assert_line "*:freezer:/$group"
	refused() {
		run --separate-stderr rc exec --cgroup "$1" "$id" true
		assert_status 255
		assert_one_line "$2"
	}
	refused nosuch:sub "*--cgroup: no controller 'nosuch' here*"
	refused freezer:sub "*--cgroup: '$group/sub' has no controller 'freezer'*"
	refused memory:nosuch "*open cgroup '$group/nosuch': No such file*"
	refused memory:../.. "*open cgroup '$group/../..': Invalid argument*"
}

@test "runc: run.oci.seccomp_bpf_data is a filter instead of linux.seccomp, for exec too" {
	local filter
	# Load the number; mkdir is answered by EBUSY, everything else allowed.
	filter=$(printf '\x20\0\0\0\0\0\0\0\x15\0\0\x01\x53\0\0\0\x06\0\0\0\x10\0\x05\0\x06\0\0\0\0\0\xff\x7f' | base64)
	configure '.process.args = ["sh", "-c", "mkdir /x; mkdir -p /y; sleep 1000"] | .annotations = {"run.oci.seccomp_bpf_data": "'"$filter"'"} |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getuid"], action: "SCMP_ACT_KILL"}]}'
	rc run -d -b "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	run rc exec "$id" sh -c 'mkdir /z; id -u; grep Seccomp: /proc/self/status'
	[[ $output == *"mkdir: can't create directory '/z': Device or resource busy"*0*"Seccomp:"*2 ]] || fail "$output"
	wait_for 20 grep -q "'/x': Device or resource busy" "$BATS_TEST_TMPDIR/out"
	rc delete --force "$id"
	for filter in x AAAA "$(head -c 40000 /dev/zero | base64 -w 0)"; do
		configure '.process.args = ["true"] | .annotations = {"run.oci.seccomp_bpf_data": "'"$filter"'"}'
		run --separate-stderr rc run -b "$bundle" "$id"
		assert_status 1
		assert_one_line "*annotations: 'run.oci.seccomp_bpf_data' is no filter*"
	done
	[ ! -e "$root/$id" ]
}
