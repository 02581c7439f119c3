# runc-crash.bats - runc killed at any step leaves nothing that `delete --force` does not remove.
# shellcheck shell=bash disable=SC2154

load lib/common

setup_file() {
	need root jq busybox killat
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

setup() {
	root=$BATS_TEST_TMPDIR/state
	bundle=$BATS_TEST_TMPDIR/bundle
	id=$(unique)
	mkdir "$bundle"
	runc spec -b "$bundle"
	jq --arg group "/$id" --arg rootfs "$BATS_FILE_TMPDIR/rootfs" '
		.process.terminal = false | .root.path = $rootfs | .linux.cgroupsPath = $group |
		.process.args = ["sleep", "1000"] | .process.rlimits = [] |
		.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 20}}' \
		"$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
	grep -v ' /proc ' /proc/self/mountinfo >"$BATS_TEST_TMPDIR/mounts"
}

rc() {
	runc --root "$root" "$@"
}

# killed_at N KILLAT-OPTION... - is runc VERB... (in $command) killed at its N-th step?
killed_at() {
	local n=$1 status=0
	shift
	killat "$@" change "$n" runc --root "$root" "${command[@]}" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
		status=$?
	case $status in
	0) return 0 ;;
	3) return 1 ;;
	*) fail "killat: status $status" "$(cat "$BATS_TEST_TMPDIR/out")" ;;
	esac
}

no_runc() {
	! pgrep -x runc >/dev/null && ! pgrep -f 'sleep 1000' >/dev/null
}

# check_nothing_left STEP - after delete --force.
check_nothing_left() {
	local left
	run rc delete --force "$id"
	[ "$status" -eq 0 ] || fail "step $1: delete --force: $output" "killed: ${command[*]}"
	wait_for 20 no_runc || fail "step $1: processes are left:" "$(ps -ef)"
	left=$(find "$root" -mindepth 1 -maxdepth 1 ! -name ".*" 2>/dev/null || :)
	left+=$(ls -d /sys/fs/cgroup/"$id" /sys/fs/cgroup/*/"$id" 2>/dev/null || :)
	[ -z "$left" ] || fail "step $1: left behind: $left"
	# Those of the host's that went away meanwhile are not our concern.
	left=$(grep -v ' /proc ' /proc/self/mountinfo | grep -vxFf "$BATS_TEST_TMPDIR/mounts" || :)
	[ -z "$left" ] || fail "step $1: mounts are left: $left"
}

# crash_everywhere KILLAT-OPTION... - kill $command at every step, each time after $before.
crash_everywhere() {
	local n=1
	before
	while killed_at "$n" "$@"; do
		check_nothing_left "$n"
		n=$((n + 1))
		before
	done
	check_nothing_left end
	# Had it ended before it did anything, nothing would have been tested.
	[ "$n" -gt "$atleast" ] || fail "only $n steps"
}

before() {
	:
}

@test "runc create: killed before each change it makes, leaves what delete --force removes" {
	command=(create --bundle "$bundle" "$id") atleast=50
	crash_everywhere --root
}

@test "runc create: whichever of its processes is killed, leaves what delete --force removes" {
	command=(create --bundle "$bundle" "$id") atleast=50
	crash_everywhere
}

@test "runc run: killed with all its processes, leaves what delete --force removes" {
	jq '.process.args = ["true"]' "$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
	command=(run --bundle "$bundle" "$id") atleast=50
	crash_everywhere --tree
}

@test "runc start: killed at any step, leaves what delete --force removes" {
	before() {
		rc create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
			fail "$(cat "$BATS_TEST_TMPDIR/out")"
	}
	command=(start "$id") atleast=2
	crash_everywhere --root
}

# only_init - nothing but its init is in the container.
only_init() {
	[ "$(rc ps --format json "$id")" = "[$(rc state "$id" | jq .pid)]" ]
}

# exec_everywhere KILLAT-OPTION... - kill an exec at every step; the container stays as it was.
exec_everywhere() {
	local n=1
	command=(exec "$id" true)
	rc run -d --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
		fail "$(cat "$BATS_TEST_TMPDIR/out")"
	while killed_at "$n" "$@"; do
		wait_for 20 only_init || fail "step $n: processes are left: $(ps -ef)"
		n=$((n + 1))
	done
	[ "$n" -gt 15 ] || fail "only $n steps"
	[ "$(rc state "$id" | jq -r .status)" = running ]
	check_nothing_left end
}

@test "runc exec: killed at any step, leaves no process in the container" {
	exec_everywhere --root
}

@test "runc exec: whichever of its processes is killed, leaves none in the container" {
	exec_everywhere
}

@test "runc delete: killed at any step, can be repeated" {
	before() {
		rc create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
			fail "$(cat "$BATS_TEST_TMPDIR/out")"
		rc start "$id"
	}
	command=(delete --force "$id") atleast=5
	crash_everywhere --root
}
