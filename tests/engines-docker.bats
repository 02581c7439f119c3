# engines-docker.bats - dockerd runs ordinary containers on our runc.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common

setup_file() {
	need root dockerd docker containerd busybox
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
	PARENT=$(unique)
	export PARENT
	dockerd --data-root "$BATS_FILE_TMPDIR/data" --exec-root /run/docker-exec --pidfile /run/docker.pid \
		-H unix:///run/docker.sock --bridge none --iptables=false --ip6tables=false \
		--storage-driver vfs --cgroup-parent "/$PARENT" --exec-opt native.cgroupdriver=cgroupfs \
		--add-runtime "lash=$(command -v runc)" --default-runtime lash \
		>"$BATS_FILE_TMPDIR/dockerd.log" 2>&1 3>&- &
	wait_for 30 dock version >/dev/null 2>&1 || fail "$(tail -n 5 "$BATS_FILE_TMPDIR/dockerd.log")"
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
	left=$(find /sys/fs/cgroup -mindepth 3 -path "*/$PARENT/*" -type d)
	kill "$(cat /run/docker.pid)"
	wait_for 20 test ! -e /run/docker.pid
	find /sys/fs/cgroup -depth -path "*/$PARENT*" -type d -exec rmdir {} + || :
	assert_empty "$left" "control groups"
}

dock() {
	docker -H unix:///run/docker.sock "$@" 3>&-
}

start() {
	dock run --network none "$@"
}

@test "docker info: names our runtime" {
	run dock info --format '{{.DefaultRuntime}}'
	assert_output lash
}

@test "docker run: output, exit status, standard input" {
	run --separate-stderr start --rm box echo hello
	assert_status 0
	assert_output hello
	run start --rm box sh -c 'exit 7'
	assert_status 7
	run --separate-stderr start --rm -i box cat <<<"through"
	assert_output through
}

@test "docker run: a command that is not there is 127, one that cannot run is 126" {
	run -127 start --rm box nosuch
	[[ $output == *'executable file not found in $PATH'* ]] || fail "$output"
	run start --rm box /etc/passwd
	assert_status 126
	[[ $output == *'permission denied'* ]] || fail "$output"
}

@test "docker run -it: gives a terminal" {
	run in_terminal "$(declare -f dock start); start --rm -it box sh -c 'tty; test -t 0 && echo yes'"
	assert_status 0
	[[ $output == */dev/pts/0*yes* ]] || fail "$output"
}

@test "docker run -d: limits are visible inside; exec, logs, stop, rm" {
	start -d --name web -m 64m --pids-limit 20 --cpus 0.5 box \
		sh -c 'trap "exit 3" TERM; echo out; echo err >&2; while :; do sleep 0.1; done' >/dev/null
	run dock exec web sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us'
	assert_output "$(printf '67108864\n20\n50000')"
	wait_for 20 logs_are out err
	dock stop -t 5 web >/dev/null
	[ "$(dock inspect --format '{{.State.Status}} {{.State.ExitCode}}' web)" = "exited 3" ]
	dock rm web >/dev/null
	run dock inspect web
	assert_status 1
}

logs_are() {
	[ "$(dock logs web 2>/dev/null)" = "$1" ] && [ "$(dock logs web 2>&1 >/dev/null)" = "$2" ]
}

@test "docker exec: status, user, environment, directory, standard input, terminal" {
	start -d --name web box sleep 1000 >/dev/null
	run dock exec web sh -c 'exit 5'
	assert_status 5
	run dock exec web nosuch
	[[ $status -eq 126 || $status -eq 127 ]] || fail "status $status"
	run --separate-stderr dock exec -u nobody -e A=b -w /tmp web sh -c 'echo $(id -u) $A $PWD'
	assert_output "65534 b /tmp"
	run --separate-stderr dock exec -i web cat <<<"through"
	assert_output through
	run in_terminal "$(declare -f dock); dock exec -it web sh -c 'test -t 0 && echo terminal'"
	assert_status 0
	[[ $output == *terminal* ]] || fail "$output"
}

@test "docker pause, unpause, update, top, kill" {
	start -d --name web -m 64m box sleep 1000 >/dev/null
	dock pause web >/dev/null
	[ "$(dock inspect --format '{{.State.Status}}' web)" = paused ]
	dock unpause web >/dev/null
	dock update --memory 48m --memory-swap 96m --pids-limit 30 --cpus 0.25 web >/dev/null
	run dock exec web sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us'
	assert_output "$(printf '50331648\n30\n25000')"
	run dock top web
	[[ $output == *"sleep 1000"* ]] || fail "$output"
	dock kill web >/dev/null
	run dock wait web
	assert_output 137
}

@test "docker run: a container that is out of memory is said to be" {
	run start --name web -m 16m --memory-swap 16m box sh -c 'tail /dev/zero'
	assert_status 137
	[ "$(dock inspect --format '{{.State.OOMKilled}}' web)" = true ]
}

@test "docker run: capabilities, read-only root, users, mounts and init are as asked" {
	mkdir "$BATS_TEST_TMPDIR/data"
	echo content >"$BATS_TEST_TMPDIR/data/file"
	run --separate-stderr start --rm --read-only --user 1000:1000 --cap-drop all --hostname there \
		--security-opt no-new-privileges -v "$BATS_TEST_TMPDIR/data:/data:ro" --tmpfs /scratch -e A=b \
		-w /scratch --ulimit nofile=512:512 box sh -c '
		id -u; hostname; cat /data/file; grep CapBnd /proc/self/status; grep NoNewPrivs /proc/self/status
		echo $A; ulimit -n; touch /data/x || touch /x || echo read-only'
	assert_status 0
	assert_output "$(printf '%s\n' 1000 there content "CapBnd:	0000000000000000" "NoNewPrivs:	1" b 512 read-only)"
}

