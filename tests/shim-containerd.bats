# shim-containerd.bats - containerd-shim-lash-v2 without containerd: started and spoken to as containerd does it.
# shellcheck shell=bash disable=SC2154,SC2016,SC2034 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/shim

setup() {
	need root python3 jq runc busybox
	shim_setup
	ns=t$$-$BATS_TEST_NUMBER
	events=$BATS_TEST_TMPDIR/events
	servers=()
	receive_events
}

teardown() {
	local pid dir
	for dir in "$BATS_TEST_TMPDIR"/*/; do
		[ ! -e "$dir/address" ] || shim_v2 "$(basename "$dir")" delete >/dev/null 2>&1 || :
	done
	for pid in "${servers[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	umount -l "$BATS_TEST_TMPDIR/l" 2>/dev/null || :
	shim_teardown
}

ttrpc() {
	"$LASH_TOP/tests/lib/ttrpc" "$@"
}

# receive_events - be containerd for events, until the test ends.
receive_events() {
	"$LASH_TOP/tests/lib/ttrpc" events "$BATS_TEST_TMPDIR/ev.sock" >>"$events" 2>/dev/null 3>&- &
	receiver=$!
	clients+=("$receiver")
	wait_for 30 test -S "$BATS_TEST_TMPDIR/ev.sock"
}

# shim_v2 ID WORD... - run the shim as containerd runs it, in the container's bundle.
shim_v2() {
	local id=$1
	shift
	(cd "$BATS_TEST_TMPDIR/$id" && TTRPC_ADDRESS=${EVENTS-$BATS_TEST_TMPDIR/ev.sock} \
		containerd-shim-lash-v2 -namespace "$ns" -address /run/fake.sock -id "$id" "$@" 3>&-)
}

# serve ID - sets $sock and $server; $options is the file of an Any for stdin.
serve() {
	local address
	address=$(shim_v2 "$1" start <"${options-/dev/null}")
	sock=${address#unix://}
	server=$(call Connect "id=$1" | jq .shim_pid)
	servers+=("$server")
}

call() {
	ttrpc call "$sock" "$@"
}

# create ID [FIELD]... - Create, with its bundle.
create() {
	call Create "id=$1" "bundle=$BATS_TEST_TMPDIR/$1" "${@:2}"
}

# topics - of the events so far, those of exec with its id.
topics() {
	jq -r '.topic + (if .event.value.exec_id then " " + .event.value.exec_id elif .event.value.id then " " + .event.value.id else "" end)' "$events"
}

has_topic() {
	topics | grep -qxF -e "$1"
}

# fifos NAME - three fifos, kept open by nobody.
fifos() {
	mkfifo "$1.in" "$1.out" "$1.err"
}

ended() {
	[ "$(call State "id=$1" "${@:2}" | jq -r .status)" = 3 ]
}

@test "containerd-shim-lash-v2 --help, misuse" {
	run containerd-shim-lash-v2 --help
	assert_status 0
	run --separate-stderr containerd-shim-lash-v2 start
	assert_status 2
	assert_one_line "containerd-shim-lash-v2: need -namespace and -id; *"
	run --separate-stderr containerd-shim-lash-v2 -namespace n -id i frob
	assert_status 2
	assert_one_line "containerd-shim-lash-v2: unknown action 'frob'; *"
	run containerd-shim-lash-v2 -v
	assert_line "*Version:*"
}

@test "containerd-shim-lash-v2 -info: names the runtime and what it can do" {
	containerd-shim-lash-v2 -info </dev/null | ttrpc decode RuntimeInfo >info
	[ "$(jq -r .name info)" = io.containerd.lash.v2 ]
	[ "$(jq -r .features.value info | jq -r .ociVersionMax)" != null ]
}

@test "containerd-shim-lash-v2 start: answers in the dialect of its stdin and environment, once a server" {
	make_bundle a false sleep 1000
	serve a
	[ "$sock" = "/run/containerd/s/$(printf /run/fake.sock/%s/a "$ns" | sha256sum | cut -d ' ' -f 1)" ]
	[ "$(cat a/address)" = "unix://$sock" ]
	[ "$(stat -c %a "$sock")" = 600 ]
	[ "$(MAX_SHIM_VERSION=2 shim_v2 a start </dev/null | jq -c .)" = "{\"version\":2,\"address\":\"unix://$sock\",\"protocol\":\"ttrpc\"}" ]
	[ "$(MAX_SHIM_VERSION=4 shim_v2 a start </dev/null | jq .version)" = 3 ]
	ttrpc encode BootstrapParams instance_id=a "namespace=$ns" log_level=-4 >params
	shim_v2 a start <params | ttrpc decode BootstrapResult >result
	[ "$(jq -c . result)" = "{\"version\":3,\"address\":\"unix://$sock\",\"protocol\":\"ttrpc\"}" ]
	# Parameters of somebody else are taken for options, which they are not.
	ttrpc encode BootstrapParams instance_id=b "namespace=$ns" >params
	[ "$(shim_v2 a start <params)" = "unix://$sock" ]
	[ "$(TTRPC_SERVICE=containerd.task.v3.Task call Connect id=a | jq .shim_pid)" = "$server" ]
	[ "$(awk '/^Threads/ { print $2 }' "/proc/$server/status")" = 1 ]
	call Shutdown id=a
	wait_for 30 gone "$server"
	[ ! -e "$sock" ]
	# Many at once, where a dead one has left its socket: one of them is it.
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$sock"
	for i in 1 2 3 4 5 6; do
		make_bundle "a$i" false sleep 1000
		jq '.annotations = {"io.kubernetes.cri.sandbox-id": "a"}' "a$i/config.json" >config && mv config "a$i/config.json"
		shim_v2 "a$i" start </dev/null >"answer$i" &
		starters+=($!)
	done
	for i in "${starters[@]}"; do
		wait "$i"
	done
	[ "$(sort -u answer?)" = "unix://$sock" ]
	server=$(call Connect id=a | jq .shim_pid)
	servers+=("$server")
	[ "$(pgrep -f -- "containerd-shim-lash-v2 -namespace $ns ")" = "$server" ]
	# What is not its own stays.
	mv "$sock" "$sock.moved"
	touch "$sock"
	ttrpc call "$sock.moved" Shutdown id=a
	wait_for 30 gone "$server"
	[ -f "$sock" ]
	rm "$sock" "$sock.moved"
}

@test "containerd-shim-lash-v2: a container's life, every request and event" {
	RESOURCES='{"pids": {"limit": 50}}' make_bundle a false sh -c 'trap "exit 3" TERM; echo up; while :; do sleep 0.1; done'
	fifos a/io
	serve a
	[ "$(call Connect id=a | jq .task_pid)" = null ]
	pid=$(create a stdout="$PWD/a/io.out" | jq .pid)
	[ "$(cat a/init.pid)" = "$pid" ]
	[ "$(call State id=a | jq -c '[.status, .pid, .bundle, .id]')" = "[1,$pid,\"$PWD/a\",\"a\"]" ]
	[ "$(call Connect id=a | jq .task_pid)" = "$pid" ]
	call Wait id=a >waited &
	run create a
	[[ $output == "code 6: "* ]] || fail "$output"
	run call Delete id=nosuch
	[[ $output == "code 5: "* ]] || fail "$output"
	[ "$(call Start id=a | jq .pid)" = "$pid" ]
	run call Start id=a
	[[ $output == "code 9: "* ]] || fail "$output"
	read -r line <a/io.out
	[ "$line" = up ]
	run call Delete id=a
	[[ $output == "code 9: cannot delete a running process" ]] || fail "$output"
	[ "$(call Pids id=a | jq ".processes[0].pid")" = "$pid" ]
	call Pause id=a
	[ "$(call State id=a | jq .status)" = 4 ]
	call Resume id=a
	[ "$(call State id=a | jq .status)" = 2 ]
	call Update id=a resources.type_url=types.containerd.io/opencontainers/runtime-spec/1/LinuxResources \
		'resources.value={"pids": {"limit": 40}}'
	call Stats id=a >stats
	[ "$(jq '.stats.value.pids | [.limit, .current > 0] | tostring' stats)" = '"[40,true]"' ] || fail "$(cat stats)"
	[ "$(jq '.stats.value | (.cpu.usage.total // .cpu.usage_usec) > 0' stats)" = true ] || fail "$(cat stats)"
	[ "$(jq '.stats.value.memory.usage | if type == "object" then .usage else . end > 0' stats)" = true ] || fail "$(cat stats)"
	# Which of the two it is depends on the machine: make check-vm has v2 alone.
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || [ "$(jq -r .stats.type_url stats)" = io.containerd.cgroups.v2.Metrics ]
	call ResizePty id=a width=80 height=24
	run call Kill id=a signal=200
	[[ $output == "code 3: "* ]] || fail "$output"
	call Kill id=a signal=15
	wait $!
	[ "$(jq .exit_status waited)" = 3 ]
	[ "$(call State id=a | jq -c '[.status, .exit_status]')" = "[3,3]" ]
	run call Kill id=a signal=9
	[[ $output == "code 5: "* ]] || fail "$output"
	run call Start id=a
	[[ $output == "code 9: "* ]] || fail "$output"
	call Delete id=a >deleted
	[ "$(jq -c '[.pid, .exit_status]' deleted)" = "[$pid,3]" ]
	[ "$(call Delete id=a)" = "$(cat deleted)" ]
	run call State id=a
	[[ $output == "code 5: "* ]] || fail "$output"
	call Shutdown id=a
	wait_for 30 gone "$server"
	run topics
	assert_output "$(printf '/tasks/%s\n' create start paused resumed 'exit a' delete)"
	[ "$(jq -r 'select(.topic == "/tasks/exit") | .namespace + .method' "$events")" = "${ns}containerd.services.events.ttrpc.v1.Events/Forward" ]
}

# spec WORD... - a process object for Exec.
spec() {
	jq -nc '{terminal: ($ENV.TTY == "1"), user: {uid: 0, gid: 0}, cwd: "/", args: $ARGS.positional, env: ["PATH=/bin"]}' --args -- "$@"
}

@test "containerd-shim-lash-v2: further processes, their input, ends and failures" {
	make_bundle a false sleep 1000
	fifos a/x
	serve a
	create a >/dev/null
	call Start id=a >/dev/null
	call Exec id=a exec_id=x stdin="$PWD/a/x.in" stdout="$PWD/a/x.out" "spec.value=$(spec sh -c 'cat; exit 5')"
	run call Exec id=a exec_id=x "spec.value=$(spec true)"
	[[ $output == "code 6: "* ]] || fail "$output"
	run call Kill id=a exec_id=x signal=9
	[[ $output == "code 9: "* ]] || fail "$output"
	call Wait id=a exec_id=x >waited &
	waiter=$!
	cat a/x.out >out &
	pid=$(call Start id=a exec_id=x | jq .pid)
	[ "$(call State id=a exec_id=x | jq -c '[.id, .pid, .status, .exec_id]')" = "[\"x\",$pid,2,\"x\"]" ]
	[ "$(call Pids id=a | jq -c ".processes[] | select(.pid == $pid) | .info.value")" = '{"exec_id":"x"}' ]
	# Those who write come and go; it ends when it is said to.
	echo one >a/x.in
	echo two >a/x.in
	call CloseIO id=a exec_id=x stdin=1
	wait "$waiter"
	[ "$(jq .exit_status waited)" = 5 ]
	[ "$(call Delete id=a exec_id=x | jq .exit_status)" = 5 ]
	wait $!
	[ "$(cat out)" = "$(printf 'one\ntwo')" ]
	run call State id=a exec_id=x
	[[ $output == "code 5: "* ]] || fail "$output"

	# No id of a process touches a file of the container's.
	init=$(cat a/init.pid)
	call Exec id=a exec_id=init "spec.value=$(spec sleep 1000)"
	pid=$(call Start id=a exec_id=init | jq .pid)
	[ "$(cat a/init.pid)" = "$init" ]
	[ "$pid" != "$init" ]
	call Kill id=a exec_id=init signal=9
	[ "$(call Wait id=a exec_id=init | jq .exit_status)" = 137 ]
	call Delete id=a exec_id=init >/dev/null

	# Deleted before it is started, and asked to start nevertheless, all at once.
	run ttrpc batch "$sock" Exec id=a exec_id=q "spec.value=$(spec true)" -- Delete id=a exec_id=q -- Start id=a exec_id=q
	assert_line "Exec {}"
	assert_line "Start code 9: process 'q' was started or deleted already"
	assert_line "Delete {*"

	# Its input ended before it began.
	call Exec id=a exec_id=y stdin="$PWD/a/x.in" "spec.value=$(spec sh -c 'cat; exit 6')"
	call CloseIO id=a exec_id=y stdin=1
	call Start id=a exec_id=y >/dev/null
	[ "$(call Wait id=a exec_id=y | jq .exit_status)" = 6 ]
	call Delete id=a exec_id=y >/dev/null

	# One that cannot be started ends, too.
	call Exec id=a exec_id=z "spec.value=$(spec nosuch)"
	call Wait id=a exec_id=z >waited &
	run call Start id=a exec_id=z
	[[ $output == "code 2: OCI runtime exec failed: "*"executable file not found in \$PATH"* ]] || fail "$output"
	wait $!
	[ "$(jq .exit_status waited)" = 255 ]
	call Delete id=a exec_id=z >/dev/null

	# Init takes the others along, and its end is told last.
	call Exec id=a exec_id=w "spec.value=$(spec sleep 1000)"
	call Start id=a exec_id=w >/dev/null
	call Kill id=a signal=9
	[ "$(call Wait id=a | jq .exit_status)" = 137 ]
	[ "$(call State id=a exec_id=w | jq -c '[.status, .exit_status]')" = "[3,137]" ]
	run call Exec id=a exec_id=v "spec.value=$(spec true)"
	[[ $output == "code 9: "* ]] || fail "$output"
	call Delete id=a >/dev/null
	wait_for 30 has_topic /tasks/delete
	run topics
	assert_output "$(printf '/tasks/%s\n' create start 'exec-added x' 'exec-started x' 'exit x' 'exec-added init' 'exec-started init' \
		'exit init' 'exec-added q' 'exec-added y' \
		'exec-started y' 'exit y' 'exec-added z' 'exec-added w' 'exec-started w' 'exit w' 'exit a' delete)"
}

@test "containerd-shim-lash-v2: output that nobody takes waits; what holds it at the end is not waited for" {
	make_bundle a false sh -c 'seq 100000; sleep 1000'
	fifos a/io
	serve a
	create a stdout="$PWD/a/io.out" >/dev/null
	call Start id=a >/dev/null
	# A reader that leaves in the middle is no end, and no loss.
	exec 9<a/io.out
	head -c 100000 <&9 >out
	exec 9<&-
	timeout 60 cat a/io.out >rest &
	reader=$!
	wait_for 30 eval '[ "$(cat out rest | tail -n 1)" = 100000 ]'
	[ "$(cat out rest | md5sum)" = "$(seq 100000 | md5sum)" ]
	call Exec id=a exec_id=x stdout="$PWD/a/io.err" "spec.value=$(spec sh -c 'sleep 1000 & echo kept')"
	cat a/io.err >err &
	call Start id=a exec_id=x >/dev/null
	call Wait id=a exec_id=x >/dev/null
	timeout 60 "$LASH_TOP/tests/lib/ttrpc" call "$sock" Delete id=a exec_id=x >/dev/null
	wait $!
	[ "$(cat err)" = kept ]
	call Kill id=a signal=9
	call Wait id=a >/dev/null
	call Delete id=a >/dev/null
	wait "$reader"
}

@test "containerd-shim-lash-v2: a terminal, its size, its end" {
	make_bundle a true sh -c 'test -t 0 && test -t 1 && echo terminal; read -r x; stty size; exit 4'
	jq --arg go "$PWD/go" '.hooks.createRuntime = [{path: "/bin/sh",
		args: ["sh", "-c", ": >\"$1\".seen; until [ -e \"$1\" ]; do sleep 0.1; done", "sh", $go]}]' a/config.json >config
	mv config a/config.json
	fifos a/io
	serve a
	cat a/io.out >out &
	reader=$!
	create a stdin="$PWD/a/io.in" stdout="$PWD/a/io.out" terminal=1 >/dev/null &
	creator=$!
	# Between a runtime's connection and its terminal there are hooks; nobody else waits for them.
	wait_for 30 test -e go.seen
	timeout 60 "$LASH_TOP/tests/lib/ttrpc" call "$sock" Connect id=a >/dev/null
	touch go
	wait "$creator"
	call ResizePty id=a width=91 height=17
	call Start id=a >/dev/null
	wait_for 30 grep -q terminal out
	echo >a/io.in
	[ "$(call Wait id=a | jq .exit_status)" = 4 ]
	call Delete id=a >/dev/null
	wait "$reader"
	grep -q '^17 91' out || fail "$(cat out)"
	[ "$(find a -type s)" = "" ]
}

@test "containerd-shim-lash-v2: output to a file and to a logger" {
	make_bundle a false sh -c 'echo out; echo err >&2'
	make_bundle b false sh -c 'echo out; echo err >&2'
	cat >logger <<-'END'
		#!/bin/sh
		# The arguments, the environment, then both streams.
		echo "$* $CONTAINER_ID $CONTAINER_NAMESPACE" >"$2"
		exec 5>&-
		cat <&3 >>"$2"
		cat <&4 >>"$2"
		echo end >>"$2"
	END
	chmod +x logger
	serve a
	create a stdout="file://$PWD/logs/a%20log" stderr="file://$PWD/logs/a%20log" >/dev/null
	call Start id=a >/dev/null
	call Wait id=a >/dev/null
	call Delete id=a >/dev/null
	[ "$(sort "logs/a log")" = "$(printf 'err\nout')" ]
	# A fifo nobody reads is no file; the server does not wait for a reader.
	mkfifo unread
	serve a
	run create a stdout="file://$PWD/unread"
	[[ $output == *"open 'file://$PWD/unread'"* ]]
	serve b
	create b stdout="binary://$PWD/logger?to=$PWD/b.log&k=v" >/dev/null
	call Start id=b >/dev/null
	call Wait id=b >/dev/null
	call Delete id=b >/dev/null
	wait_for 30 grep -q end b.log
	[ "$(cat b.log)" = "$(printf 'to %s k v b %s\nout\nerr\nend' "$PWD/b.log" "$ns")" ]
	# It has ended by itself: its number may be somebody else's by the time we would ask it to.
	strace -qq -e trace=kill -o signals -p "$server" &
	tracer=$!
	run create b stdout="binary:///no/such"
	[[ $output == "code 2: the logger cannot be started" ]] || fail "$output"
	run create b stdout="ttrpc+unix:///x"
	[[ $output == "code 2: unknown kind of stdio 'ttrpc+unix:///x'" ]] || fail "$output"
	run call State id=b
	[[ $output == "code 5: "* ]] || fail "$output"
	sleep 2.5
	kill "$tracer"
	wait "$tracer" || :
	run cat signals
	assert_output ""
}

@test "containerd-shim-lash-v2: the root file system is mounted, and unmounted with the container" {
	make_bundle a false sh -c 'echo new >/etc/new; cat /etc/passwd'
	mkdir -p a/rootfs a/up a/work "$PWD/l"
	jq --arg root "$PWD/a/rootfs" '.root.path = $root' a/config.json >config && mv config a/config.json
	serve a
	run create a rootfs='{"type": "overlay", "source": "overlay", "options": ["lowerdir=/no/such", "upperdir=/no", "workdir=/no"]}'
	[[ $output == "code 2: "*"mount 'overlay' (overlay)"* ]] || fail "$output"
	mount -t tmpfs tmpfs "$PWD/l"
	mkdir "$PWD/l/up" "$PWD/l/work"
	create a stdout="file://$PWD/log" \
		rootfs="{\"type\": \"overlay\", \"source\": \"overlay\", \"options\": [\"lowerdir=$BATS_FILE_TMPDIR/rootfs\", \"upperdir=$PWD/l/up\", \"workdir=$PWD/l/work\"]}" >/dev/null
	grep -qF "$PWD/a/rootfs" /proc/self/mounts
	[ "$(jq -r 'select(.topic == "/tasks/create") | .event.value.rootfs[0].type' "$events")" = overlay ]
	call Start id=a >/dev/null
	[ "$(call Wait id=a | jq '.exit_status // 0')" = 0 ]
	call Delete id=a >/dev/null
	! grep -qF "$PWD/a/rootfs" /proc/self/mounts
	grep -q ^root: log
	[ "$(cat "$PWD/l/up/etc/new")" = new ]
	create a rootfs="{\"type\": \"bind\", \"source\": \"$BATS_FILE_TMPDIR/rootfs\", \"options\": [\"rbind\", \"ro\"]}" >/dev/null
	grep -F "$PWD/a/rootfs" /proc/self/mounts | grep -q ' ro,'
	call Delete id=a >/dev/null
	! grep -qF "$PWD/a/rootfs" /proc/self/mounts
	umount "$PWD/l"
}

# owners DIR FILE... - as whom they are seen.
owners() {
	(cd "$1" && shift && stat -c %u:%g "$@") | tr '\n' ' '
}

@test "containerd-shim-lash-v2: a root file system with ids of its own, of a bind and of overlay's layers" {
	need kernel:6.3 # on a tmpfs; others have it longer
	local maps='"uidmap=0:100000:1000,1000:200000:10", "gidmap=0:100000:1000,1000:300000:10"' gid
	make_bundle a false sleep 1000
	mkdir -p a/rootfs low/bin low/proc low/dev low2/etc up work
	cp "$BATS_FILE_TMPDIR/rootfs/bin/busybox" low/bin/sleep
	touch low/mine low2/etc/theirs
	chown 1001:1002 low2/etc/theirs
	jq --arg root "$PWD/a/rootfs" '.root.path = $root' a/config.json >config && mv config a/config.json
	serve a
	create a rootfs="{\"type\": \"bind\", \"source\": \"$PWD/low\", \"options\": [\"rbind\", $maps]}" >/dev/null
	[ "$(owners a/rootfs mine)" = '100000:100000 ' ]
	call Delete id=a >/dev/null
	create a rootfs="{\"type\": \"overlay\", \"source\": \"overlay\", \"options\": [\"lowerdir=$PWD/low2:$PWD/low\",
		\"upperdir=$PWD/up\", \"workdir=$PWD/work\", $maps]}" >/dev/null
	[ "$(owners a/rootfs mine etc/theirs)" = '100000:100000 200001:300002 ' ]
	# What it was made of is out of sight, and nothing has changed below.
	[ "$(grep -c "$PWD/a/" /proc/self/mounts)" = 1 ]
	[ ! -e a/layers ]
	[ "$(owners low2 etc/theirs)" = '1001:1002 ' ]
	call Delete id=a >/dev/null
	! grep -qF "$PWD/a/" /proc/self/mounts
	for gid in '' ', "gidmap=0:1"' ', "gidmap=0:0:0"'; do
		run create a rootfs="{\"type\": \"bind\", \"source\": \"$PWD/low\", \"options\": [\"rbind\", \"uidmap=0:1:1\"$gid]}"
		[[ $output == "code 2: "*map* ]] || fail "$output"
	done
}

@test "containerd-shim-lash-v2: a root file system in a file, through a loop device that goes with it" {
	need kernel:loop mke2fs
	make_bundle a false true
	mkdir -p a/rootfs
	truncate -s 16M image
	mke2fs -q -d "$BATS_FILE_TMPDIR/rootfs" image
	jq --arg root "$PWD/a/rootfs" '.root.path = $root' a/config.json >config && mv config a/config.json
	serve a
	run create a rootfs='{"type": "ext2", "source": "/no/such", "options": ["loop"]}'
	[[ $output == "code 2: "*"open '/no/such'"* ]] || fail "$output"
	create a rootfs="{\"type\": \"ext2\", \"source\": \"$PWD/image\", \"options\": [\"loop\", \"ro\"]}" >/dev/null
	grep -F "$PWD/a/rootfs" /proc/self/mounts | grep -q '^/dev/loop.* ro,'
	device=$(grep -F "$PWD/a/rootfs" /proc/self/mounts | sed 's|^/dev/||; s/ .*//')
	[ "$(cat "/sys/block/$device/loop/backing_file")" = "$PWD/image" ]
	call Start id=a >/dev/null
	[ "$(call Wait id=a | jq '.exit_status // 0')" = 0 ]
	call Delete id=a >/dev/null
	! grep -qF "$PWD/a/rootfs" /proc/self/mounts
	wait_for 20 eval '[ "$(cat "/sys/block/$device/loop/backing_file" 2>/dev/null)" != "$PWD/image" ]'
}

