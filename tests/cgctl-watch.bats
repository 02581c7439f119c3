#!/usr/bin/env bats
# cgctl-watch.bats - waiting for what happens to groups, and watching what they use.

# shellcheck disable=SC2154 # $stderr is set by run

load lib/common
load lib/cgctl

setup() {
	cgctl_setup
	events=$BATS_TEST_TMPDIR/events
}

teardown() {
	local job
	for job in $(jobs -p); do
		kill "$job" 2>/dev/null || :
	done
	cgctl_teardown
}

# watch [OPTION]... GROUP - events of it go to $events, from now on.
watch() {
	cgctl events "$@" >"$events" 3>&- &
	wait_for 20 grep -q '"event":"start"' "$events"
}

# seen FILTER - an event of this kind was printed.
seen() {
	jq -se --arg g "$group" "map(select($1)) | length > 0" "$events" >/dev/null 2>&1
}

@test "cgctl wait: until empty, populated, frozen, thawed, removed" {
	cgctl create "$group"
	cgctl wait "$group"
	timeout 60 cgctl wait -u populated "$group" &
	waiter=$!
	sleeper
	wait "$waiter"
	timeout 60 cgctl wait -u frozen "$group" &
	waiter=$!
	cgctl freeze "$group"
	wait "$waiter"
	timeout 60 cgctl wait -u thawed "$group" &
	waiter=$!
	cgctl thaw "$group"
	wait "$waiter"
	timeout 60 cgctl wait "$group" &
	waiter=$!
	kill "$pid"
	wait "$waiter"
	timeout 60 cgctl wait -u removed "$group" &
	waiter=$!
	cgctl rm "$group"
	wait "$waiter"
	cgctl wait "$group"
	cgctl wait -u removed "$group"
}

@test "cgctl wait: gives up, and says for what" {
	cgctl create "$group"
	sleeper
	run --separate-stderr cgctl wait -t 0 "$group"
	assert_status 1
	assert_one_line "cgctl wait: wait for group '$group': timed out before it was empty"
	run --separate-stderr cgctl wait -t 1 -u frozen "$group"
	assert_status 1
	run --separate-stderr cgctl wait -u populated "$group/none"
	assert_status 1
	assert_one_line "cgctl wait: open group '$group/none': no such group"
	cgctl create "$group/x"
	timeout 60 cgctl wait -u populated "$group/x" 2>"$BATS_TEST_TMPDIR/err" &
	waiter=$!
	cgctl rm "$group/x"
	wait "$waiter" || :
	# Whichever came first: the wait or the removal.
	grep -E "it was removed|no such group" "$BATS_TEST_TMPDIR/err"
}

@test "cgctl events: tells of populated, frozen, limits and the end, then ends" {
	cgctl create "$group"
	watch "$group"
	watcher=$!
	cgctl set "$group" pids.max=1
	cgctl exec "$group" sh -c 'sleep 0 & wait' 2>/dev/null || :
	wait_for 20 seen '.event == "pids_max" and .count >= 1 and .group == $g'
	cgctl set "$group" pids.max=max
	sleeper
	wait_for 20 seen '.event == "populated" and .populated'
	cgctl freeze "$group"
	wait_for 20 seen '.event == "frozen" and .frozen'
	cgctl thaw "$group"
	wait_for 20 seen '.event == "frozen" and (.frozen | not)'
	cgctl kill -w "$group"
	wait_for 20 seen '.event == "populated" and (.populated | not)'
	cgctl rm "$group"
	wait "$watcher"
	[ "$(tail -n 1 "$events" | jq -r .event)" = removed ]
	head -n 1 "$events" | jq -e '.sources | length > 3 and all(.by == "inotify" or .by == "eventfd" or
		(.by == "poll" and (.reason | length > 0)))'
}

@test "cgctl events: tells of memory running out" {
	cgctl create "$group"
	cgctl set "$group" memory.max=16M
	cgctl set "$group" memory.swap.max=0 || need kernel:swap-accounting
	watch "$group"
	run cgctl exec "$group" sh -c 'head -c 64m /dev/zero | tail >/dev/null'
	wait_for 20 seen '.event == "oom_kill" and .count >= 1'
	wait_for 20 seen '.event == "oom"'
	# v1's failcnt stays 0 on some kernels (seen on 6.18).
	[ ! -e /sys/fs/cgroup/cgroup.controllers ] || wait_for 20 seen '.event == "memory_max"'
}

