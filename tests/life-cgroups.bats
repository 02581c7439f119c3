# life-cgroups.bats - containers in control groups that something happened to.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
	outer=$(unique)
}

teardown() {
	runc_teardown
	cgctl rm --kill "$outer"
}

# v2_dir - where the v2 hierarchy is.
v2_dir() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		echo /sys/fs/cgroup
	else
		echo /sys/fs/cgroup/unified
	fi
}

@test "runc run: works when started from a group that was killed" {
	cgctl create "$outer"
	cgctl kill "$outer"
	configure '.process.args = ["true"]'
	run --separate-stderr cgctl exec --same-pid "$outer" runc --root "$root" run -b "$bundle" "$id"
	assert_status 0
}

@test "runc exec: works from a group that was killed" {
	configure '.process.args = ["sleep", "300"]'
	cgctl create "$outer"
	rc run -d -b "$bundle" "$id" 3>&-
	cgctl kill "$outer"
	rc exec "$id" true
	cgctl exec --same-pid "$outer" runc --root "$root" exec "$id" true
}

@test "runc exec: follows init when the container hands controllers down" {
	v2=$(v2_dir)
	grep -q . "$v2/cgroup.controllers" || need kernel:cgroup2-controllers
	configure '.process.args = ["sleep", "300"]'
	rc run -d -b "$bundle" "$id" 3>&-
	mkdir "$v2/$group/init"
	for pid in $(cgctl ps "$group"); do
		echo "$pid" >"$v2/$group/init/cgroup.procs"
	done
	cgctl create "$group/other"
	grep -q . "$v2/$group/cgroup.subtree_control"
	run --separate-stderr rc exec "$id" cat /proc/self/cgroup
	assert_status 0
	assert_line "0::*/init"
	rc kill "$id" KILL
}