@test "containerd-shim-lash-v2: a pod has one server, which stays until its last container has gone" {
	make_bundle a false sleep 1000
	make_bundle b false sleep 1000
	for id in a b; do
		jq '.annotations = {"io.kubernetes.cri.sandbox-id": "a"}' $id/config.json >config && mv config $id/config.json
	done
	serve a
	first=$server
	create a >/dev/null
	serve b
	[ "$server" = "$first" ]
	[ "$(cat b/address)" = "unix://$sock" ]
	create b >/dev/null
	call Start id=b >/dev/null
	call Kill id=a signal=9
	wait_for 30 ended a
	call Delete id=a >/dev/null
	call Shutdown id=a
	[ "$(call State id=b | jq .status)" = 2 ]
	call Kill id=b signal=9
	call Wait id=b >/dev/null
	call Delete id=b >/dev/null
	call Shutdown id=b
	wait_for 30 gone "$server"
}

@test "containerd-shim-lash-v2 delete: removes what a killed server left, and reports 137" {
	make_bundle a false sleep 1000
	mkdir -p a/rootfs
	jq --arg root "$PWD/a/rootfs" '.root.path = $root' a/config.json >config && mv config a/config.json
	serve a
	pid=$(create a rootfs="{\"type\": \"bind\", \"source\": \"$BATS_FILE_TMPDIR/rootfs\", \"options\": [\"rbind\"]}" | jq .pid)
	call Start id=a >/dev/null
	kill -KILL "$server"
	wait_for 30 gone "$server"
	shim_v2 a -bundle "$PWD/a" delete | ttrpc decode DeleteResponse >deleted
	[ "$(jq -c '[.pid, .exit_status]' deleted)" = "[$pid,137]" ]
	wait_for 30 gone "$pid"
	! grep -qF "$PWD/a/rootfs" /proc/self/mounts
	[ ! -e "$sock" ]
	[ -z "$(runc --root "/run/containerd/runc/$ns" list -q)" ]
	[ "$(shim_v2 a delete | ttrpc decode DeleteResponse | jq .exit_status)" = 137 ]
}

