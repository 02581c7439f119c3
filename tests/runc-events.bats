# runc-events.bats - what a container uses while it runs, and how it ended.
# shellcheck shell=bash disable=SC2154,SC2016

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
	out=$BATS_TEST_TMPDIR/out
}

teardown() {
	runc_teardown
}

start() {
	configure "${2-.} | .process.args = [\"sh\", \"-c\", $(jq -n --arg s "$1" '$s')]"
	rc run -d -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
}

@test "runc events --stats: has the members that another runc has" {
	need /usr/sbin/runc
	members() {
		"$1" --root "$root-$2" run -d -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
		"$1" --root "$root-$2" events --stats "$id" >"$out"
		"$1" --root "$root-$2" delete --force "$id"
		[ "$(wc -l <"$out")" -ge 1 ]
		# Theirs knows hugetlb and peaks on v1 only, and no pressure. What is 0 is left out by both, and these may be.
		jq -c '.data.hugetlb = {} | .data.blkio = {} | del(.data.memory.cache, .data.memory.usage.max, .data.cpu.psi, .data.memory.psi) | [paths | map(if type == "number" then 0 else . end | tostring) | join(".")] |
			unique[]' "$out"
	}
	configure '.process.args = ["sleep", "1000"]'
	members /usr/sbin/runc theirs >"$out.theirs"
	members runc ours >"$out.ours"
	diff "$out.theirs" "$out.ours"
	jq -e --arg id "$id" '.type == "stats" and .id == $id and .data.pids.current == 1 and
		.data.memory.usage.usage > 0' "$out"
}

@test "runc events: looks again and again, tells of an OOM kill, and ends with the container" {
	local events
	start 'until [ -e /go ]; do sleep 0.1; done; cp /dev/zero /dev/shm/a; sleep 1000' \
		'.linux.resources.memory = {limit: 16777216, swap: 16777216} |
		.mounts |= map(if .destination == "/dev/shm" then .options |= map(select(startswith("size") | not)) else . end)'
	rc events --interval 100ms "$id" >"$out" 3>&- &
	events=$!
	wait_for 20 grep -q '"stats"' "$out"
	touch "$rootfs/go"
	wait_for 30 grep -q '"type":"oom"' "$out"
	# Whom the kernel took may have been the container's init.
	rc kill "$id" KILL || is_stopped
	wait "$events"
	jq -es --arg id "$id" 'all(.id == $id) and (map(select(.type == "oom")) | all(has("data") | not))' "$out"
	run --separate-stderr rc events "$id"
	assert_status 1
	assert_one_line "*container with id $id is not running*"
}

@test "runc events: an interval is a time above zero, and a group must be there" {
	start 'sleep 1000'
	for bad in 0 0s -1s x; do
		run --separate-stderr rc events --interval="$bad" "$id"
		assert_status 1
		[[ $stderr == *"duration interval must be greater than 0"* ]] || fail "$stderr"
	done
	rc delete --force "$id"
	rc --cgroup-manager disabled run -d -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
	run --separate-stderr rc events --stats "$id"
	assert_status 1
	[[ $stderr == *"cgroup not exist"* ]] || fail "$stderr"
}

# exit_of - what state says of the end, without its time.
exit_of() {
	rc state "$id" | jq -c '.exit | del(.finished)'
}

has_no_end() {
	[ "$(exit_of)" = null ]
}

@test "runc wait: prints the exit code, and state keeps it" {
	need kernel:6.15
	local waiter
	start 'until [ -e /go ]; do sleep 0.1; done; exit 7'
	[ "$(exit_of)" = null ]
	[[ $(rc state "$id" | jq -r .started) =~ ^20.*Z$ ]]
	runc --root "$root" wait "$id" >"$out" 3>&- &
	waiter=$!
	# Until it holds a pidfd, there is nothing that keeps the status for it: 7 is poll(2).
	wait_for 20 grep -qs '^7 ' "/proc/$waiter/syscall"
	touch "$rootfs/go"
	wait "$waiter"
	[ "$(cat "$out")" = 7 ]
	[ "$(exit_of)" = '{"code":7,"oomKilled":false}' ]
	[[ $(rc state "$id" | jq -r .exit.finished) =~ ^20.*Z$ ]]
	[ "$(rc wait "$id")" = 7 ]
	rc wait --ended 9 "$id"
	[ "$(rc wait "$id")" = 7 ]
}

@test "runc wait: a zombie still has its status, and nobody has it after that" {
	need python3
	configure '.process.args = ["sleep", "1000"]'
	# A parent that does not reap before it is told to.
	mkfifo "$BATS_TEST_TMPDIR/reap"
	python3 - "$root" "$bundle" "$id" "$BATS_TEST_TMPDIR/reap" \
		"$BATS_TEST_TMPDIR/made" >/dev/null 2>&1 3>&- <<-'PY' &
		import ctypes, subprocess, sys
		ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
		subprocess.run(["runc", "--root", sys.argv[1], "run", "-d", "-b", sys.argv[2], sys.argv[3]], check=True)
		open(sys.argv[5], "w")
		open(sys.argv[4]).read()
	PY
	wait_for 20 test -e "$BATS_TEST_TMPDIR/made"
	rc kill "$id" KILL
	wait_for 20 is_stopped
	[ "$(exit_of)" = '{"code":137,"signal":"KILL","oomKilled":false}' ]
	[ "$(rc wait "$id")" = 137 ]
	[ -e "$root/$id/exit.json" ]
	rm "$root/$id/exit.json"
	echo >"$BATS_TEST_TMPDIR/reap"
	wait
	# Its new parent reaps it in its own time.
	wait_for 20 has_no_end
	run --separate-stderr rc wait "$id"
	assert_status 1
	[[ $stderr == *"exit status of container '$id' is not known"* ]] || fail "$stderr"
	rc wait --ended TERM "$id"
	[ "$(exit_of)" = '{"code":143,"signal":"TERM","oomKilled":false}' ]
	run --separate-stderr rc wait --ended 256 "$id"
	assert_status 1
}

@test "runc run --keep: state tells how the container ended, an OOM kill too" {
	configure '.process.args = ["sh", "-c", "exit 3"]'
	run rc run --keep -b "$bundle" "$id"
	assert_status 3
	[ "$(exit_of)" = '{"code":3,"oomKilled":false}' ]
	[ "$(rc wait "$id")" = 3 ]
	rc delete "$id"
	configure '.process.args = ["cp", "/dev/zero", "/dev/shm/a"] |
		.linux.resources.memory = {limit: 16777216, swap: 16777216} |
		.mounts |= map(if .destination == "/dev/shm" then .options |= map(select(startswith("size") | not)) else . end)'
	run rc run --keep -b "$bundle" "$id"
	assert_status 137
	[ "$(exit_of)" = '{"code":137,"signal":"KILL","oomKilled":true}' ]
}

@test "runc wait: --ended is for what has ended" {
	start 'sleep 1000'
	run --separate-stderr rc wait --ended 0 "$id"
	assert_status 1
	assert_one_line "*container '$id' has not ended*"
}
