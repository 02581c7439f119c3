# runc-seccomp.bats - linux.seccomp in force: refusals, calls newer than the profile, an agent that answers.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common

setup_file() {
	need root jq busybox python3
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

setup() {
	root=$BATS_TEST_TMPDIR/state
	bundle=$BATS_TEST_TMPDIR/bundle
	id=$(unique)
	mkdir "$bundle"
}

teardown() {
	[ -z "${agent-}" ] || kill "$agent" 2>/dev/null || :
	runc --root "$root" delete --force "$id"
}

# configure COMMAND FILTER - a container that runs a shell command, its config changed by a jq filter.
configure() {
	rm -f "$bundle/config.json"
	runc spec -b "$bundle"
	jq --arg group "/$id" --arg rootfs "$BATS_FILE_TMPDIR/rootfs" --arg command "$1" '
		.process.terminal = false | .root.path = $rootfs | .linux.cgroupsPath = $group | .process.rlimits = [] |
		.root.readonly = false | .process.args = ["sh", "-c", $command] | '"$2" "$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
}

container() {
	runc --root "$root" run -b "$bundle" "$id" 3>&-
}

# start_agent - take one listener at $BATS_TEST_TMPDIR/agent, keep the message, answer each call with ENOMEDIUM.
start_agent() {
	python3 - "$BATS_TEST_TMPDIR/agent" "$BATS_TEST_TMPDIR/message" 3>&- <<-'PYTHON' &
		import fcntl, socket, struct, sys, threading
		def answer(fd):
		    try:
		        while True:
		            call = bytearray(80)
		            fcntl.ioctl(fd, 0xc0502100, call)
		            fcntl.ioctl(fd, 0xc0182101, struct.pack("QqiI", struct.unpack_from("Q", call)[0], 0, -123, 0))
		    except OSError:
		        pass
		server = socket.socket(socket.AF_UNIX)
		server.bind(sys.argv[1])
		server.listen(1)
		while True:
		    conn, _ = server.accept()
		    text, fds, _, _ = socket.recv_fds(conn, 65536, 4)
		    with open(sys.argv[2], "wb") as f:
		        f.write(text)
		    threading.Thread(target=answer, args=(fds[0],), daemon=True).start()
	PYTHON
	agent=$!
	wait_for 20 test -S "$BATS_TEST_TMPDIR/agent"
}

@test "runc seccomp: what is refused says so, with and without no_new_privs" {
	local nnp
	for nnp in true false; do
		configure 'mkdir /tmp/x; echo $?' '.process.noNewPrivileges = '$nnp' | .linux.seccomp = {
			defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 42}]}'
		run --separate-stderr container
		assert_output 1
		[[ $stderr == *"No message of desired type"* ]] || fail "$stderr"
	done
}

@test "runc seccomp: a filter compiled once is found again" {
	configure 'grep Seccomp: /proc/self/status' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	run --separate-stderr container
	assert_output "Seccomp:	2"
	[ "$(find "$root/.cache" -type f | wc -l)" -eq 1 ]
	run --separate-stderr container
	assert_output "Seccomp:	2"
	[ "$(find "$root/.cache" -type f | wc -l)" -eq 1 ]
	[ "$(stat -c %a "$root/.cache")" = 700 ]
}

@test "runc seccomp: a profile that makes no sense is named, and leaves nothing" {
	configure true '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir"], action: "SCMP_ACT_ALLOW"}, {names: ["mkdir"], action: "SCMP_ACT_MAYBE"}]}'
	run --separate-stderr container
	assert_status 1
	[[ $stderr == *"linux.seccomp.syscalls[1].action: unknown action 'SCMP_ACT_MAYBE'"* ]] || fail "$stderr"
	[ ! -e "$root/$id" ]
	configure true '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	run --separate-stderr container
	assert_status 1
	[[ $stderr == *"linux.seccomp.listenerPath: missing"* ]] || fail "$stderr"
}

@test "runc seccomp: an agent answers for the container" {
	local nnp
	start_agent
	for nnp in true false; do
		configure 'mkdir /tmp/x; sleep 1000' '.process.noNewPrivileges = '$nnp' | .linux.seccomp = {
			defaultAction: "SCMP_ACT_ALLOW", listenerPath: "'"$BATS_TEST_TMPDIR/agent"'", listenerMetadata: "meta",
			syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]} | .annotations = {"a.b": "c"}'
		timeout 20 runc --root "$root" run -d -b "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 3>&-
		wait_for 20 grep -q "No medium found" "$BATS_TEST_TMPDIR/said"
		[ "$(jq -r '.fds[0], .metadata, .state.id, .state.status, .state.annotations."a.b"' "$BATS_TEST_TMPDIR/message")" = \
			"$(printf '%s\n' seccompFd meta "$id" creating c)" ]
		jq -e '.pid == .state.pid and .pid > 0' "$BATS_TEST_TMPDIR/message"
		runc --root "$root" kill "$id" KILL
		wait_for 20 stopped
		runc --root "$root" delete "$id"
	done
}

@test "runc seccomp: an agent answers for what exec adds" {
	start_agent
	configure 'sleep 1000' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		listenerPath: "'"$BATS_TEST_TMPDIR/agent"'",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}'
	timeout 20 runc --root "$root" run -d -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
	run --separate-stderr timeout 20 runc --root "$root" exec "$id" mkdir /tmp/x
	assert_status 1
	[[ $stderr == *"No medium found"* ]] || fail "$stderr"
	jq -e '.state.status == "running" and .pid != .state.pid and (has("metadata") | not)' "$BATS_TEST_TMPDIR/message"
}

stopped() {
	[ "$(runc --root "$root" state "$id" | jq -r .status)" = stopped ]
}

@test "runc seccomp: without its agent a container is not made" {
	configure true '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nowhere/agent",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	run --separate-stderr container
	assert_status 1
	[[ $stderr == *"linux.seccomp.listenerPath '/nowhere/agent'"* ]] || fail "$stderr"
	[ ! -e "$root/$id" ]
	run ! ls -d /sys/fs/cgroup/*/"$id"
}
