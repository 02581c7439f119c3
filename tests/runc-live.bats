# runc-live.bats - mounts and devices that come to a running container, and go.
# shellcheck shell=bash disable=SC2154,SC2016,SC2030,SC2031

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
	data=$BATS_TEST_TMPDIR/data
	mkdir "$data"
	echo outside >"$data/file"
}

teardown() {
	runc_teardown
}

start() {
	configure "${1-.} | .process.args = [\"sleep\", \"1000\"]"
	rc run -d -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
}

# inside COMMAND... - what it says in the container.
inside() {
	rc exec "$id" "$@" 3>&-
}

mounts() {
	inside grep -c . /proc/self/mounts
}

@test "runc mounts: add makes what the file lists, remove undoes it, and config.json follows" {
	local before
	start
	before=$(mounts)
	jq -n --arg data "$data" '[{destination: "/new/data", type: "bind", source: $data, options: ["bind", "ro"]},
		{destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["mode=700", "size=1m"]},
		{destination: "/new/data/file", type: "bind", source: "/etc/passwd", options: ["rbind"]}]' >"$BATS_TEST_TMPDIR/list"
	rc mounts add "$id" "$BATS_TEST_TMPDIR/list"
	[ "$(mounts)" -eq $((before + 3)) ]
	run inside sh -c 'head -n 1 /new/data/file; touch /new/data/x; touch /scratch/x && stat -c %a /scratch'
	[[ $output == root:*Read-only*700 ]] || fail "$output"
	[ "$(jq '.mounts[-3:] | map(.destination) | join(" ")' "$root/$id/config.json")" = '"/new/data /scratch /new/data/file"' ]
	rc mounts remove "$id" - <"$BATS_TEST_TMPDIR/list"
	[ "$(mounts)" -eq "$before" ]
	[ "$(jq '.mounts | length' "$root/$id/config.json")" = "$(jq '.mounts | length' "$bundle/config.json")" ]
	run --separate-stderr rc mounts remove "$id" "$BATS_TEST_TMPDIR/list"
	assert_status 1
	assert_one_line "*'/new/data': the container has no such mount*"
	# Nobody else saw any of it.
	! grep "$rootfs" /proc/self/mountinfo
}

@test "runc mounts: one that fails leaves none, and what is about the whole container is refused" {
	local before
	start
	before=$(mounts)
	refused() {
		jq -n --arg data "$data" "$2" >"$BATS_TEST_TMPDIR/list"
		run --separate-stderr rc mounts "${3-add}" "$id" "$BATS_TEST_TMPDIR/list"
		assert_status 1
		assert_one_line "$1"
		[ "$(mounts)" -eq "$before" ]
	}
	refused "*mount 'nosuchfs' on '/b'*" '[{destination: "/a", type: "bind", source: $data, options: ["bind"]},
		{destination: "/b", type: "nosuchfs"}]'
	refused "*open mount source '/nosuch' for '/b'*" '[{destination: "/a", type: "tmpfs"},
		{destination: "/b", type: "bind", source: "/nosuch", options: ["bind"]}]'
	refused "*'proc' on '/p' is not supported while the container runs*" '[{destination: "/p", type: "proc"}]'
	refused "*'/' cannot change while the container runs*" '[{destination: "/", type: "tmpfs"}]'
	refused "*mounts?0?.destination: missing*" '[{type: "tmpfs"}]'
	refused "*array wanted, object found*" '{}'
	refused "*'proc' on '/proc' is not supported*" '[{destination: "/proc"}]' remove
	[ "$(jq -S . "$root/$id/config.json")" = "$(jq -S . "$bundle/config.json")" ]
	run --separate-stderr rc mounts move "$id" /dev/null
	assert_status 2
	rc kill "$id" KILL
	wait_for 20 is_stopped
	echo '[]' >"$BATS_TEST_TMPDIR/list"
	run --separate-stderr rc mounts add "$id" "$BATS_TEST_TMPDIR/list"
	assert_status 1
	assert_one_line "*container not running*"
}

@test "runc mounts: a link or a mount of the container's leads nowhere outside" {
	start
	# What the container makes of the target before and after.
	inside sh -c 'mkdir /a /b; ln -s ../../../../../../tmp /a/link; mount -t tmpfs tmpfs /b 2>/dev/null || :'
	jq -n --arg data "$data" '[{destination: "/a/link/lash-live", type: "bind", source: $data, options: ["bind"]}]' \
		>"$BATS_TEST_TMPDIR/list"
	rc mounts add "$id" "$BATS_TEST_TMPDIR/list"
	[ "$(inside cat /tmp/lash-live/file)" = outside ]
	[ ! -e /tmp/lash-live ]
	[ -d "$rootfs/tmp/lash-live" ]
	rc mounts remove "$id" "$BATS_TEST_TMPDIR/list"
	assert_empty "$(ls "$rootfs/tmp/lash-live")"
}

