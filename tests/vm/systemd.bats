#!/usr/bin/env bats
# systemd.bats - control groups made by a real systemd: cgroup-systemd, runc --systemd-cgroup, Podman.
#
# Runs in a virtual machine only: make check-vm-systemd.

# shellcheck disable=SC2154,SC2016 # $stderr and friends are bats's; $ in quotes is for the container

load lib/common

setup_file() {
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

teardown_file() {
	# Podman keeps its store mounted on itself.
	umount "$BATS_FILE_TMPDIR/podman/overlay" 2>/dev/null || :
}

setup() {
	need root jq busybox
	name=$(unique)
	unit=lash-$name.scope
	path=:lash:$name
	root=$BATS_TEST_TMPDIR/state
	bundle=$BATS_TEST_TMPDIR/bundle
	mkdir "$bundle"
	ln -s "$BATS_FILE_TMPDIR/rootfs" "$bundle/rootfs"
}

teardown() {
	local job left
	for job in $(jobs -p); do
		kill "$job" 2>/dev/null || :
	done
	for left in "$root"/*/; do
		[ -d "$left" ] || continue
		left=${left%/}
		rc delete --force "${left##*/}"
	done
	cgroup-systemd delete --kill --path "$path"
	[ -z "$(find /sys/fs/cgroup -name "*$name*")" ] || fail "groups are left: $(find /sys/fs/cgroup -name "*$name*")"
	[ "$(systemctl list-units --all --plain --no-legend "*$name*" | wc -l)" -eq 0 ] || fail "units are left"
}

rc() {
	timeout -k 5 120 runc --root "$root" "$@"
}

# configure FILTER - the default config.json without a terminal, in this test's unit, changed by a jq filter.
configure() {
	rm -f "$bundle/config.json"
	runc spec -b "$bundle"
	jq --arg path "$path" '.process.terminal = false | .process.rlimits = [] | .root.readonly = false |
		.linux.cgroupsPath = $path | '"$1" "$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
}

# shows UNIT PROPERTY - its value.
shows() {
	systemctl show -p "$2" --value "$1"
}

start_sleep() {
	sleep 300 3>&- &
	pid=$!
}

@test "cgroup-systemd: create, update and delete a scope" {
	start_sleep
	run --separate-stderr cgroup-systemd create --path "$path" --pid "$pid" --property 'TimeoutStopSec=7' <<-'JSON'
		{"memory":{"limit":67108864,"swap":134217728,"reservation":1048576},"cpu":{"shares":512,"quota":25000,"period":50000,
		"cpus":"0"},"pids":{"limit":20},"blockIO":{"weight":505},"devices":[{"allow":false,"access":"rwm"}],
		"unified":{"memory.high":"50331648"}}
	JSON
	assert_status 0
	assert_output "/system.slice/$unit"
	grep -x "0::/system.slice/$unit" "/proc/$pid/cgroup"
	[ "$(shows "$unit" ActiveState)" = active ]
	[ "$(shows "$unit" Delegate)" = yes ]
	[ "$(shows "$unit" Slice)" = system.slice ]
	[ "$(shows "$unit" MemoryMax)" = 67108864 ]
	[ "$(shows "$unit" MemorySwapMax)" = 67108864 ]
	[ "$(shows "$unit" MemoryLow)" = 1048576 ]
	[ "$(shows "$unit" MemoryHigh)" = 50331648 ]
	[ "$(shows "$unit" CPUWeight)" = 59 ]
	[ "$(shows "$unit" CPUQuotaPerSecUSec)" = 500ms ]
	[ "$(shows "$unit" CPUQuotaPeriodUSec)" = 50ms ]
	[ "$(shows "$unit" AllowedCPUs)" = 0 ]
	[ "$(shows "$unit" TasksMax)" = 20 ]
	[ "$(shows "$unit" IOWeight)" = 5000 ]
	[ "$(shows "$unit" DevicePolicy)" = strict ]
	[ "$(shows "$unit" TimeoutStopUSec)" = 7s ]
	cd "/sys/fs/cgroup/system.slice/$unit"
	[ "$(cat memory.max pids.max cpu.max cpuset.cpus | tr '\n' ,)" = "67108864,20,25000 50000,0," ]
	cd /
	cgroup-systemd update --path "$path" <<<'{"memory":{"limit":33554432},"pids":{"limit":-1},"cpu":{"shares":1024}}'
	[ "$(shows "$unit" MemoryMax)" = 33554432 ]
	[ "$(shows "$unit" TasksMax)" = infinity ]
	[ "$(shows "$unit" CPUWeight)" = 100 ]
	run --separate-stderr cgroup-systemd create --path "$path" --pid $$ </dev/null
	assert_status 1
	assert_one_line "cgroup-systemd create: start unit '$unit': *already*"
	cgroup-systemd delete --path "$path"
	! kill -0 "$pid" 2>/dev/null
	[ "$(shows "$unit" LoadState)" = not-found ]
	cgroup-systemd delete --path "$path"
	run --separate-stderr cgroup-systemd update --path "$path" <<<'{"pids":{"limit":1}}'
	assert_status 1
	assert_one_line "cgroup-systemd update: set properties of unit '$unit': *"
}

