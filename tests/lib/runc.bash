# runc.bash - a bundle and a state directory for the tests of runc: `load lib/runc` after lib/common.
#
# Defines: runc_setup_file, runc_setup, runc_teardown, rc, configure, group_dirs, status_of, is_stopped, in_box,
# assert_in_group.
# Sets in runc_setup: $root (state), $bundle, $rootfs (of this test alone), $id, $group.
# shellcheck shell=bash disable=SC2154

runc_setup_file() {
	need root jq busybox
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

runc_setup() {
	root=$BATS_TEST_TMPDIR/state
	bundle=$BATS_TEST_TMPDIR/bundle
	rootfs=$bundle/rootfs
	id=$(unique)
	group=$id
	mkdir "$bundle"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$rootfs"
	configure .
}

runc_teardown() {
	local left job
	for job in $(jobs -p); do
		kill "$job" 2>/dev/null || :
	done
	for left in "$root"/*/; do
		[ -d "$left" ] || continue
		left=${left%/}
		rc delete --force "${left##*/}"
	done
	[ -z "$(group_dirs)" ] || fail "groups are left: $(group_dirs)"
}

rc() {
	timeout -k 5 60 runc --root "$root" "$@"
}

# group_dirs - the directories of this test's control group.
group_dirs() {
	find /sys/fs/cgroup -maxdepth 2 -name "$group"
}

# configure FILTER - the default config.json without a terminal, changed by a jq filter.
configure() {
	rm -f "$bundle/config.json"
	runc spec -b "$bundle"
	jq --arg group "/$group" '.process.terminal = false | .process.rlimits = [] | .root.readonly = false |
		.linux.cgroupsPath = $group | '"$1" "$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
}

status_of() {
	rc state "$id" | jq -r .status
}

is_stopped() {
	[ "$(status_of)" = stopped ]
}

# in_box SCRIPT [FILTER] - run SCRIPT by the container's shell in the foreground, as `run` does.
in_box() {
	configure "${2-.} | .process.args = [\"sh\", \"-c\", $(jq -n --arg s "$1" '$s')]"
	run --separate-stderr rc run -b "$bundle" "$id"
}

# assert_in_group - stdout, with /proc/self/cgroup in it, is from this test's group; where spec gives the
# container a cgroup namespace, on v2, that is its root.
assert_in_group() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		assert_line "0::/"
	else
		assert_line "*:/$group"
	fi
}
