# engines-podman.bats - Podman runs ordinary containers on our runc.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common

setup_file() {
	need root podman conmon busybox
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
	RUNC=$(command -v runc)
	PARENT=$(unique)
	export RUNC PARENT
	tar -C "$BATS_FILE_TMPDIR/rootfs" -c . | pod import - box >/dev/null 2>&1
}

# What podman started to clean up behind a container may still be at it; then rm fails and is to be repeated.
remove_all() {
	pod rm -f -a -t 0 >/dev/null 2>&1
}

teardown() {
	wait_for 20 remove_all
}

teardown_file() {
	local left
	left=$(find /sys/fs/cgroup -mindepth 3 -path "*/$PARENT/*" -type d ! -name conmon)
	find /sys/fs/cgroup -depth -path "*/$PARENT*" -type d -exec rmdir {} + || :
	assert_empty "$left" "control groups"
}

# pod - podman with everything of its own.
pod() {
	local own=$BATS_FILE_TMPDIR/podman
	podman --root "$own/root" --runroot "$own/run" --tmpdir "$own/tmp" --storage-driver vfs \
		--cgroup-manager cgroupfs --events-backend file --runtime "$RUNC" "$@" 3>&-
}

# start [OPTION]... IMAGE [ARG]... - podman run without a network, and within what this machine permits.
start() {
	pod run --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
		--cgroup-parent "/$PARENT" "$@"
}

@test "podman run: output, exit status, standard input" {
	run --separate-stderr start --rm box echo hello
	assert_status 0
	assert_output hello
	run start --rm box sh -c 'exit 7'
	assert_status 7
	run --separate-stderr start --rm -i box cat <<<"through"
	assert_status 0
	assert_output through
}

@test "podman run: a command that is not there is 127, one that cannot run is 126" {
	run -127 start --rm box nosuch
	run start --rm box /etc/passwd
	assert_status 126
}

@test "podman run -it: gives a terminal" {
	run in_terminal "$(declare -f pod start); start --rm -it box sh -c 'tty; test -t 0 && echo yes'"
	assert_status 0
	[[ $output == */dev/pts/0*yes* ]] || fail "$output"
}

@test "podman run -d, logs, kill, wait, rm" {
	start -d --name web box sh -c 'echo out; echo err >&2; exec sleep 1000' >/dev/null
	[ "$(pod inspect --format '{{.State.Status}} {{.OCIRuntime}}' web)" = "running $RUNC" ]
	wait_for 20 logs_are out err
	run pod exec web ps
	[[ $output == *"sleep 1000"* ]] || fail "$output"
	pod kill web >/dev/null
	run pod wait web
	assert_output 137
	pod rm web >/dev/null
	run pod inspect web
	assert_status 125
}

logs_are() {
	[ "$(pod logs web 2>/dev/null)" = "$1" ] && [ "$(pod logs web 2>&1 >/dev/null)" = "$2" ]
}

@test "podman stop: TERM, then KILL" {
	start -d --name web box sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
	pod stop -t 5 web >/dev/null
	run pod wait web
	assert_output 3
	start -d --name deaf box sh -c 'trap "" TERM; while :; do sleep 0.1; done' >/dev/null
	pod stop -t 1 deaf >/dev/null 2>&1
	run pod wait deaf
	assert_output 137
}

@test "podman exec: status, user, environment, directory, standard input, terminal" {
	start -d --name web box sleep 1000 >/dev/null
	run pod exec web sh -c 'exit 5'
	assert_status 5
	run -127 pod exec web nosuch
	run --separate-stderr pod exec -u nobody -e A=b -w /tmp web sh -c 'echo $(id -u) $A $PWD'
	assert_output "65534 b /tmp"
	run --separate-stderr pod exec -i web cat <<<"through"
	assert_output through
	run in_terminal "$(declare -f pod); pod exec -it web sh -c 'test -t 0 && echo terminal'"
	assert_status 0
	[[ $output == *terminal* ]] || fail "$output"
}

