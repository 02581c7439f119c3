# runc-many.bats - many containers at once: none fails, none is mixed up with another, nothing is left.
# shellcheck shell=bash disable=SC2154

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
}

teardown() {
	runc_teardown
}

# caller N COUNT - run COUNT containers one after the other; each says its caller and exits with its number.
caller() {
	local n status dir=$bundle/$1
	mkdir "$dir"
	jq --arg n "$1" --arg rootfs "$rootfs" '.root.path = $rootfs | del(.linux.cgroupsPath) | .hostname = "caller-" + $n |
		.process.args = ["sh", "-c", "hostname; exit " + $n]' "$bundle/config.json" >"$dir/config.json"
	for n in $(seq "$2"); do
		status=0
		rc run -b "$dir" "$id-$1-$n" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
		[ "$status" -eq "$1" ] && [ "$(cat "$dir/out")" = "caller-$1" ] ||
			echo "$id-$1-$n: status $status: $(cat "$dir/out" "$dir/err")"
	done
}

@test "runc run: forty containers by four callers at once all run, and leave nothing" {
	local mounts n jobs=()
	mounts=$(grep -vc ' /proc ' /proc/self/mountinfo)
	for n in 1 2 3 4; do
		caller "$n" 10 >"$BATS_TEST_TMPDIR/failed-$n" 2>&1 3>&- &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	run cat "$BATS_TEST_TMPDIR"/failed-*
	assert_output ""
	run find "$root" -mindepth 1 -maxdepth 1 ! -name '.*'
	assert_output ""
	run find /sys/fs/cgroup -maxdepth 2 -name "$id-*"
	assert_output ""
	[ "$(grep -vc ' /proc ' /proc/self/mountinfo)" -eq "$mounts" ]
	run pgrep -x runc
	assert_output ""
}
