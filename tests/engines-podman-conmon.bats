#!/usr/bin/env bats
# Podman from the distribution runs on shim-conmon as its conmon.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # commands for the container; a test is a subshell; set by the loaded files
load lib/common

setup_file() {
	need root podman runc script jq socat
	local dir=$BATS_FILE_TMPDIR
	export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf
	cat >"$CONTAINERS_CONF" <<-END
		[containers]
		log_driver = "k8s-file"
		default_sysctls = []
		cgroupns = "private"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "runc"
		conmon_path = ["$(command -v shim-conmon)"]
		tmp_dir = "$dir/libpod"
		[engine.runtimes]
		runc = ["/usr/sbin/runc"]
	END
	cat >"$CONTAINERS_STORAGE_CONF" <<-END
		[storage]
		driver = "vfs"
		graphroot = "$dir/graph"
		runroot = "$dir/runroot"
	END
	# The locks podman keeps in shared memory are not to be the host's.
	mount -t tmpfs tmpfs /dev/shm
	busybox_rootfs "$dir/rootfs"
	tar -C "$dir/rootfs" -c . | podman import -q - bb >/dev/null
}

teardown_file() {
	podman rm -af -t 0 >/dev/null 2>&1 || :
	rmdir /sys/fs/cgroup/*/lash-test-podman 2>/dev/null || :
}

teardown() {
	podman rm -af -t 0 >/dev/null 2>&1 || :
}

# pod ARG... - podman run as every test wants it.
pod() {
	podman run --network none --cgroup-parent /lash-test-podman "$@"
}

@test "podman on shim-conmon: run passes output, streams and status" {
	run --separate-stderr pod --rm bb sh -c 'echo out; echo err >&2; exit 7'
	assert_status 7
	assert_output out
	[ "$stderr" = err ]
}

@test "podman on shim-conmon: run -i takes stdin to its end" {
	run pod --rm -i bb sh -c 'cat; echo end' < <(seq 20000)
	assert_status 0
	[[ $output == *$'20000\nend' ]]
}

@test "podman on shim-conmon: run -t has a terminal" {
	run in_terminal 'podman run --rm --network none --cgroup-parent /lash-test-podman -it bb sh -c "tty; exit 4"'
	assert_status 4
	assert_line '*/dev/pts/0*'
}

@test "podman on shim-conmon: the monitor is ours" {
	id=$(pod -d bb sleep 1000)
	pid=$(podman inspect -f '{{.State.ConmonPid}}' "$id")
	[[ $(readlink "/proc/$pid/exe") == */shim/shim-conmon ]]
}