@test "podman pause, unpause, update, top, stats see the container" {
	start -d --name web box sleep 1000 >/dev/null
	pod pause web >/dev/null
	[ "$(pod inspect --format '{{.State.Status}}' web)" = paused ]
	pod unpause web >/dev/null
	[ "$(pod inspect --format '{{.State.Status}}' web)" = running ]
	run pod top web
	[[ $output == *"sleep 1000"* ]] || fail "$output"
	need kernel:cgroup1
	pod update --memory 48m web >/dev/null
	run pod exec web cat /sys/fs/cgroup/memory/memory.limit_in_bytes
	assert_output 50331648
}

@test "podman run: limits, capabilities, read-only root, users and mounts are as asked" {
	mkdir "$BATS_TEST_TMPDIR/data"
	echo content >"$BATS_TEST_TMPDIR/data/file"
	run --separate-stderr start --rm --read-only --user 1000:1000 --cap-drop all --hostname there \
		-v "$BATS_TEST_TMPDIR/data:/data:ro" --tmpfs /scratch -e A=b -w /scratch box sh -c '
		id -u; hostname; cat /data/file; grep CapBnd /proc/self/status; echo $A; pwd
		touch /scratch/x && echo scratch; touch /data/x || touch /x || echo read-only' 2>/dev/null
	assert_status 0
	assert_output "$(printf '%s\n' 1000 there content "CapBnd:	0000000000000000" b /scratch scratch read-only)"
	need kernel:cgroup1
	run --separate-stderr start --rm -m 32m --pids-limit 9 box sh -c '
		cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max'
	assert_output "$(printf '33554432\n9')"
}

@test "podman run --userns: ids are mapped, volumes idmapped, and exec goes there too" {
	need kernel:userns
	start -d --name web --uidmap 0:100000:5000 --gidmap 0:100000:5000 box sleep 1000 >/dev/null
	run --separate-stderr pod exec web sh -c 'cat /proc/self/uid_map; id -u; echo x >/dev/null && echo null; touch /new && stat -c %u /new'
	assert_status 0
	assert_line "*0*100000*5000"
	assert_line null
	[ "${lines[1]}${lines[3]}" = 00 ]
	[ "$(stat -c %u "/proc/$(pod inspect --format '{{.State.Pid}}' web)")" = 100000 ]
	mkdir "$BATS_TEST_TMPDIR/data"
	touch "$BATS_TEST_TMPDIR/data/file"
	run --separate-stderr start --rm --uidmap 0:100000:5000 --gidmap 0:100000:5000 -v "$BATS_TEST_TMPDIR/data:/data:idmap" box \
		sh -c 'stat -c %u /data/file; touch /data/new'
	assert_status 0
	assert_output 0
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/data/new")" = 0 ]
}

@test "podman healthcheck, stats: see and do what they should" {
	start -d --name web --health-cmd 'test -e /healthy' --health-interval disable --health-retries 1 box \
		sh -c 'touch /healthy; exec sleep 1000' >/dev/null
	wait_for 20 pod exec web test -e /healthy
	pod healthcheck run web
	pod exec web rm /healthy
	run pod healthcheck run web
	assert_status 1
	[ "$(pod inspect --format '{{.State.Health.Status}}' web)" = unhealthy ]
	run --separate-stderr pod stats --no-stream --format '{{.Name}} {{.PIDs}}' web
	assert_status 0
	assert_output "web 1"
}

@test "podman run: its seccomp profile is in force" {
	run --separate-stderr start --rm box grep Seccomp: /proc/self/status
	assert_output "Seccomp:	2"
}

@test "podman restart, rm -f: a container goes through its life twice" {
	start -d --name web box sleep 1000 >/dev/null
	pod restart -t 0 web >/dev/null
	[ "$(pod inspect --format '{{.State.Status}}' web)" = running ]
	pod rm -f -t 0 web >/dev/null
	run pod ps -aq
	assert_output ""
}

@test "podman pod: containers share namespaces" {
	start -d --name first box sleep 1000 >/dev/null
	run --separate-stderr pod run --rm --network container:first --pid container:first --ipc container:first \
		--ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --cgroup-parent "/$PARENT" box ps
	assert_status 0
	[[ $output == *"sleep 1000"* ]] || fail "$output" "$stderr"
}
