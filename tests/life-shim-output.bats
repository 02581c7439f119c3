#!/usr/bin/env bats
# What a container writes is logged, whatever it writes and whatever happens meanwhile.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # commands for the container; a test is a subshell; set by the loaded files
load lib/common
load lib/shim

setup() {
	need root runc jq
	shim_setup
}

teardown() {
	shim_teardown
}

# numbers LOG... - the numbers that were logged, one a line.
numbers() {
	cat "$@" | jq -rj .log
}

@test "output: lines longer than 16 KiB are cut into pieces and lose nothing" {
	make_bundle a false sh -c 'head -c 1000000 /dev/zero | tr "\0" x; echo; head -c 16384 /dev/zero | tr "\0" y; echo; echo end'
	run_to_end a -l "json-file:$PWD/log" -l "k8s-file:$PWD/cri"
	[ "$(jq -r '.log | length' log | sort -nr | head -1)" = 16384 ]
	[ "$(texts log | md5sum)" = "$( (head -c 1000000 /dev/zero | tr '\0' x; echo; head -c 16384 /dev/zero | tr '\0' y; echo; echo end) | md5sum)" ]
	[ "$(shim logs ./cri | md5sum)" = "$(shim logs ./log | md5sum)" ]
	[ "$(awk '$3 == "P"' cri | wc -l)" = $((1000000 / 16384 + 1)) ]
	# All pieces of a line carry one time.
	[ "$(head -62 log | jq -r .time | sort -u | wc -l)" = 1 ]
}

@test "output: the last line is logged without its newline" {
	make_bundle a false sh -c 'echo one; printf two'
	run_to_end a -l "json-file:$PWD/log" -l "k8s-file:$PWD/cri"
	run jq -c .log log
	assert_output $'"one\\n"\n"two"'
	run cut -d' ' -f2- cri
	assert_output $'stdout F one\nstdout P two'
}

@test "output: every byte, NUL and bad UTF-8 too" {
	make_bundle a false sh -c 'printf "a\0b\377c\r\n"; printf "\0\0"'
	run_to_end a -l "json-file:$PWD/log" -l "k8s-file:$PWD/cri"
	run head -1 log
	[[ $output == '{"log":"a\u0000b\ufffdc\r\n","stream":"stdout",'* ]]
	# The CRI's format keeps the bytes.
	[ "$(shim logs ./cri | od -An -tx1)" = "$(printf 'a\0b\377c\r\n\0\0' | od -An -tx1)" ]
}

@test "output: rotation under load loses nothing" {
	make_bundle a false seq 300000
	make a -l "json-file:$PWD/log" -l "k8s-file:$PWD/cri" --log-max-size 256k --log-max-files 200
	shim logs -f a >followed &
	follower=$!
	start a
	shim wait a
	wait "$follower"
	want=$(seq 300000 | md5sum)
	[ -e log.20 ]
	[ "$(shim logs ./log | md5sum)" = "$want" ]
	[ "$(shim logs ./cri | md5sum)" = "$want" ]
	[ "$(md5sum <followed)" = "$want" ]
	for f in log log.*; do
		[ "$(stat -c %s "$f")" -le $((262144 + 100)) ]
		[ "$(tail -c 1 "$f")" = '' ]
	done
}

@test "output: only the number of files asked for is kept" {
	make_bundle a false seq 100000
	run_to_end a -l "json-file:$PWD/log" --log-max-size 100k --log-max-files 3
	run ls
	assert_line log.1
	assert_line log.2
	[ ! -e log.3 ]
	[ "$(shim logs ./log | tail -1)" = 100000 ]
}

@test "output: files that were rotated away are compressed, and read back, also while that happens" {
	make_bundle a false sh -c 'seq 150000; read x; seq 150001 200000'
	make a -i --stall-ms 20000 -l "json-file:$PWD/log" -l "k8s-file:$PWD/cri" --log-max-size 400k --log-max-files 100 --log-compress
	shim logs -f a >followed &
	follower=$!
	mkfifo in
	shim attach a <in >attached &
	client=$!
	exec 5>in
	start a
	wait_for 20 test -e log.20.gz
	wait_for 20 test -e log.1.gz
	# None is there both ways, none is left plain.
	wait_for 20 eval '! ls log.[0-9] log.[0-9][0-9] .log.gz cri.[0-9] cri.[0-9][0-9] .cri.gz 2>/dev/null'
	gzip -t log.*.gz cri.*.gz
	echo go >&5
	exec 5>&-
	wait "$client"
	shim wait a
	wait "$follower"
	want=$(seq 200000 | md5sum)
	[ "$(shim logs ./log | md5sum)" = "$want" ]
	[ "$(shim logs ./cri | md5sum)" = "$want" ]
	[ "$(md5sum <followed)" = "$want" ]
	# The end is not waited for, and leaves no half of a file.
	[ ! -e .log.gz ]
	[ "$(shim logs --tail 60000 ./log | md5sum)" = "$(seq 140001 200000 | md5sum)" ]
	# The last one goes as it is there.
	rm -f log* cri*
	make_bundle b false seq 200000
	run_to_end b -l "json-file:$PWD/log" --log-max-size 100k --log-max-files 3 --log-compress
	[ ! -e log.3 ]
	[ ! -e log.3.gz ]
	[ "$(shim logs ./log | tail -1)" = 200000 ]
	# A gzip that fails costs nothing.
	mkdir fails
	ln -s "$(command -v false)" fails/gzip
	make_bundle c false seq 50000
	rm -f log*
	PATH=$PWD/fails:$PATH run_to_end c -l "json-file:$PWD/log" --log-max-size 1m --log-max-files 20 --log-compress
	[ -e log.1 ]
	[ ! -e .log.gz ]
	[ "$(shim logs ./log | md5sum)" = "$(seq 50000 | md5sum)" ]
}

