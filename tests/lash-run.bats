#!/usr/bin/env bats
# lash run and create: options, streams, exit statuses, and failures that leave nothing.
# shellcheck disable=SC2154,SC2016

load lib/common
load lib/engine

setup_file() {
	need root
	engine_setup
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	engine_teardown
}

@test "lash run: connects stdout, stderr and the exit status" {
	run --separate-stderr lash run --rm --network none box sh -c 'echo out; echo err >&2; exit 42'
	assert_status 42
	assert_output out
	[ "$stderr" = err ]
}

@test "lash run: a signal is 128 and its number" {
	run --separate-stderr lash run --rm --network none --init box true
	run --separate-stderr lash run --rm --network none box sh -c 'sh -c "kill -9 \$PPID" & wait; sleep 5'
	[ "$status" -eq 137 ] || [ "$status" -eq 0 ]
	run --separate-stderr lash run --rm --network none box sh -c 'trap "exit 7" TERM; kill -TERM $$'
	assert_status 7
}

@test "lash run: stdin is connected with -i, and empty without" {
	run --separate-stderr lash run --rm -i --network none box cat <<<hello
	assert_output hello
	run --separate-stderr lash run --rm --network none box cat <<<hello
	assert_output ''
}

@test "lash run: much output is not lost" {
	lash run --rm --network none box sh -c 'seq 200000' >seq.out
	seq 200000 | cmp - seq.out
}

@test "lash run -it: a terminal of its own" {
	need script
	run --separate-stderr in_terminal "lash run --rm -it --network none box sh -c 'tty; stty size; echo \$TERM'"
	[[ $output == */dev/pts/0* ]]
	[[ $output == *xterm* ]]
	run --separate-stderr lash run --rm -it --network none box true </dev/null
	assert_status 125
	assert_one_line 'lash run: the input device is not a TTY'
}

@test "lash run -d: prints the ID, and the container outlives us" {
	run --separate-stderr lash run -d --name bg --network none box sleep 100
	assert_status 0
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	id=$output
	run --separate-stderr lash inspect -f '{{.State.Status}} {{.Id}}' bg
	assert_output "running $id"
}

@test "lash run: commands that cannot be run are 127 and 126, and leave nothing" {
	run --separate-stderr lash run --network none box nosuchcommand
	assert_status 127
	assert_one_line '*nosuchcommand*not found*'
	run --separate-stderr lash run --network none box /etc
	assert_status 126
	assert_one_line '*'
	run --separate-stderr lash run --network none box /etc/passwd
	assert_status 126
	assert_empty "$(lash ps -aq)"
}

@test "lash run: each failure is one line, 125, and leaves nothing" {
	lash run -d --name taken --network none box sleep 100
	local cases=(
		'--pull never nosuch:1 true|*no such image: nosuch:1'
		'UPPER true|*invalid reference*'
		'--name taken box true|*taken*in use*'
		'--name a box true|*invalid container name*'
		'-m 1k box true|*memory*'
		'-u nosuch box true|*no user*nosuch*'
		'-v rel/a:/b box true|*rel/a*'
		'--network nosuchnet box true|*nosuchnet*'
		'--network container:nosuch box true|*nosuch*'
		'--nonsense box true|*--nonsense*'
		'--log-driver nope box true|*log-driver*'
		'--restart always box true|*restart*'
		'--ip 10.87.0.9 --network none box true|*--ip*'
		'-e =x box true|*=x*'
	)
	for case in "${cases[@]}"; do
		# shellcheck disable=SC2086 # several words
		run --separate-stderr lash run ${case%%|*}
		assert_status 125
		assert_empty "$output" "${case%%|*}: stdout"
		assert_one_line "${case#*|}"
		[ "$(lash ps -aq | wc -l)" -eq 1 ]
	done
	run --separate-stderr lash run
	assert_status 125
}

@test "lash run: a port in use fails, and leaves nothing" {
	lash run -d --name first -p 8081:80 box sleep 100
	run --separate-stderr lash run -d --name second -p 8081:80 box sleep 100
	assert_status 125
	assert_one_line '*8081*'
	run --separate-stderr lash ps -a --format '{{.Names}}'
	assert_output first
}

@test "lash run: a full disk is one line, and leaves nothing" {
	mkdir small
	mount -t tmpfs -o size=300k tmpfs small
	LASH_ROOT=$PWD/small run --separate-stderr lash import "$BATS_FILE_TMPDIR/rootfs" box
	[ "$status" -ne 0 ]
	assert_one_line '*No space left on device*'
	umount small
}

@test "lash run --rm: removes the container, its volumes without a name, nothing else" {
	lash volume create kept
	lash run --rm --network none -v kept:/a -v /b box sh -c 'touch /a/1 /b/2'
	assert_empty "$(lash ps -aq)"
	run --separate-stderr lash volume ls -q
	[ "${output// /}" = kept ]
	[ -e "$LASH_ROOT/volumes/kept/_data/1" ]
	lash volume rm kept
}

@test "lash run -d --rm: is gone when it ends" {
	lash run -d --rm --name brief --network none box sh -c 'grep " / " /proc/mounts; sleep 3'
	wait_for 20 sh -c 'lash logs brief | grep -q volatile' # nothing is synced for what is thrown away
	wait_for 20 sh -c '! lash inspect brief 2>/dev/null'
	wait_for 20 sh -c '! mount | grep -q "$LASH_ROOT/"'
}

