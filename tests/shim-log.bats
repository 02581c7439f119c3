#!/usr/bin/env bats
# shim's log drivers that are no files: journald, syslog, exec.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # commands for the container; a test is a subshell; set by the loaded files
load lib/common
load lib/shim

setup() {
	need root runc jq python3 socat
	shim_setup
	rm -rf /run/systemd/journal
	services=()
}

teardown() {
	[ "${#services[@]}" -eq 0 ] || kill -KILL "${services[@]}" 2>/dev/null || :
	shim_teardown
}

# service COMMAND... - in the background, ended with the test.
service() {
	"$@" >/dev/null 2>service.err 3>&- &
	services+=($!)
}

lost() {
	jq -c '[.logs[] | .lostRecords]' "$LASH_RUN/shim/a/exit.json"
}

@test "shim journald: an entry a line, with the container's fields, priority and labels" {
	journal=/run/systemd/journal/socket
	make_bundle a false sh -c 'echo out; echo err >&2; printf "a\0b\n"; head -c 20000 /dev/zero | tr "\0" x; echo; printf end'
	run --separate-stderr make a -l journald
	assert_status 1
	assert_one_line "shim: open log '$journal': No such file or directory"
	service "$BATS_TEST_DIRNAME/lib/fake-journal" "$journal" "$PWD/entries"
	wait_for 20 test -S "$journal"
	big=$(head -c 100000 /dev/zero | tr '\0' v)
	make a -l journald --log-tag web --log-label UNIT=x=y --log-label "BIG=$big" --log-label "BIG2=$big" --log-label "BIG3=$big"
	start a
	[ "$(shim wait a)" = 0 ]
	wait_for 20 eval '[ "$(wc -l <entries)" -eq 6 ]'
	run jq -c '[.MESSAGE[:4], .PRIORITY, .CONTAINER_PARTIAL_MESSAGE, .VIA]' entries
	assert_line '\["out","6",null,"file"\]'
	assert_line '\["err","3",null,"file"\]'
	assert_line '\["a\\u0000b","6",null,"file"\]'
	assert_line '\["xxxx","6","true","file"\]'
	assert_line '\["end","6","true","file"\]'
	[ "$(jq -rj 'select(.MESSAGE | startswith("xx")) | .MESSAGE' entries | wc -c)" = 20000 ]
	run jq -sc '.[0] | [.CONTAINER_ID, .CONTAINER_ID_FULL, .CONTAINER_NAME, .CONTAINER_TAG, .SYSLOG_IDENTIFIER, .UNIT, (.BIG3 | length)]' entries
	assert_output '["a","a","a","web","web","x=y",100000]'
	[ "$(lost)" = '[0]' ]
	run --separate-stderr make a -l journald --log-label nope=1
	assert_status 2
	assert_one_line "shim: bad log 'journald'*"
}

@test "shim journald: a service that hangs or goes is survived, and what it missed is said when it is back" {
	journal=/run/systemd/journal/socket
	make_bundle a false sh -c 'read x; seq 2000; read x; echo back; read x; echo again'
	service "$BATS_TEST_DIRNAME/lib/fake-journal" "$journal" "$PWD/entries"
	wait_for 20 test -S "$journal"
	make a -i -l journald -l "json-file:$PWD/whole"
	start a
	mkfifo in
	shim attach a <in >out &
	exec 5>in
	kill -STOP "${services[0]}"
	echo go >&5
	# The container and the other log go on.
	wait_for 20 grep -q '"2000\\n"' whole
	kill -CONT "${services[0]}"
	wait_for 20 grep -q '"MESSAGE": "1"' entries
	echo go >&5
	wait_for 20 grep -q '"MESSAGE": "back"' entries
	# Restarted: a new socket at the same place.
	kill -KILL "${services[0]}"
	rm "$journal"
	service "$BATS_TEST_DIRNAME/lib/fake-journal" "$journal" "$PWD/entries"
	wait_for 20 test -S "$journal"
	echo go >&5
	exec 5>&-
	[ "$(shim wait a)" = 0 ]
	wait_for 20 grep -q '"MESSAGE": "again"' entries
	n=$(jq .logs[0].lostRecords "$LASH_RUN/shim/a/exit.json")
	[ "$n" -gt 0 ]
	[ "$(jq -r 'select(.MESSAGE | startswith("shim: ") | not) | .MESSAGE' entries | wc -l)" -eq $((2002 - n)) ]
	grep -q "\"MESSAGE\": \"shim: $n records ([0-9]* bytes) lost: " entries
	[ "$(lost)" = "[$n,0]" ]
}