@test "podman on shim-conmon: logs, followed to the end" {
	id=$(pod -d bb sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done; printf last')
	run podman logs -f "$id"
	assert_output $'1\n2\n3\nlast'
	run podman logs --tail 1 "$id"
	assert_line '*last*'
	run podman logs -t "$id"
	assert_line '20*T* 1'
}

@test "podman on shim-conmon: wait, stop and kill give the status" {
	id=$(pod -d bb sh -c 'sleep 0.5; exit 9')
	run podman wait "$id"
	assert_output 9
	id=$(pod -d bb sh -c 'trap "exit 3" TERM; while :; do sleep 0.05; done')
	podman stop -t 10 "$id" >/dev/null
	[ "$(podman inspect -f '{{.State.ExitCode}}' "$id")" = 3 ]
	id=$(pod -d bb sleep 1000)
	podman kill "$id" >/dev/null
	run podman wait "$id"
	assert_output 137
}

@test "podman on shim-conmon: exec passes output and status" {
	id=$(pod -d bb sleep 1000)
	run --separate-stderr podman exec "$id" sh -c 'echo in; echo err >&2; exit 5'
	assert_status 5
	assert_output in
	[ "$stderr" = err ]
	run podman exec -i "$id" cat < <(echo through)
	assert_output through
	run -127 podman exec "$id" /no/such
	run in_terminal "podman exec -it $id sh -c 'tty; exit 6'"
	assert_status 6
	assert_line '*/dev/pts/*'
}

@test "podman on shim-conmon: exec -d leaves it to itself" {
	id=$(pod -d bb sleep 1000)
	podman exec -d "$id" sh -c 'echo x >/tmp/made'
	wait_for 20 podman exec "$id" test -s /tmp/made
}

@test "podman on shim-conmon: attach" {
	id=$(pod -d -i bb sh -c 'read x; echo "got $x"; exit 2')
	run podman attach "$id" < <(echo hello)
	assert_line 'got hello'
	[ "$(podman wait "$id")" = 2 ]
}

@test "podman on shim-conmon: start -a, restart, rm" {
	id=$(podman create --network none --cgroup-parent /lash-test-podman bb sh -c 'echo again')
	run podman start -a "$id"
	assert_output again
	run podman start -a "$id"
	assert_output again
	podman restart "$id" >/dev/null
	podman wait "$id" >/dev/null
	[ "$(podman logs "$id" | wc -l)" = 3 ]
	podman rm "$id" >/dev/null
}

@test "podman on shim-conmon: a command that is not there is 127" {
	run -127 pod --rm bb /no/such/command
	assert_status 127
	[[ $output == *no/such/command* ]]
}

@test "podman on shim-conmon: pause and unpause" {
	id=$(pod -d bb sleep 1000)
	podman pause "$id" >/dev/null
	[ "$(podman inspect -f '{{.State.Status}}' "$id")" = paused ]
	podman unpause "$id" >/dev/null
	[ "$(podman inspect -f '{{.State.Status}}' "$id")" = running ]
}

@test "podman on shim-conmon: out of memory is seen" {
	id=$(pod -d -m 8m --memory-swap 8m bb sh -c 'x=0123456789; while :; do x=$x$x; done')
	podman wait "$id" >/dev/null
	[ "$(podman inspect -f '{{.State.OOMKilled}}' "$id")" = true ]
}

@test "podman on shim-conmon: --log-opt max-size bounds the log" {
	id=$(pod -d --log-opt max-size=10k bb seq 10000)
	podman wait "$id" >/dev/null
	log=$(podman inspect -f '{{.HostConfig.LogConfig.Path}}' "$id")
	[ "$(stat -c %s "$log")" -le 10300 ]
	[ "$(podman logs "$id" | tail -1)" = 10000 ]
}

@test "podman on shim-conmon: --log-driver none and passthrough" {
	run pod --rm --log-driver none bb echo seen
	assert_output seen
	run pod --rm --log-driver passthrough bb echo passed
	assert_output passed
}

@test "podman on shim-conmon: --restart and --timeout" {
	id=$(pod -d --restart on-failure:2 bb sh -c 'echo try; exit 1')
	wait_for 20 eval '[ "$(podman inspect -f "{{.RestartCount}} {{.State.Status}}" "$id")" = "2 exited" ]'
	[ "$(podman logs "$id" | grep -c try)" = 3 ]
	run pod --rm --timeout 1 bb sleep 100
	[ "$status" -ne 0 ]
}

@test "podman on shim-conmon: logs through journald" {
	need /lib/systemd/systemd-journald journalctl
	mkdir -p /run/systemd/journal /run/log/journal
	/lib/systemd/systemd-journald >/dev/null 2>&1 3>&- &
	journal=$!
	wait_for 20 test -S /run/systemd/journal/socket
	id=$(pod -d --log-driver journald --name web bb sh -c 'echo out; echo err >&2; printf part')
	podman wait "$id" >/dev/null
	wait_for 20 eval 'journalctl --no-pager -o cat "CONTAINER_ID_FULL=$id" 2>/dev/null | grep -q part'
	run --separate-stderr podman logs "$id"
	assert_line out
	assert_line part
	[ "$stderr" = err ]
	run journalctl --no-pager -o json CONTAINER_NAME=web MESSAGE=err
	[ "$(jq -r '[.PRIORITY, .SYSLOG_IDENTIFIER] | join(" ")' <<<"$output")" = '3 web' ]
	kill "$journal"
}

@test "podman on shim-conmon: a healthcheck, by hand" {
	id=$(pod -d --health-cmd 'test ! -e /tmp/sick' --health-retries 1 --health-interval disable bb sleep 1000)
	podman healthcheck run "$id"
	podman exec "$id" touch /tmp/sick
	run podman healthcheck run "$id"
	assert_status 1
}

@test "podman on shim-conmon: --sdnotify=container is handed on to the service manager" {
	told=$BATS_TEST_TMPDIR/told
	socat -u UNIX-RECV:/run/host-notify OPEN:"$told",creat,append 3>&- &
	listener=$!
	wait_for 20 test -S /run/host-notify
	id=$(NOTIFY_SOCKET=/run/host-notify pod -d --sdnotify container bb sh -c 'echo "$NOTIFY_SOCKET"; sleep 1000')
	wait_for 20 eval '[ -n "$(podman logs "$id")" ]'
	inside=$(podman logs "$id")
	printf 'READY=1\nMAINPID=1\n' | socat -u - "UNIX-SENDTO:/proc/$(podman inspect -f '{{.State.Pid}}' "$id")/root$inside"
	wait_for 20 grep -q READY "$told"
	# podman names the monitor as the main process; nobody else may.
	[ "$(grep -o 'MAINPID=[0-9]*' "$told")" = "MAINPID=$(podman inspect -f '{{.State.ConmonPid}}' "$id")" ]
	kill "$listener"
}

@test "podman on shim-conmon: run, attach and exec through the remote API" {
	podman system service --time 0 "unix:///run/podman-api.sock" >/dev/null 2>&1 3>&- &
	service=$!
	wait_for 20 test -S /run/podman-api.sock
	remote="podman --remote --url unix:///run/podman-api.sock"
	id=$($remote create --network none --cgroup-parent /lash-test-podman -i bb sh -c 'read x; echo "got $x"; exit 3')
	run $remote start -a -i "$id" < <(echo hello)
	assert_status 3
	assert_line 'got hello'
	id=$($remote run -d --network none --cgroup-parent /lash-test-podman bb sleep 1000)
	run $remote exec "$id" sh -c 'echo in; exit 5'
	assert_status 5
	assert_output in
	kill "$service"
}

@test "podman on shim-conmon: podman is killed; container, output and end are kept" {
	pod --name kept bb sh -c 'echo up; until [ -e /tmp/go ]; do sleep 0.05; done; echo later; exit 6' >/dev/null 3>&- &
	starter=$!
	wait_for 20 eval 'podman logs kept 2>/dev/null | grep -q up'
	kill -KILL "$starter"
	podman exec kept touch /tmp/go
	[ "$(podman wait kept)" = 6 ]
	[ "$(podman logs kept)" = $'up\nlater' ]
}