@test "output: a full disk is counted, and logging goes on when there is room" {
	mkdir small
	mount -t tmpfs -o size=256k tmpfs small
	head -c 128k /dev/zero >small/ballast
	make_bundle a false sh -c 'seq 20000; read x; echo after; cat'
	make a -i --stall-ms 20000 -l "json-file:$PWD/small/log" -l "json-file:$PWD/whole"
	mkfifo in
	shim attach a <in >out &
	client=$!
	exec 5>in
	start a
	wait_for 20 grep -q '^20000$' out
	# The container was not held up, the file ends in a whole record.
	wait_for 20 grep -q '"20000\\n"' whole
	[ "$(tail -c 1 small/log)" = '' ]
	rm small/ballast
	echo go >&5
	wait_for 20 grep -q after small/log
	exec 5>&-
	wait "$client" || :
	shim wait a
	jq -es 'length > 0' small/log >/dev/null
	lost=$(jq '.logs[0].lostRecords' "$LASH_RUN/shim/a/exit.json")
	[ "$lost" -gt 0 ]
	# It is said where the lost ones would have been, and adds up.
	kept=$(grep -vc '"shim: [0-9]* records .* lost: No space left on device' small/log)
	[ "$(grep -o '"shim: [0-9]* records' small/log | awk '{ n += $2 } END { print n }')" = "$lost" ]
	[ $((lost + kept)) -eq "$(wc -l <whole)" ]
	[ "$(jq -r '.logs[0].lostReason' "$LASH_RUN/shim/a/exit.json")" = 'No space left on device' ]
	[ "$(jq '.logs[1].lostRecords' "$LASH_RUN/shim/a/exit.json")" = 0 ]
	umount -l small
}

@test "output: a full disk does not stop rotation from working later" {
	mkdir small
	mount -t tmpfs -o size=300k tmpfs small
	make_bundle a false sh -c 'seq 20000; echo last'
	run_to_end a -l "json-file:$PWD/small/log" --log-max-size 64k --log-max-files 3
	[ "$(shim logs ./small/log | tail -1)" = last ]
	[ "$(jq '.logs[0].lostRecords' "$LASH_RUN/shim/a/exit.json")" = 0 ]
	umount -l small
}

@test "output: a child that holds stdout does not hold up the end, and is still logged" {
	export HOST_PIDS=1
	make_bundle a false sh -c '(sleep 1; echo late; sleep 1; echo later) & echo early; exit 4'
	make a -l "json-file:$PWD/log"
	start a
	began=$(date +%s%N)
	run shim wait a
	assert_output 4
	[ $((($(date +%s%N) - began) / 1000000)) -lt 900 ]
	wait_for 20 grep -q later log
	pid=$(place a shim-pid)
	wait_for 20 gone "$pid"
	[ "$(texts log)" = $'early\nlate\nlater' ]
}

@test "output: whoever started the shim may be killed" {
	make_bundle a false sh -c 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done; exit 3'
	ids+=(a)
	setsid sh -c 'shim -b a --runtime "$0" --runtime-root "$1" -l json-file:$PWD/log a; "$0" --root "$1" start a; sleep 100' "$runtime" "$rt" &
	starter=$!
	wait_for 20 grep -q '"1' log
	kill -HUP -- "-$starter" 2>/dev/null || kill -HUP "$starter"
	kill -KILL -- "-$starter" 2>/dev/null || :
	run shim wait a
	assert_output 3
	[ "$(texts log | tail -1)" = 6 ]
}

@test "output: killed while the container is made, nothing is left that delete does not find" {
	make_bundle a false sleep 1000
	for delay in 0 0.005 0.01 0.02 0.04 0.06 0.08; do
		ids+=(a)
		shim -b a --runtime "$runtime" --runtime-root "$rt" -l none --foreground a 2>/dev/null &
		sleep "$delay"
		kill -KILL $!
		wait $! 2>/dev/null || :
		sleep 0.1
		"$runtime" --root "$rt" delete --force a 2>/dev/null || :
		rm -rf "$LASH_RUN/shim/a"
		[ ! -e "$rt/a" ]
	done
	run pgrep -f "^sleep 1000"
	assert_empty "$output" 'processes left'
}

@test "output: a shim that is killed leaves what delete --force removes" {
	make_bundle a false sleep 1000
	make a -l none
	start a
	pid=$(place a pid)
	kill -KILL "$(place a shim-pid)"
	"$runtime" --root "$rt" delete --force a
	wait_for 20 gone "$pid"
	rm -rf "$LASH_RUN/shim/a"
}
