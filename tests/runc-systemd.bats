# runc-systemd.bats - what runc asks of cgroup-systemd, and when. With a real systemd: vm/systemd.bats.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
	group=$id
	FAKE_SYSTEMD=$BATS_TEST_TMPDIR/systemd
	LASH_CGROUP_SYSTEMD=$LASH_TOP/tests/lib/fake-cgroup-systemd
	export FAKE_SYSTEMD LASH_CGROUP_SYSTEMD
	mkdir "$FAKE_SYSTEMD"
}

teardown() {
	runc_teardown
	cgctl rm --kill "lash-test-slice/$id"
}

asked() {
	[ "$(cat "$FAKE_SYSTEMD/asked")" = "$1" ] || fail "asked: $(cat "$FAKE_SYSTEMD/asked")" "want: $1"
}

@test "runc --systemd-cgroup: creates, updates and deletes the unit" {
	configure '.process.args = ["sleep", "300"] | .linux.cgroupsPath = "a.slice:lash:" + "'"$id"'" |
		.linux.resources = {pids: {limit: 1}, memory: {limit: 67108864}} |
		.annotations = {"org.systemd.property.CollectMode": "'"'x y'"'", other: "1"}'
	rc --systemd-cgroup create -b "$bundle" "$id" 3>&-
	[ "$(sed 's/--hold-fd [0-9]*/--hold-fd N/' "$FAKE_SYSTEMD/asked")" = \
	    "create --path a.slice:lash:$id --hold-fd N --property CollectMode='x y'" ]
	jq -e '. == {pids: {limit: 1}, memory: {limit: 67108864}}' "$FAKE_SYSTEMD/stdin.create"
	[ "$(cgctl ps "lash-test-slice/$id")" = "$(rc state "$id" | jq .pid)" ]
	[ "$(cgctl get "lash-test-slice/$id" pids.max memory.max | tr '\n' ' ')" = "1 67108864 " ]
	rc start "$id"
	: >"$FAKE_SYSTEMD/asked"
	rc update --memory 32M "$id"
	asked "update --path a.slice:lash:$id"
	jq -e '.memory.limit == 33554432' "$FAKE_SYSTEMD/stdin.update"
	[ "$(cgctl get "lash-test-slice/$id" memory.max)" = 33554432 ]
	# What systemd refuses does not hold either, and what the group refuses it never hears of.
	echo "no" >"$FAKE_SYSTEMD/refuse"
	run --separate-stderr rc update --memory 64M --pids-limit 7 --cpu-quota 50000 --cpu-period 100000 "$id"
	assert_status 1
	assert_one_line "*systemd: no*"
	rm "$FAKE_SYSTEMD/refuse"
	: >"$FAKE_SYSTEMD/asked"
	run --separate-stderr rc update --pids-limit 7 --cpuset-cpus 99999 "$id"
	assert_status 1
	assert_empty "$(cat "$FAKE_SYSTEMD/asked")"
	[ "$(cgctl get "lash-test-slice/$id" memory.max pids.max cpu.max | tr '\n' ' ')" = "33554432 1 max 100000 " ]
	[ "$(jq -c .linux.resources.memory.limit,.linux.resources.cpu "$root/$id/config.json" | tr '\n' ' ')" = "33554432 null " ]
	rc delete --force "$id"
	asked "delete --path a.slice:lash:$id --kill"
	[ ! -d "$root/$id" ]
}

@test "runc --systemd-cgroup: hands on what systemd refuses, and leaves a foreign unit alone" {
	configure '.process.args = ["true"] | .linux.cgroupsPath = ":lash:'"$id"'"'
	echo "start unit 'x': it is there already" >"$FAKE_SYSTEMD/refuse"
	run --separate-stderr rc --systemd-cgroup run -b "$bundle" "$id"
	[ "$status" -ne 0 ]
	[[ $stderr == *"systemd: start unit 'x': it is there already"* ]] || fail "$stderr"
	[ "$(wc -l <"$FAKE_SYSTEMD/asked")" -eq 1 ]
	[ ! -d "$root/$id" ]
	LASH_CGROUP_SYSTEMD=/no/such/program run --separate-stderr rc --systemd-cgroup run -b "$bundle" "$id"
	[ "$status" -ne 0 ]
	[[ $stderr == *"/no/such/program: No such file or directory"* ]] || fail "$stderr"
}

@test "runc --systemd-cgroup: a default path, and none that is a plain one" {
	configure '.process.args = ["true"] | del(.linux.cgroupsPath)'
	rc --cgroup-manager=systemd run -b "$bundle" "$id"
	grep -q "^create --path :runc:$id " "$FAKE_SYSTEMD/asked"
	configure '.process.args = ["true"] | .linux.cgroupsPath = "/a/b"'
	run --separate-stderr rc --systemd-cgroup run -b "$bundle" "$id"
	[ "$status" -ne 0 ]
	[[ $stderr == *'expected cgroupsPath to be of format '*'slice:prefix:name'*'got '*'/a/b'* ]] || fail "$stderr"
}

@test "runc --systemd-cgroup: finds cgroup-systemd from where it was called, never in the bundle" {
	local tools=$BATS_TEST_TMPDIR/tools search
	configure '.process.args = ["true"] | .linux.cgroupsPath = ":lash:'"$id"'"'
	mkdir "$tools"
	cp "$(command -v runc)" "$tools/runc"
	cp "$LASH_CGROUP_SYSTEMD" "$tools/cgroup-systemd"
	printf '#!/bin/sh\ntouch "$FAKE_SYSTEMD/bundle"\nexit 1\n' >"$bundle/cgroup-systemd"
	chmod +x "$bundle/cgroup-systemd"
	cp "$bundle/cgroup-systemd" "$bundle/runc"
	cd "$tools"
	LASH_CGROUP_SYSTEMD='' ./runc --root "$root" --systemd-cgroup run -b "$bundle" "$id"
	for search in '' cgroup-systemd ./cgroup-systemd; do
		LASH_CGROUP_SYSTEMD=$search PATH=:$PATH runc --root "$root" --systemd-cgroup run -b "$bundle" "$id"
	done
	[ "$(grep -c ^create "$FAKE_SYSTEMD/asked")" -eq 4 ]
	[ ! -e "$FAKE_SYSTEMD/bundle" ]
}
