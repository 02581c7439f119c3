#!/usr/bin/env bats
# A shim that was killed: what another one can take over, and what is lost.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # commands for the container; a test is a subshell; set by the loaded files
load lib/common
load lib/shim

setup() {
	need root runc jq python3
	shim_setup
}

teardown() {
	shim_teardown
}

# lose ID - SIGKILL to its shim.
lose() {
	local pid
	pid=$(place "$1" shim-pid)
	kill -KILL "$pid"
	wait_for 20 gone "$pid"
}

@test "shim adopt: with --keep-stdio a killed shim costs the container nothing" {
	make_bundle a false sh -c 'seq 30; until [ -e /tmp/go1 ]; do sleep 0.05; done; seq 31 20000; touch /tmp/past
		until [ -e /tmp/go2 ]; do sleep 0.05; done; seq 20001 20010; echo err >&2; exit 7'
	tmp=$BATS_FILE_TMPDIR/rootfs/tmp
	make a -l "json-file:$PWD/log" -l "k8s-file:$PWD/cri" --log-max-size 600k --log-max-files 9 --keep-stdio --on-exit "touch $PWD/ended"
	start a
	wait_for 20 grep -q '"30\\n"' log
	lose a
	# More than its pipe holds: it is held up.
	touch "$tmp/go1"
	wait_for 20 python3 -c 'import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
sys.exit(struct.unpack("i", fcntl.ioctl(fd, 0x541B, b"0000"))[0] < 60000)' "$LASH_RUN/shim/a/.stdio/out"
	kill -0 "$(place a pid)"
	[ ! -e "$tmp/past" ]
	run --separate-stderr shim adopt a
	assert_status 0
	assert_empty "$output$stderr"
	run --separate-stderr shim adopt a
	assert_status 1
	assert_one_line "shim adopt: container 'a' has a shim"
	wait_for 20 grep -q '"20000\\n"' log
	# Once more; clients come back.
	lose a
	shim adopt a
	shim attach --no-stdin a -- touch "$tmp/go2" >out 2>/dev/null &
	run shim wait a
	assert_output 7
	wait $! || :
	[ "$(tail -n 1 out)" = 20010 ]
	rm "$tmp/go1" "$tmp/go2" "$tmp/past"
	[ "$(shim logs ./log 2>/dev/null)" = "$(seq 20010)" ]
	[ "$(shim logs ./cri 2>&1 >/dev/null)" = err ]
	wait_for 20 test -e ended
	[ "$(jq -c '[.exitCode, .unknown, .signal]' "$LASH_RUN/shim/a/exit.json")" = '[7,null,0]' ]
	[ ! -e "$LASH_RUN/shim/a/.stdio" ]
	run --separate-stderr shim adopt a
	assert_status 1
	assert_one_line "shim adopt: container 'a' has ended"
}

@test "shim adopt: without it, what is written meanwhile kills the writer; the status is known all the same" {
	make_bundle a false sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done'
	make a -l "json-file:$PWD/log" -i
	start a
	wait_for 20 grep -q up log
	lose a
	shim adopt a
	# An idle one is as before.
	"$runtime" --root "$rt" exec -d a sh -c 'echo again >/proc/1/fd/1'
	wait_for 20 grep -q again log
	lose a
	shim adopt --foreground a &
	wait_for 20 test -S "$LASH_RUN/shim/a/attach.sock"
	wait_for 20 eval '[ "$(place a shim-pid)" = $! ]'
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 9 ]
	[ "$(place a exit)" = 9 ]

	make_bundle b false sh -c 'trap "exit 3" PIPE; echo up; while :; do sleep 0.05; [ ! -e /proc/self/root/tmp/go ] || echo more; done'
	make b -l "json-file:$PWD/log2"
	start b
	wait_for 20 grep -q up log2
	pid=$(place b pid)
	lose b
	touch "$BATS_FILE_TMPDIR/rootfs/tmp/go"
	wait_for 20 gone "$pid"
	rm "$BATS_FILE_TMPDIR/rootfs/tmp/go"
	# Nobody saw it end: that is said, not guessed.
	run --separate-stderr shim adopt b
	assert_status 0
	[ "$(jq -c '[.exitCode, .unknown]' "$LASH_RUN/shim/b/exit.json")" = '[255,true]' ]
	[ "$(shim wait b)" = 255 ]
}

@test "shim adopt: a terminal is lost, its end is not" {
	make_bundle a true sh -c 'trap "" HUP; echo up; sleep 1000'
	make a -l "json-file:$PWD/log"
	start a
	wait_for 20 grep -q up log
	lose a
	shim adopt a
	"$runtime" --root "$rt" kill a KILL
	[ "$(shim wait a)" = 137 ]
	[ "$(jq -c '[.exitCode, .signal]' "$LASH_RUN/shim/a/exit.json")" = '[137,9]' ]
}

@test "shim adopt: one that ended meanwhile is made again, if its policy says so" {
	make_bundle a false sh -c 'trap "exit 9" TERM; echo run; while :; do sleep 0.05; done'
	make a -l "json-file:$PWD/log" --restart on-failure:5 --events events
	start a
	wait_for 20 grep -q run log
	pid=$(place a pid)
	lose a
	kill -KILL "$pid"
	wait_for 20 gone "$pid"
	shim adopt a
	wait_for 20 eval '[ "$(wc -l <log)" = 2 ]'
	[ "$(place a restarts)" = 1 ]
	[ ! -e "$LASH_RUN/shim/a/exit" ]
	# And while its shim lives on, as ever.
	"$runtime" --root "$rt" kill a KILL
	wait_for 20 eval '[ "$(wc -l <log)" = 3 ]'
	wait_for 20 eval '[ "$(jq -r .event events | paste -sd " ")" = "created restart created started exit restart created started" ]'
	touch "$LASH_RUN/shim/a/stop"
	kill -TERM "$(place a shim-pid)"
	[ "$(shim wait a)" = 9 ]
}

@test "shim adopt: one that was never made, or is not there, is named" {
	run --separate-stderr shim adopt none
	assert_status 1
	assert_one_line "shim adopt: find container 'none': No such file or directory"
	mkdir -p "$LASH_RUN/shim/half"
	run --separate-stderr shim adopt half
	assert_status 1
	assert_one_line "shim adopt: container 'half' was never made"
	run --separate-stderr shim adopt
	assert_status 2
}