@test "runc update: --mount-add and --mount-rm bind and unbind while the container runs" {
	start
	rc update --mount-add "$data:/data" --mount-add "/etc/passwd:/data/file:ro" --pids-limit 40 "$id"
	[[ $(inside head -n 1 /data/file) == root:* ]]
	run inside sh -c 'echo x >/data/file'
	[[ $output == *Read-only* ]] || fail "$output"
	rc update --mount-rm /data/file "$id"
	[ "$(inside cat /data/file)" = outside ]
	rc update --mount-rm /data "$id"
	run inside cat /data/file
	[[ $output == *"No such file"* ]] || fail "$output"
	for bad in x x:/y /x:y /x:/y:ro:z; do
		run --separate-stderr rc update --mount-add "$bad" "$id"
		assert_status 1
		assert_one_line "*--mount-add: '$bad' is not SOURCE:DESTINATION*"
	done
	run --separate-stderr rc update --mount-rm /nosuch "$id"
	assert_one_line "*'/nosuch': the container has no such mount*"
}

@test "runc update: --mount-rm is not led to what masks proc, and can be tried again" {
	start
	rc update --mount-add "$data:/a/sys" --mount-add "$data:/b/c" "$id"
	inside sh -c 'mv /a /moved && ln -s /proc /a'
	run --separate-stderr rc update --mount-rm /a/sys --mount-rm /b/c "$id"
	assert_status 1
	assert_one_line "*unmount '/a/sys': Invalid cross-device link*"
	run inside ls /b/c/file
	[[ $output == *"No such file"* ]] || fail "$output"
	inside grep -q '^proc /proc/sys proc ro' /proc/self/mounts
	inside sh -c 'rm /a && mv /moved /a'
	run --separate-stderr rc update --mount-rm /a/sys --mount-rm /b/c "$id"
	assert_status 0
	assert_one_line "*no mount is at '/b/c' any more*"
	[ "$(jq '.mounts | length' "$root/$id/config.json")" = "$(jq '.mounts | length' "$bundle/config.json")" ]
}

@test "runc update: --mount-rm takes no other mount for the one it put there" {
	mkdir "$rootfs/secret"
	echo hidden >"$rootfs/secret/data"
	start '.linux.maskedPaths += ["/secret/data"]'
	rc update --mount-add "$data:/a/data" "$id"
	inside sh -c 'mv /a /moved && mv /secret /a'
	run --separate-stderr rc update --mount-rm /a/data "$id"
	assert_status 1
	assert_one_line "*unmount '/a/data': Invalid cross-device link*"
	assert_empty "$(inside cat /a/data)"
	inside sh -c 'mv /a /secret && mv /moved /a'
	rc update --mount-rm /a/data "$id"
	assert_empty "$(inside ls /a/data)"
}

@test "runc update: --device-add makes a node that may be used, --device-rm takes both away" {
	# A number that no driver has: "no such device" is what opening says once it is allowed.
	mknod "$BATS_TEST_TMPDIR/node" c 60 7
	mknod "$rootfs/other" c 60 7
	start
	run inside cat /other
	[[ $output == *"not permitted"* ]] || fail "$output"
	rc update --device-add "$BATS_TEST_TMPDIR/node:/dev/sub/node:r" "$id"
	[ "$(inside stat -c '%t:%T %F' /dev/sub/node)" = "3c:7 character special file" ]
	run inside cat /dev/sub/node
	[[ $output == *"No such device"* ]] || fail "$output"
	run inside sh -c ': >/dev/sub/node'
	[[ $output == *"not permitted"* ]] || fail "$output"
	[ "$(jq -r '.linux.devices[0].path' "$root/$id/config.json")" = /dev/sub/node ]
	[ "$(jq -c '.linux.resources.devices[1]' "$root/$id/config.json")" = \
		'{"allow":true,"type":"c","major":60,"minor":7,"access":"r"}' ]
	rc update --device-rm /dev/sub/node "$id"
	run inside ls /dev/sub/node
	[[ $output == *"No such file"* ]] || fail "$output"
	run inside cat /other
	[[ $output == *"not permitted"* ]] || fail "$output"
	for bad in x /dev/null:x /dev/null:/x:q /etc/passwd; do
		run --separate-stderr rc update --device-add "$bad" "$id"
		assert_status 1
		assert_one_line "*--device-add: *"
	done
	run --separate-stderr rc update --device-rm /dev/sub/node "$id"
	assert_one_line "*'/dev/sub/node': the container has no such device*"
}

@test "runc update: devices and mounts come to a container with a user namespace, too" {
	need kernel:userns
	chmod 755 "$BATS_TEST_TMPDIR" "$bundle"
	chown -R 100000:100000 "$rootfs"
	start '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] |
		.linux.gidMappings = .linux.uidMappings'
	rc update --mount-add "$data:/data" --device-add /dev/zero:/dev/sub/zero "$id"
	[ "$(inside cat /data/file)" = outside ]
	[ "$(inside head -c 2 /dev/sub/zero | od -An -tx1 | tr -d ' ')" = 0000 ]
	rc update --device-rm /dev/sub/zero --mount-rm /data "$id"
	run inside ls /dev/sub/zero
	[[ $output == *"No such file"* ]] || fail "$output"
}

@test "runc update: --unified is written as it is, where there is v2" {
	start
	run --separate-stderr rc update --unified nofile "$id"
	assert_one_line "*--unified: 'nofile' is not FILE=VALUE*"
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		rc update --unified pids.max=33 "$id"
		[ "$(inside cat /sys/fs/cgroup/pids.max)" = 33 ]
	else
		run --separate-stderr rc update --unified pids.max=33 "$id"
		assert_status 1
	fi
}