@test "lash run: hostname, hosts, resolv.conf" {
	run --separate-stderr lash run --rm --hostname name --add-host other:10.1.2.3 --dns 9.9.9.9 --dns-search example.org box \
		sh -c 'hostname; cat /etc/hostname; grep name /etc/hosts; grep other /etc/hosts; cat /etc/resolv.conf'
	assert_status 0
	[ "${lines[0]}" = name ]
	[ "${lines[1]}" = name ]
	assert_line '10.*name'
	assert_line $'10.1.2.3\tother'
	assert_line 'nameserver 9.9.9.9'
	assert_line 'search example.org'
}

@test "lash run: limits are there" {
	run --separate-stderr lash run --rm --network none -m 32m --pids-limit 17 --cpus 0.5 --ulimit nofile=99 box \
		sh -c 'ulimit -n; cat /sys/fs/cgroup/pids/pids.max || cat /sys/fs/cgroup/pids.max'
	assert_output "$(printf '99\n17')"
}

@test "lash run: bind mounts, also of what is missing" {
	echo from-host >file
	run --separate-stderr lash run --rm --network none -v "$PWD/file:/f:ro" -v "$PWD/made:/m" box \
		sh -c 'cat /f; touch /m/x; touch /f 2>/dev/null || echo ro'
	assert_output "$(printf 'from-host\nro')"
	[ -e made/x ]
}

@test "lash run --read-only: the root file system is" {
	run --separate-stderr lash run --rm --network none --read-only --tmpfs /tmp box \
		sh -c 'touch /x 2>/dev/null || echo ro; touch /tmp/x && echo tmp'
	assert_output "$(printf 'ro\ntmp')"
}

@test "lash run: host and container networks" {
	run --separate-stderr lash run --rm --network host box sh -c 'ls /sys/class/net'
	assert_line lo
	lash run -d --name server --network bridge box sleep 100
	ip=$(lash inspect -f '{{.NetworkSettings.IPAddress}}' server)
	run --separate-stderr lash run --rm --network container:server box ip -4 addr
	assert_line "*$ip/*"
	run --separate-stderr lash run --rm --network none box ip -4 addr
	[[ $output != *eth0* ]]
}

@test "lash run --pid container: sees the other's processes" {
	lash run -d --name other --network none box sleep 4711
	run --separate-stderr lash run --rm --network none --pid container:other box ps
	assert_line '*sleep 4711*'
}

@test "lash run --cidfile: writes the ID once" {
	lash run -d --cidfile cid --name named --network none box sleep 100
	[ "$(cat cid)" = "$(record find named)" ]
	run --separate-stderr lash run -d --cidfile cid --network none box sleep 100
	assert_status 125
	assert_one_line '*cid*'
}

@test "lash run: --log-driver none keeps no log, k8s-file another one" {
	lash run --name quiet --log-driver none --network none box echo x
	run --separate-stderr lash logs quiet
	assert_status 1
	lash run --name k8s --log-driver k8s-file --network none box echo x
	run --separate-stderr lash logs k8s
	assert_output x
	grep -q ' stdout F x$' "$LASH_ROOT/containers/$(record find k8s)/log"
}

@test "lash create: makes without starting" {
	run --separate-stderr lash create --name made --network none box echo hi
	assert_status 0
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	run --separate-stderr lash ps -a --format '{{.Status}}'
	assert_output Created
	run --separate-stderr lash start -a made
	assert_output hi
}

@test "lash run: names without choice are different, and can be used" {
	first=$(lash run -d --network none box sleep 100)
	second=$(lash run -d --network none box sleep 100)
	name=$(lash inspect -f '{{.Name}}' "$first")
	[ "$name" != "$(lash inspect -f '{{.Name}}' "$second")" ]
	[[ $name =~ ^/[a-z]+_[a-z]+[0-9]*$ ]]
	lash inspect "${name#/}" >/dev/null
	lash inspect "${first:0:6}" >/dev/null
}

@test "lash run: an image's user, workdir, volumes and stop signal count" {
	imgpack new --layer "$BATS_FILE_TMPDIR/rootfs" --user nobody --workdir /tmp --volume /data --env A=1 \
		--entrypoint sh --entrypoint -c --cmd 'id -un; pwd; echo $A; grep -c " /data " /proc/mounts' \
		"$LASH_ROOT/images:docker.io/library/odd:1" >/dev/null
	run --separate-stderr lash run --rm --network none odd:1
	assert_output "$(printf 'nobody\n/tmp\n1\n1')"
	assert_empty "$(lash volume ls -q)"
}

@test "lash run -P: publishes what the image exposes, and what --expose adds" {
	imgpack new --layer "$BATS_FILE_TMPDIR/rootfs" --expose 80 "$LASH_ROOT/images:docker.io/library/exposed:1" >/dev/null
	lash run -d --name web -P --expose 53/udp exposed:1 sleep 100
	run --separate-stderr lash port web
	assert_line '80/tcp -> 0.0.0.0:*'
	assert_line '53/udp -> 0.0.0.0:*'
}