@test "docker run: the default seccomp profile is in force, and can be switched off" {
	run --separate-stderr start --rm box sh -c 'grep Seccomp: /proc/self/status; unshare -U true'
	assert_status 1
	[[ $output == "Seccomp:	2" && $stderr == *"not permitted"* ]] || fail "$output" "$stderr"
	run --separate-stderr start --rm --security-opt seccomp=unconfined box grep Seccomp: /proc/self/status
	assert_output "Seccomp:	0"
}

@test "docker run --privileged: sees the host's devices" {
	run --separate-stderr start --rm --privileged box sh -c 'test -e /dev/loop-control || test -e /dev/kmsg; echo $?'
	assert_output 0
}

@test "docker stats, events: tell what a container uses and does" {
	start -d --name web -m 64m box sleep 1000 >/dev/null
	run --separate-stderr dock stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' web
	assert_status 0
	[[ $output == "web 1 "*" / 64MiB" ]] || fail "$output"
	dock kill web >/dev/null
	run dock events --since 10m --until 0s --filter container=web --format '{{.Action}}'
	assert_line start
	assert_line die
}

@test "docker run: healthcheck, devices, sysctl, ulimits, tmpfs, user groups" {
	start -d --name web --health-cmd 'test -e /healthy' --health-interval 1s --health-retries 1 box \
		sh -c 'touch /healthy; exec sleep 1000' >/dev/null
	wait_for 30 is_health healthy
	dock exec web rm /healthy
	wait_for 30 is_health unhealthy
	run --separate-stderr start --rm --device /dev/null:/dev/mine --sysctl kernel.msgmax=7777 --group-add 55 \
		--tmpfs /scratch:size=8k,mode=700 --ipc private --oom-score-adj 33 box sh -c '
		stat -c %t:%T /dev/mine; cat /proc/sys/kernel/msgmax; id -G | grep -ow 55; grep " /scratch " /proc/mounts; cat /proc/self/oom_score_adj'
	assert_status 0
	assert_line 1:3
	assert_line 7777
	assert_line 55
	assert_line "* /scratch tmpfs *size=8k,mode=700*"
	assert_line 33
}

is_health() {
	[ "$(dock inspect --format '{{.State.Health.Status}}' web)" = "$1" ]
}

@test "docker swarm: a service's tasks are containers of ours, and are replaced" {
	dock swarm init --advertise-addr 127.0.0.1 >/dev/null || fail "no swarm: $(tail -n 3 "$BATS_FILE_TMPDIR/dockerd.log")"
	dock service create --detach --name web --network host --replicas 2 --limit-memory 32m --restart-delay 100ms --no-resolve-image box sleep 1000 >/dev/null
	wait_for 60 are_tasks 2
	local first
	first=$(dock ps -q | head -n 1)
	[ "$(dock inspect --format '{{.HostConfig.Runtime}} {{.HostConfig.Memory}}' "$first")" = "lash 33554432" ]
	dock kill "$first" >/dev/null
	wait_for 60 is_replaced "$first"
	dock service scale --detach web=1 >/dev/null
	wait_for 60 are_tasks 1
	dock service rm web >/dev/null
	wait_for 60 are_tasks 0
	wait_for 60 is_empty
	dock swarm leave --force >/dev/null
}

is_empty() {
	[ -z "$(dock ps -aq)" ]
}

are_tasks() {
	[ "$(dock ps -q | wc -l)" -eq "$1" ]
}

is_replaced() {
	are_tasks 2 && [[ $(dock ps -q) != *"$1"* ]]
}

@test "docker restart: a container goes through its life twice" {
	start -d --name web box sleep 1000 >/dev/null
	dock restart -t 0 web >/dev/null
	[ "$(dock inspect --format '{{.State.Status}}' web)" = running ]
	dock rm -f web >/dev/null
}

@test "docker load, save: docker reads what imgctl saves, and the other way round" {
	cd "$BATS_TEST_TMPDIR"
	dock tag box some/box:1
	id=$(dock image inspect --format '{{.Id}}' box)
	dock save box some/box:1 | imgctl load --full l >names
	[ "$(sort names)" = $'docker.io/library/box:latest\ndocker.io/some/box:1' ] || fail "$(cat names)"
	[ "$(imgctl ls --json l | jq -r .config | sort -u)" = "$id" ]
	dock rmi some/box:1 >/dev/null
	imgctl save l:docker.io/some/box:1 | dock load | grep -q 'Loaded image: some/box:1'
	[ "$(dock image inspect --format '{{.Id}}' some/box:1)" = "$id" ]
	dock rmi some/box:1 >/dev/null
	# Compressed layers as well: docker looks at the bytes.
	imgpack new --layer "$BATS_FILE_TMPDIR/rootfs" --cmd '["true"]' l:docker.io/some/packed:2
	imgctl save l:docker.io/some/packed:2 | dock load
	[ "$(dock image inspect --format '{{.Id}}' some/packed:2)" = "$(imgctl ls --json l | jq -r 'select(.name == "docker.io/some/packed:2") | .config')" ]
	start --rm some/packed:2
}