@test "cgroup-systemd create: names a property or a process that systemd refuses" {
	start_sleep
	run --separate-stderr cgroup-systemd create --path "$path" --pid "$pid" --property "NoSuchThing='x'" </dev/null
	assert_status 1
	assert_one_line "cgroup-systemd create: start unit '$unit': *NoSuchThing*"
	run --separate-stderr cgroup-systemd create --path "$path" --pid 4194000 </dev/null
	assert_status 1
	assert_one_line "cgroup-systemd create: start unit '$unit'*"
	# A unit that failed is no obstacle.
	cgroup-systemd create --path "$path" --pid "$pid" </dev/null
}

@test "cgroup-systemd create --hold-fd: is the unit's process until told" {
	mkfifo "$BATS_TEST_TMPDIR/hold"
	cgroup-systemd create --path "a-$name-b.slice:lash:$name" --hold-fd 5 5<>"$BATS_TEST_TMPDIR/hold" </dev/null \
	    >"$BATS_TEST_TMPDIR/group" 3>&- &
	holder=$!
	wait_for 60 test -s "$BATS_TEST_TMPDIR/group"
	group=$(cat "$BATS_TEST_TMPDIR/group")
	[[ $group == /a.slice/a-*b.slice/$unit ]] || fail "$group"
	[ "$(cat "/sys/fs/cgroup$group/cgroup.procs")" = "$holder" ]
	kill -9 "$holder"
	wait_for 60 eval "[ ! -d /sys/fs/cgroup$group ]"
	cgroup-systemd delete --kill --path "a-$name-b.slice:lash:$name"
	systemctl stop a.slice
}