@test "containerd-shim-lash-v2: events wait for containerd, and come in order when it is back" {
	make_bundle a false sh -c 'exit 9'
	serve a
	kill "$receiver"
	wait_for 30 gone "$receiver"
	rm ev.sock
	# First there is one that answers what is no answer: a frame that is too long.
	python3 -c 'import socket
s = socket.socket(socket.AF_UNIX); s.bind("ev.sock"); s.listen()
c = s.accept()[0]; c.recv(10); c.sendall(bytes([0, 80, 0, 0, 0, 0, 0, 1, 2, 0]))
while c.recv(4096): pass' 3>&- &
	liar=$!
	wait_for 30 test -S ev.sock
	create a >/dev/null
	wait "$liar"
	call Start id=a >/dev/null
	[ "$(call Wait id=a | jq .exit_status)" = 9 ]
	call Delete id=a >/dev/null
	call Shutdown id=a
	receive_events
	wait_for 30 gone "$server"
	run topics
	assert_output "$(printf '/tasks/%s\n' create start 'exit a' delete)"
}

@test "containerd-shim-lash-v2: without a ttrpc address events go by the publish binary" {
	make_bundle a false true
	cat >publish <<-END
		#!/bin/sh
		echo "\$*" >>"$PWD/published"
		exec "$LASH_TOP/tests/lib/ttrpc" decode Any >>"$PWD/published"
	END
	chmod +x publish
	EVENTS='' shim_v2 a -publish-binary "$PWD/publish" start </dev/null >address
	sock=$(cat address)
	sock=${sock#unix://}
	server=$(call Connect id=a | jq .shim_pid)
	servers+=("$server")
	create a >/dev/null
	call Delete id=a >/dev/null
	call Shutdown id=a
	wait_for 30 gone "$server"
	[ "$(grep -c ^--address published)" = 3 ]
	[ "$(head -n 1 published)" = "--address /run/fake.sock publish --topic /tasks/create --namespace $ns" ]
	[ "$(sed -n 2p published | jq -r .type_url)" = containerd.events.TaskCreate ]
}

@test "containerd-shim-lash-v2: a container that is out of memory is told of while it runs" {
	RESOURCES='{"memory": {"limit": 16777216, "swap": 16777216}}' make_bundle a false sh -c 'tail /dev/zero; sleep 1000'
	serve a
	create a >/dev/null
	call Start id=a >/dev/null
	wait_for 30 has_topic /tasks/oom
	[ "$(call State id=a | jq .status)" = 2 ]
	call Kill id=a signal=9
	call Wait id=a >/dev/null
	call Delete id=a >/dev/null
}

@test "containerd-shim-lash-v2: a container that shares processes takes them along nevertheless" {
	HOST_PIDS=1 make_bundle a false sh -c 'sleep 12345 & echo $! >/tmp/pid; wait; sleep 1000'
	serve a
	create a >/dev/null
	call Start id=a >/dev/null
	wait_for 30 test -s "$BATS_FILE_TMPDIR/rootfs/tmp/pid"
	other=$(cat "$BATS_FILE_TMPDIR/rootfs/tmp/pid")
	call Kill id=a signal=9
	call Wait id=a >/dev/null
	wait_for 30 gone "$other"
	call Delete id=a >/dev/null
}

@test "containerd-shim-lash-v2: options of the runtime, checkpoint and restore reach its command line" {
	make_bundle a false sleep 1000
	cat >fake <<-END
		#!/bin/sh
		# A runtime that notes what it is asked, and makes a process where one is expected.
		echo "\$*" | sed 's|--log /proc/[^ ]* ||' >>"$PWD/asked"
		[ ! -e "$PWD/broken" ] || { echo broken; exit 1; }
		while [ \$# -gt 0 ]; do
			[ "\$1" = --pid-file ] && { sleep 1000 <&- >&- 2>&- & printf %s \$! >"\$2"; }
			shift
		done
		exit 0
	END
	chmod +x fake
	serve a
	ttrpc encode Options "binary_name=$PWD/fake" root=/run/r systemd_cgroup=1 no_pivot_root=1 no_new_keyring=1 >options
	create a options.type_url=containerd.runc.v1.Options options.value=@options >/dev/null
	touch broken
	run call Delete id=a
	[ "$output" = "code 2: OCI runtime delete failed: broken" ]
	rm broken
	call Start id=a >/dev/null
	ttrpc encode CheckpointOptions exit=1 open_tcp=1 file_locks=1 cgroups_mode=soft work_path=/w 'empty_namespaces="network"' >cp
	call Checkpoint id=a path=/image options.type_url=containerd.runc.v1.CheckpointOptions options.value=@cp
	kill "$(cat a/init.pid)"
	[ "$(call Wait id=a | jq .exit_status)" = 143 ]
	call Delete id=a >/dev/null
	create a checkpoint=/image options.type_url=containerd.runc.v1.Options options.value=@options >/dev/null
	[ "$(call State id=a | jq -c '[.status, .pid]')" = "[1,null]" ]
	pid=$(call Start id=a | jq .pid)
	[ "$(cat a/init.pid)" = "$pid" ]
	kill "$pid"
	call Wait id=a >/dev/null
	call Delete id=a >/dev/null
	g="--root /run/r/$ns --log-format json --systemd-cgroup"
	run cat asked
	assert_output "$(printf -- "$g %s\n" "create --bundle $PWD/a --pid-file $PWD/a/init.pid --no-pivot --no-new-keyring a" \
		"delete --force a" "start a" "checkpoint --image-path /image --work-path /w --manage-cgroups-mode soft --tcp-established --file-locks --empty-ns network a" \
		"delete a" "restore --detach --no-subreaper --bundle $PWD/a --image-path /image --work-path $PWD/a/work --pid-file $PWD/a/init.pid a" \
		"delete a")"
	has_topic /tasks/checkpointed
}

@test "containerd-shim-lash-v2: what is no request is refused, and the server stays" {
	make_bundle a false sleep 1000
	serve a
	run call Frobnicate id=a
	[[ $output == "code 12: "* ]] || fail "$output"
	TTRPC_SERVICE=other.Service run call State id=a
	[[ $output == "code 12: "* ]] || fail "$output"
	run call Create id=../a bundle=/b
	[[ $output == "code 3: "* ]] || fail "$output"
	run call Create id=a bundle="$PWD/nosuch"
	[[ $output == "code 2: "* ]] || fail "$output"
	# A frame of garbage, one too long, an even stream, and then one that is fine.
	run ttrpc raw "$sock" "00000003000000010100ffffff"
	assert_line '1 2 *"code": 3*'
	run ttrpc raw "$sock" "00000000000000020100"
	assert_line '2 2 *"code": 3*'
	{ printf '\0\120\0\0\0\0\0\3\1\0'; head -c 5242880 /dev/zero; } >long
	run python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(open("long", "rb").read())
print(s.recv(4096)[10:])' "$sock"
	[[ $output == *"longer than 4 MiB"* ]] || fail "$output"
	head -c 4096 /dev/urandom >noise
	timeout 30 socat -u OPEN:noise "UNIX-CONNECT:$sock" || :
	[ "$(call Connect id=a | jq .shim_pid)" = "$server" ]
}
