#!/usr/bin/env bats
# For the same output our json-file is dockerd's, byte for byte but for the times.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # commands for the container; a test is a subshell; set by the loaded files
load lib/common
load lib/shim

setup_file() {
	need root dockerd containerd docker runc jq
	export DOCKER_HOST=unix://$BATS_FILE_TMPDIR/docker.sock
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
	write_payloads "$BATS_FILE_TMPDIR/rootfs"
	# Its own everything: nothing of a dockerd that is installed here is touched.
	dockerd --host "$DOCKER_HOST" --data-root "$BATS_FILE_TMPDIR/docker" --exec-root "$BATS_FILE_TMPDIR/exec" \
		--pidfile "$BATS_FILE_TMPDIR/docker.pid" --bridge none --iptables=false --ip6tables=false \
		--storage-driver vfs --cgroup-parent /lash-test-docker \
		--exec-opt native.cgroupdriver=cgroupfs >"$BATS_FILE_TMPDIR/docker.log" 2>&1 3>&- &
	wait_for 30 docker version
	tar -C "$BATS_FILE_TMPDIR/rootfs" -c . | docker import - payload >/dev/null
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/docker.pid")" || :
	wait
	rmdir /sys/fs/cgroup/*/lash-test-docker 2>/dev/null || :
}

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

# write_payloads DIR - what is hard to get right, and what is only hard to foresee.
write_payloads() {
	local n
	{
		echo plain
		echo
		printf 'tab\there "quoted" \\ <html> & more\r\n'
		printf '\342\200\250\342\200\251\342\200\252 \303\251 \360\237\230\200\n'
		printf '\355\240\200 \300\200 \364\220\200\200 \377\376\n'
		for n in 0 1 2 3 4 5 6 7; do
			printf '%b' "$(printf '\\0%03o' $((n * 4 + 1)) $((n * 4 + 2)) $((n * 4 + 3)))"
		done
		printf '\177\0\0end\n'
		for n in 16383 16384 16385 32767 32768 32769 40000; do
			head -c "$n" /dev/zero | tr '\0' x
			echo
		done
		# A character across the cut.
		head -c 16383 /dev/zero | tr '\0' y
		printf '\303\251after\n'
		printf 'no newline at the end'
	} >"$1/hard"
	{
		head -c 300000 /dev/urandom
		head -c 100000 /dev/urandom | od -An -tx1
		head -c 50000 /dev/zero
	} >"$1/random"
}

# both COMMAND - run it under dockerd and under the shim, leave their logs as `docker` and `lash`.
both() {
	local id
	id=$(docker run -d --network none payload sh -c "$1")
	docker wait "$id" >/dev/null
	cp "$BATS_FILE_TMPDIR/docker/containers/$id/$id-json.log" docker
	make_bundle a false sh -c "$1"
	run_to_end a -l "json-file:$PWD/lash"
	docker rm "$id" >/dev/null
}

# same STREAM - the records of a stream agree, times aside.
same() {
	local f
	for f in docker lash; do
		LC_ALL=C sed -n "/\"stream\":\"$1\"/s/\"time\":\"[^\"]*\"}\$/TIME/p" "$f" >"$f.$1"
	done
	[ -s "docker.$1" ]
	cmp "docker.$1" "lash.$1"
}

@test "json-file: lines, escapes and cuts are dockerd's" {
	both 'cat /hard'
	same stdout
	[ "$(wc -l <docker)" = "$(wc -l <lash)" ]
}

@test "json-file: any bytes at all are dockerd's" {
	both 'cat /random; sleep 0.1; cat /random | tr "\n" " "'
	same stdout
}

@test "json-file: both streams are dockerd's" {
	both 'cat /hard & cat /hard >&2; wait; echo; echo >&2'
	same stdout
	same stderr
}

@test "json-file: a line written bit by bit is one record" {
	both 'for i in 1 2 3; do printf "$i "; sleep 0.05; done; echo; printf "rest"'
	same stdout
	[ "$(wc -l <lash)" = 2 ]
}

@test "json-file: the file has dockerd's mode, its times have dockerd's form" {
	both 'seq 50'
	[ "$(stat -c %a lash)" = 640 ]
	form='^\{"log":".*","stream":"std(out|err)","time":"[0-9-]{10}T[0-9:]{8}(\.[0-9]{0,8}[1-9])?Z"\}$'
	[ "$(grep -cE "$form" docker)" = 50 ]
	[ "$(grep -cE "$form" lash)" = 50 ]
}

@test "json-file: docker logs reads what we wrote" {
	id=$(docker create --network none payload true)
	docker start "$id" >/dev/null
	docker wait "$id" >/dev/null
	make_bundle a false cat /hard
	run_to_end a -l "json-file:$PWD/lash"
	cp lash "$BATS_FILE_TMPDIR/docker/containers/$id/$id-json.log"
	docker logs "$id" >theirs
	shim logs ./lash >ours
	cmp theirs ours
	docker rm "$id" >/dev/null
}
