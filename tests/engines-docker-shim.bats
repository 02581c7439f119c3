# engines-docker-shim.bats - dockerd finds our shim as containerd-shim-runc-v2, and our runc beside it.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/containerd

setup_file() {
	need root dockerd docker containerd busybox script
	PARENT=$(unique)
	export PARENT
	mkdir -p "$BATS_FILE_TMPDIR/bin"
	ln -s "$(command -v containerd-shim-lash-v2)" "$BATS_FILE_TMPDIR/bin/containerd-shim-runc-v2"
	containerd_start "$BATS_FILE_TMPDIR/bin"
	docker_start --live-restore
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
	tar -C "$BATS_FILE_TMPDIR/rootfs" -c . | dock import - box >/dev/null
}

teardown() {
	local left
	left=$(dock ps -aq)
	# shellcheck disable=SC2086 # a list of ids
	[ -z "$left" ] || dock rm -f $left >/dev/null
}

teardown_file() {
	local left
	docker_stop TERM
	left=$(
		find /sys/fs/cgroup -mindepth 3 -path "*/$PARENT/*" -type d
		ls /run/containerd/s
	)
	containerd_kill TERM
	# A dockerd that was killed leaves its root mounted on itself.
	umount -Rl "$BATS_FILE_TMPDIR/data" || :
	find /sys/fs/cgroup -depth -path "*/$PARENT*" -type d -exec rmdir {} + || :
	assert_empty "$left" "left behind"
}

docker_start() {
	dockerd --containerd /run/cd/cd.sock --data-root "$BATS_FILE_TMPDIR/data" --exec-root /run/docker-exec \
		--pidfile /run/docker.pid -H unix:///run/docker.sock --bridge none --iptables=false --ip6tables=false \
		--storage-driver vfs --cgroup-parent "/$PARENT" --exec-opt native.cgroupdriver=cgroupfs "$@" \
		>>"$BATS_FILE_TMPDIR/dockerd.log" 2>&1 3>&- &
	wait_for 60 dock version >/dev/null 2>&1 || fail "$(tail -n 5 "$BATS_FILE_TMPDIR/dockerd.log")"
}

docker_stop() {
	local pid
	pid=$(cat /run/docker.pid)
	kill -s "$1" "$pid"
	wait_for 60 eval "! kill -0 $pid 2>/dev/null || grep -q '^State:.Z' /proc/$pid/status"
	rm -f /run/docker.pid
}

dock() {
	timeout --foreground 120 docker -H unix:///run/docker.sock "$@" 3>&-
}

start() {
	dock run --network none "$@"
}

is_state() {
	[ "$(dock inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$1")" = "$2" ]
}

@test "docker by our shim: run, its streams and status, a terminal" {
	run --separate-stderr start --rm box sh -c 'echo out; echo err >&2; exit 7'
	assert_status 7
	assert_output out
	[ "$stderr" = err ]
	run --separate-stderr start --rm -i box cat <<<through
	assert_output through
	run -127 start --rm box nosuch
	[[ $output == *'executable file not found in $PATH'* ]] || fail "$output"
	run in_terminal "$(declare -f dock start); start --rm -it box sh -c 'test -t 0 && tty; exit 3'"
	assert_status 3
	[[ $output == */dev/pts/0* ]] || fail "$output"
}

@test "docker by our shim: exec, logs, top, stats, pause, update, stop, out of memory" {
	start -d --name web -m 64m box sh -c 'trap "exit 3" TERM; echo out; echo err >&2; while :; do sleep 0.2; done' >/dev/null
	[ "$(readlink "/proc/$(awk '/^PPid/ { print $2 }' "/proc/$(dock inspect --format '{{.State.Pid}}' web)/status")/exe")" = \
		"$(readlink -f "$(command -v containerd-shim-lash-v2)")" ]
	run dock exec web sh -c 'exit 5'
	assert_status 5
	run --separate-stderr dock exec -i web cat <<<through
	assert_output through
	run in_terminal "$(declare -f dock); dock exec -it web tty"
	[[ $output == */dev/pts/0* ]] || fail "$output"
	run dock top web
	[[ $output == *'trap "exit 3"'* ]] || fail "$output"
	run dock stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' web
	[[ $output == *"/ 64MiB 2" ]] || fail "$output"
	dock pause web >/dev/null
	is_state web "paused 0"
	dock unpause web >/dev/null
	dock update --memory 48m --memory-swap 48m web >/dev/null
	run dock stats --no-stream --format '{{.MemUsage}}' web
	[[ $output == *"/ 48MiB" ]] || fail "$output"
	dock stop -t 30 web >/dev/null
	is_state web "exited 3"
	run --separate-stderr dock logs web
	assert_output out
	[ "$stderr" = err ]
	start --name oom -m 16m --memory-swap 16m box tail /dev/zero || :
	[ "$(dock inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' oom)" = "true 137" ]
}

@test "docker by our shim: containers outlive dockerd and containerd, and how they ended is known" {
	mkfifo "$BATS_FILE_TMPDIR/stay" "$BATS_FILE_TMPDIR/one" "$BATS_FILE_TMPDIR/two"
	start -d --name stay -v "$BATS_FILE_TMPDIR:/host" box \
		sh -c 'trap "exit 3" TERM; echo before; read -r x </host/stay; echo meanwhile; while :; do sleep 0.2; done' >/dev/null
	start -d --name one -v "$BATS_FILE_TMPDIR:/host" box sh -c 'read -r x </host/one; exit 9' >/dev/null
	start -d --name two -v "$BATS_FILE_TMPDIR:/host" box sh -c 'read -r x </host/two; exit 10' >/dev/null
	docker_stop KILL
	echo >"$BATS_FILE_TMPDIR/one"
	echo >"$BATS_FILE_TMPDIR/stay"
	docker_start --live-restore
	wait_for 60 is_state one "exited 9"
	is_state stay "running 0"
	run dock exec stay echo here
	assert_output here
	wait_for 60 eval '[ "$(dock logs stay)" = "$(printf "before\nmeanwhile")" ]'
	containerd_kill KILL
	echo >"$BATS_FILE_TMPDIR/two"
	containerd_start "$BATS_FILE_TMPDIR/bin"
	wait_for 60 is_state two "exited 10"
	wait_for 60 dock exec stay true
	dock stop -t 30 stay >/dev/null
	is_state stay "exited 3"
}

@test "docker by our shim: a swarm service is kept up" {
	docker_stop TERM
	docker_start
	dock swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377 >/dev/null
	dock service create -d --name s --network host --no-resolve-image box sleep 1000 >/dev/null
	wait_for 60 one_of_s
	first=$(dock ps -q)
	dock kill "$first" >/dev/null
	wait_for 60 eval 'one_of_s && [ "$(dock ps -q)" != "$first" ]'
	[ "$(dock service ps --filter desired-state=shutdown --format '{{.Error}}' s)" = '"task: non-zero exit (137)"' ]
	dock service rm s >/dev/null
	wait_for 60 eval '[ -z "$(dock ps -q)" ]'
	dock swarm leave --force >/dev/null
}

one_of_s() {
	[ "$(dock service ls --format '{{.Replicas}}')" = 1/1 ] && [ "$(dock ps -q | wc -l)" -eq 1 ]
}