@test "cgroup-systemd: makes slices" {
	run --separate-stderr cgroup-systemd create --path "::lash${name//-/}.slice" <<<'{"memory":{"limit":104857600}}'
	assert_status 0
	assert_output "/lash${name//-/}.slice"
	[ "$(shows "lash${name//-/}.slice" MemoryMax)" = 104857600 ]
	cgroup-systemd delete --path "::lash${name//-/}.slice"
	[ ! -d "/sys/fs/cgroup/lash${name//-/}.slice" ]
}

@test "cgroup-systemd --user: asks the user's own systemd" {
	as() {
		XDG_RUNTIME_DIR=/run/user/1000 setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
	}
	wait_for 60 test -S /run/user/1000/bus
	setpriv --reuid 1000 --regid 1000 --clear-groups sleep 300 3>&- &
	pid=$!
	wait_for 60 grep -q sleep "/proc/$pid/comm"
	run --separate-stderr as cgroup-systemd create --path "$path" --pid "$pid" <<<'{"pids":{"limit":9}}'
	assert_status 0
	[[ $output == /user.slice/user-1000.slice/user@1000.service/user.slice/$unit ]] || fail "$output"
	grep -x "0::$output" "/proc/$pid/cgroup"
	[ "$(cat "/sys/fs/cgroup$output/pids.max")" = 9 ]
	as cgroup-systemd update --path "$path" <<<'{"pids":{"limit":7}}'
	[ "$(cat "/sys/fs/cgroup$output/pids.max")" = 7 ]
	as cgroup-systemd delete --kill --path "$path"
	[ ! -d "/sys/fs/cgroup$output" ]
}

@test "runc --systemd-cgroup: a container's life in a scope" {
	configure '.process.args = ["sleep", "300"] | .linux.resources = {memory: {limit: 67108864}, pids: {limit: 11},
		cpu: {shares: 1024, quota: 50000, period: 100000}, devices: [{allow: false, access: "rwm"}]} |
		.annotations["org.systemd.property.TimeoutStopSec"] = "uint64 9"'
	rc --systemd-cgroup create -b "$bundle" "$name" 3>&-
	[ "$(shows "$unit" ActiveState)" = active ]
	[ "$(shows "$unit" TimeoutStopUSec)" = 9s ]
	[ "$(shows "$unit" TasksMax)" = 11 ]
	group=/sys/fs/cgroup/system.slice/$unit
	[ "$(cat "$group/pids.max" "$group/memory.max" "$group/cpu.max" | tr '\n' ,)" = "11,67108864,50000 100000," ]
	[ "$(wc -l <"$group/cgroup.procs")" -eq 1 ]
	[ "$(cat "$group/cgroup.procs")" = "$(rc state "$name" | jq .pid)" ]
	rc start "$name"
	rc exec "$name" true
	run --separate-stderr rc exec "$name" cat /proc/self/cgroup
	assert_output "0::/"
	rc pause "$name"
	[ "$(rc state "$name" | jq -r .status)" = paused ]
	rc resume "$name"
	rc update --memory 32M --pids-limit 5 --cpu-share 512 "$name"
	[ "$(shows "$unit" MemoryMax)" = 33554432 ]
	[ "$(shows "$unit" TasksMax)" = 5 ]
	[ "$(shows "$unit" CPUWeight)" = 59 ]
	[ "$(cat "$group/memory.max" "$group/pids.max" "$group/cpu.weight" | tr '\n' ,)" = "33554432,5,59," ]
	# What systemd knows survives its reload.
	systemctl daemon-reload
	[ "$(cat "$group/memory.max" "$group/pids.max" | tr '\n' ,)" = "33554432,5," ]
	run --separate-stderr rc exec "$name" sh -c 'echo x >/dev/null && mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg'
	[ "$status" -ne 0 ]
	[[ $stderr == *"not permitted"* ]] || fail "$stderr"
	rc kill "$name" KILL
	rc delete --force "$name"
	[ "$(shows "$unit" LoadState)" = not-found ]
	[ ! -d "$group" ]
}

@test "runc --systemd-cgroup: a limit of one process is the container's" {
	configure '.process.args = ["sh", "-c", "read -r max </sys/fs/cgroup/pids.max; echo $max; sleep 0 & wait; echo done"] |
		.linux.resources = {pids: {limit: 1}}'
	run --separate-stderr rc --systemd-cgroup run -b "$bundle" "$name"
	assert_line 1
	[[ $stderr == *fork* ]] || fail "it could fork: $output $stderr"
	[ "$(shows "$unit" LoadState)" = not-found ]
}

@test "runc --cgroup-manager=systemd: cgroupsPath has three parts, or is runc's own" {
	configure '.process.args = ["true"] | .linux.cgroupsPath = "/a/b"'
	run --separate-stderr rc --cgroup-manager=systemd run -b "$bundle" "$name"
	[ "$status" -ne 0 ]
	[[ $stderr == *'expected cgroupsPath to be of format '*'slice:prefix:name'*'got '*'/a/b'* ]] || fail "$stderr"
	configure '.process.args = ["sleep", "300"] | del(.linux.cgroupsPath)'
	rc --cgroup-manager=systemd run -d -b "$bundle" "$name" 3>&-
	[ "$(shows "runc-$name.scope" ActiveState)" = active ]
	rc delete --force "$name"
	[ "$(shows "runc-$name.scope" LoadState)" = not-found ]
}

@test "runc --systemd-cgroup: a unit that is somebody else's is left alone" {
	start_sleep
	cgroup-systemd create --path "$path" --pid "$pid" </dev/null
	configure '.process.args = ["true"]'
	run --separate-stderr rc --systemd-cgroup run -b "$bundle" "$name"
	[ "$status" -ne 0 ]
	[[ $stderr == *"systemd: start unit '$unit'"* ]] || fail "$stderr"
	kill -0 "$pid"
	[ "$(shows "$unit" ActiveState)" = active ]
	[ ! -d "$root/$name" ]
}

@test "runc --systemd-cgroup: killed while it creates, leaves what delete --force removes" {
	local ms
	configure '.process.args = ["sleep", "300"]'
	for ms in 0.05 0.15 0.3 0.5 0.8; do
		timeout -s KILL "$ms" runc --root "$root" --systemd-cgroup create -b "$bundle" "$name" >/dev/null 2>&1 3>&- || :
		rc delete --force "$name"
		cgroup-systemd delete --kill --path "$path"
		[ -z "$(find /sys/fs/cgroup -name "$unit")" ]
	done
}

@test "podman: the systemd cgroup manager with our runc" {
	need podman
	podman() {
		command podman --root "$BATS_FILE_TMPDIR/podman" --runroot "$BATS_FILE_TMPDIR/podman-run" --cgroup-manager systemd \
		    --runtime "$LASH_BUILD/bin/runc" --events-backend file --log-level error "$@"
	}
	tar -C "$BATS_FILE_TMPDIR/rootfs" -cf - . | podman import -q - localhost/box >/dev/null
	run --separate-stderr podman run --rm --network none localhost/box echo hello
	assert_status 0
	assert_output hello
	podman run -d --network none --name "$name" -m 64m --pids-limit 33 --cpu-shares 512 localhost/box sleep 300 3>&- >/dev/null
	id=$(podman inspect -f '{{.Id}}' "$name")
	unit=libpod-$id.scope
	[ "$(shows "$unit" ActiveState)" = active ]
	[ "$(shows "$unit" Slice)" = machine.slice ]
	[ "$(shows "$unit" MemoryMax)" = 67108864 ]
	[ "$(cat "/sys/fs/cgroup/machine.slice/$unit/pids.max")" = 33 ]
	[ "$(podman exec "$name" cat /proc/self/cgroup)" = "0::/" ]
	podman stats --no-stream --format '{{.Name}} {{.PIDs}}' "$name" | grep -x "$name 1"
	podman pause "$name"
	[ "$(podman inspect -f '{{.State.Status}}' "$name")" = paused ]
	podman unpause "$name"
	podman update -m 32m "$name" >/dev/null
	[ "$(cat "/sys/fs/cgroup/machine.slice/$unit/memory.max")" = 33554432 ]
	[ "$(shows "$unit" MemoryMax)" = 33554432 ]
	podman kill "$name" >/dev/null
	podman rm -f "$name" >/dev/null
	[ "$(shows "$unit" LoadState)" = not-found ]
	# systemd in charge of what is inside: the container's own systemd would need the whole delegated group.
	run --separate-stderr podman run --rm --network none --systemd=always localhost/box sh -c 'mkdir /sys/fs/cgroup/x && echo made'
	assert_output made
}

@test "podman: a pod's containers share its slice" {
	need podman
	podman() {
		command podman --root "$BATS_FILE_TMPDIR/podman" --runroot "$BATS_FILE_TMPDIR/podman-run" --cgroup-manager systemd \
		    --runtime "$LASH_BUILD/bin/runc" --events-backend file --log-level error "$@"
	}
	podman image exists localhost/box || tar -C "$BATS_FILE_TMPDIR/rootfs" -cf - . | podman import -q - localhost/box >/dev/null
	pod=$(podman pod create --infra-image localhost/box --infra-command "sleep 300" --network none --name "pod$name")
	podman run -d --pod "pod$name" localhost/box sleep 300 3>&- >/dev/null
	group=$(podman pod inspect -f '{{.CgroupPath}}' "$pod")
	[[ $group == */machine-libpod_pod_$pod.slice ]] || fail "the pod's group is '$group'"
	[ "$(find "/sys/fs/cgroup/$group" -name "libpod-*.scope" | wc -l)" -ge 1 ] || fail "nothing in $group:" \
	    "$(find /sys/fs/cgroup/machine.slice -type d)"
	podman pod rm -f -t 0 "pod$name" >/dev/null
}