@test "shim syslog: datagrams, udp and tcp, in each format" {
	make_bundle a false sh -c 'echo out; echo; echo err >&2'
	service socat -u UNIX-RECV:/run/log OPEN:unix,creat,append
	service socat -u UDP-RECV:5514 OPEN:udp,creat,append
	service socat -u TCP-LISTEN:5514,fork,reuseaddr OPEN:tcp,creat,append
	service socat -u UNIX-LISTEN:/run/log-stream,fork OPEN:stream,creat,append
	wait_for 20 test -S /run/log
	wait_for 20 test -S /run/log-stream
	wait_for 20 socat -u OPEN:/dev/null TCP:127.0.0.1:5514
	for how in "unixgram:/run/log local" "udp://127.0.0.1:5514 rfc5424" "tcp://127.0.0.1:5514 rfc5424micro" "unix:/run/log-stream rfc3164"; do
		run_to_end a -l "syslog:${how% *}" --log-tag web --syslog-format "${how#* }"
		[ "$(lost)" = '[0]' ]
		"$runtime" --root "$rt" delete a
	done
	wait_for 20 grep -q err unix
	wait_for 20 grep -q err udp
	wait_for 20 grep -q err tcp
	wait_for 20 grep -q err stream
	grep -qE '^<30>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} web\[[0-9]+\]: out<27>[A-Z].*: err$' unix
	grep -qE "^<30>1 [-0-9]{10}T[0-9:]{8}\+00:00 $(hostname) web [0-9]+ web - out<27>1 .* - err\$" udp
	grep -qE "^<30>1 [-0-9]{10}T[0-9:]{8}\.[0-9]{6}\+00:00 $(hostname) web [0-9]+ web - out\$" tcp
	grep -qE "^<27>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} $(hostname) web\[[0-9]+\]: err\$" stream
	[ "$(wc -l <tcp)" = 2 ]
	for bad in udp://localhost:1 udp://1.2.3.4:0 tcp:1.2.3.4 unix:relative http://1.2.3.4; do
		run --separate-stderr make a -l "syslog:$bad"
		assert_status 2
		assert_one_line "shim: bad log 'syslog:$bad'*"
	done
	run --separate-stderr make a -l syslog:udp://127.0.0.1 --syslog-format rfc1
	assert_status 2
	run --separate-stderr make a -l syslog:tcp://127.0.0.1:5515
	assert_status 1
	assert_one_line "shim: open log 'tcp://127.0.0.1:5515': Connection refused"
}

@test "shim exec: records on a program's stdin; it is started again, and its successor misses nothing" {
	make_bundle a false sh -c 'seq 5; read x; seq 6 5000; sleep 0.5; seq 5001 200000'
	cat >sink <<-'END'
		#!/bin/sh
		echo $$ >>"$1.pids"
		exec cat >>"$1"
	END
	chmod +x sink
	make a -i -l "exec:$PWD/sink $PWD/out" -l "json-file:$PWD/log"
	start a
	wait_for 20 eval '[ "$(wc -l <out)" = 5 ]'
	kill -KILL "$(cat out.pids)"
	echo go | shim attach a >/dev/null
	[ "$(shim wait a)" = 0 ]
	wait_for 20 eval '[ "$(wc -l <out)" = 200000 ]'
	[ "$(wc -l <out.pids)" = 2 ]
	cmp out log
	[ "$(lost)" = '[0,0]' ]
	wait_for 20 gone "$(place a shim-pid)"
	run --separate-stderr make a -l exec:
	assert_status 2
	run --separate-stderr make a -l exec:/no/such
	assert_status 1
	assert_one_line "shim: open log '/no/such': No such file or directory"
}

@test "shim exec: a program that does not read costs records, not the container; they are counted" {
	make_bundle a false sh -c 'seq 30000; echo end; sleep 1000'
	cat >sink <<-'END'
		#!/bin/sh
		while [ ! -e "$1.go" ]; do sleep 0.05; done
		exec cat >>"$1"
	END
	chmod +x sink
	make a -l "exec:$PWD/sink $PWD/out" -l "json-file:$PWD/log"
	start a
	wait_for 20 grep -q '"end\\n"' log
	own=$(awk '/^Anonymous/ { print $2 }' "/proc/$(place a shim-pid)/smaps_rollup")
	touch out.go
	wait_for 20 grep -q '"10000\\n"' out
	"$runtime" --root "$rt" kill a KILL
	[ "$(shim wait a)" = 137 ]
	n=$(jq .logs[0].lostRecords "$LASH_RUN/shim/a/exit.json")
	[ "$n" -gt 0 ]
	[ "$(jq .logs[1].lostRecords "$LASH_RUN/shim/a/exit.json")" = 0 ]
	wait_for 20 eval '[ "$(grep -vc "\"shim: " out)" -eq $((30001 - n)) ]'
	grep -q __asan_init "$(command -v shim)" || [ "$own" -le 2000 ]
}