@test "cgctl events: tells of memory beyond high" {
	[ -e /sys/fs/cgroup/cgroup.controllers ] || need kernel:cgroup2-memory
	cgctl create "$group"
	cgctl set "$group" memory.high=8M memory.max=64M
	watch "$group"
	cgctl exec "$group" timeout 60 sh -c 'head -c 16m /dev/zero | tail >/dev/null' 3>&- &
	wait_for 60 seen '.event == "memory_high" and .count >= 1'
}

@test "cgctl events --pressure: tells of stalls" {
	[ -e "$(v2_dir)/memory.pressure" ] || need kernel:pressure
	cgctl create "$group"
	watch -p cpu:some:20000/2000000 "$group"
	cgctl exec "$group" timeout 60 sh -c 'for i in 1 2 3 4 5 6; do while :; do :; done & done; wait' 3>&- &
	wait_for 60 seen '.event == "pressure" and .resource == "cpu" and .kind == "some" and (.now | contains("avg10="))'
	cgctl kill "$group"
	run --separate-stderr cgctl events -p memory:some:1/2 "$group"
	assert_status 1
	assert_one_line "cgctl events: watch pressure of group '$group': 'memory some 1 2': refused; try windows of whole 2 s"
	run --separate-stderr cgctl events -p nonsense:some:10000/2000000 "$group"
	assert_status 1
	assert_one_line "cgctl events: watch pressure of group '$group': this kernel does not measure nonsense.pressure"
}

@test "cgctl events: ends after a number of events, or a time" {
	cgctl create "$group/a" "$group/b"
	cgctl events -n 1 "$group/a" "$group/b" >"$events" 3>&- &
	watcher=$!
	wait_for 20 grep -q "$group/b" "$events"
	sleeper "$group/b"
	wait "$watcher"
	[ "$(wc -l <"$events")" -eq 3 ]
	run --separate-stderr cgctl events -t 0 "$group/a"
	assert_status 0
	run --separate-stderr cgctl events "$group/none"
	assert_status 1
}

@test "cgctl top: shows usage once, sorted, as JSON too" {
	cgctl create "$group/busy" "$group/idle"
	sleeper "$group/idle"
	cgctl exec "$group/busy" timeout 120 sh -c 'while :; do :; done' 3>&- &
	wait_for 20 populated "$group/busy"
	cgctl top --json -n 1 -d 1 "$group" >"$BATS_TEST_TMPDIR/top"
	jq -se --arg g "$group" '.[0] | .group == $g + "/busy" or .group == $g' "$BATS_TEST_TMPDIR/top"
	jq -se --arg g "$group" 'map(select(.group == $g + "/busy"))[0] | .cpu_percent > 0 and .tasks >= 1 and .memory > 0' \
	    "$BATS_TEST_TMPDIR/top"
	run --separate-stderr cgctl top -n 2 -d 20ms -s name "$group"
	assert_status 0
	[ "${#lines[@]}" -eq 8 ]
	[[ ${lines[0]} == *"*GROUP" && ${lines[1]} == *"  $group" && ${lines[2]} == *"  $group/busy" ]]
	run --separate-stderr cgctl top -n 1 -d 20ms --depth 0 "$group"
	[ "${#lines[@]}" -eq 2 ]
	run --separate-stderr cgctl top -n 1 "$group/none"
	assert_status 1
	assert_one_line "cgctl top: open group '$group/none': no such group"
}

@test "cgctl top: draws on a terminal until q, and leaves it as it was" {
	need script
	cgctl create "$group/a" "$group/b"
	mkfifo "$BATS_TEST_TMPDIR/keys"
	timeout 60 script -qefc "stty rows 12 cols 60; stty -g; cgctl top -d 100ms $group; stty -g" /dev/null \
	    <"$BATS_TEST_TMPDIR/keys" >"$BATS_TEST_TMPDIR/screen" 2>/dev/null 3>&- &
	screen=$!
	exec 4>"$BATS_TEST_TMPDIR/keys"
	wait_for 20 grep -q '\*%CPU' "$BATS_TEST_TMPDIR/screen"
	printf m >&4
	wait_for 20 grep -q '\*MEMORY' "$BATS_TEST_TMPDIR/screen"
	printf q >&4
	wait "$screen"
	exec 4>&-
	# shellcheck disable=SC2094 # read only
	[ "$(tr -d '\r' <"$BATS_TEST_TMPDIR/screen" | head -n 1)" = "$(tr -d '\r' <"$BATS_TEST_TMPDIR/screen" | tail -n 1 | sed 's/.*\x1b\[?1049l//')" ]
}
