#!/usr/bin/env bats
# A Debian image of strangers' making, from a real registry to a running, networked, limited, logged container:
# by lash, then by hand.

load lib/common

registry=127.0.0.1:5000
image=$registry/debian:12

setup_file() {
	need root docker-registry skopeo
	export LASH_ROOT=$BATS_FILE_TMPDIR/root LASH_RUN=$BATS_FILE_TMPDIR/run LASH_ETC=$BATS_FILE_TMPDIR/etc
	cat >"$BATS_FILE_TMPDIR/registry.yml" <<-CONFIG
		version: 0.1
		storage: {filesystem: {rootdirectory: $BATS_FILE_TMPDIR/registry}}
		http: {addr: $registry}
	CONFIG
	docker-registry serve "$BATS_FILE_TMPDIR/registry.yml" >"$BATS_FILE_TMPDIR/registry.log" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/registry.pid"
	wait_for 20 curl -fsS -o /dev/null "http://$registry/v2/"
	skopeo copy -q --dest-tls-verify=false "oci:$LASH_DEBIAN:debian" "docker://$image"
	lash pull -q "$image"
}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/registry.pid")"
}

teardown() {
	for c in $(lash ps -aq); do
		lash rm -f "$c"
	done
}

# serve NAME [OPTION]... - a web server from the image.
serve() {
	local name=$1
	shift
	lash run -d --name "$name" "$@" "$image" busybox httpd -f -v -p 80 -h /srv/www
}

@test "registry: the image lash pulled is the one skopeo pushed" {
	run --separate-stderr imgctl ls --json "$LASH_ROOT/images"
	assert_status 0
	assert_line "*$(skopeo inspect --tls-verify=false "docker://$image" | jq -r .Digest)*"
}

@test "registry: a published port is reached from the host and from another container" {
	serve web -p 8080:80
	wait_for 20 curl -fsS -o /dev/null http://127.0.0.1:8080/
	run --separate-stderr curl -fsS http://127.0.0.1:8080/
	assert_status 0
	assert_output 'served by a container'

	ip=$(lash inspect web | jq -r '.[0].NetworkSettings.IPAddress')
	run --separate-stderr lash run --rm "$image" busybox wget -q -O - "http://$ip/"
	assert_status 0
	assert_output 'served by a container'

	gateway=$(lash inspect web | jq -r '.[0].NetworkSettings.Gateway')
	run --separate-stderr lash run --rm "$image" busybox wget -q -O - "http://$gateway:8080/"
	assert_status 0
	assert_output 'served by a container'
}

@test "registry: limits are seen from inside" {
	run --separate-stderr lash run --rm -m 64M --pids-limit 33 "$image" sh -c \
		'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max 2>/dev/null ||
		 cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max'
	assert_status 0
	assert_output $'67108864\n33'
}

@test "registry: the memory limit is enforced" {
	run --separate-stderr lash run --name hog -m 32M --memory-swap 32M "$image" \
		sh -c 'x=a; while :; do x=$x$x; done'
	[ "$status" -ne 0 ]
	run --separate-stderr lash inspect hog
	[ "$(jq -r '.[0].State.OOMKilled' <<<"$output")" = true ]
}

@test "registry: exec, logs and stop on a running container" {
	serve web -p 8080:80
	run --separate-stderr lash exec -u www -w /srv -e GREETING=hi web sh -c 'echo $GREETING; id -un; pwd'
	assert_status 0
	assert_output $'hi\nwww\n/srv'

	lash logs -f web >followed 2>&1 &
	follower=$!
	wait_for 20 curl -fsS -o /dev/null http://127.0.0.1:8080/
	wait_for 20 grep -q 'response:200' followed
	run --separate-stderr lash stop -t 1 web
	assert_status 0
	assert_output web
	wait "$follower"
	run --separate-stderr lash ps -a
	assert_line '*Exited (*web*'
}

@test "registry: exit status and signals are docker's" {
	run --separate-stderr lash run --rm "$image" sh -c 'exit 42'
	assert_status 42
	id=$(lash run -d "$image" sleep 1000)
	lash kill "$id"
	run --separate-stderr lash wait "$id"
	assert_output 137
	run --separate-stderr -127 lash run --rm "$image" no-such-command
	assert_one_line '*no-such-command*'
	run --separate-stderr lash run --rm "$image" /etc
	assert_status 126
	run --separate-stderr lash run --rm --no-such-option "$image" true
	assert_status 125
}

@test "registry: the same by hand, tool by tool" {
	mkdir b
	imgpull -q "docker://$image" images:app
	imgunpack images:app b/rootfs |
		bundle create -b b -m 64M --pids-limit 50 -u www --netns /run/netns/hand \
			-- busybox httpd -f -v -p 8080 -h /srv/www >b/config.json
	netns add -p 8081:8080 hand >b/network.json
	[ "$(jq -r '.ips[0].address' b/network.json)" != null ]
	shim -b b -l json-file:b/log hand
	runc start hand
	wait_for 20 curl -fsS -o /dev/null http://127.0.0.1:8081/
	run --separate-stderr curl -fsS http://127.0.0.1:8081/
	assert_output 'served by a container'
	runc kill hand KILL
	run --separate-stderr shim wait hand
	assert_output 137
	run --separate-stderr shim logs hand
	[[ $output$stderr == *response:200* ]]
	runc delete hand
	netns del hand
	[ ! -e /run/netns/hand ]
}
