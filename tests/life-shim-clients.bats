#!/usr/bin/env bats
# Clients of a container: slow ones, many, terminals.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # commands for the container; a test is a subshell; set by the loaded files
load lib/common
load lib/shim

setup() {
	need root runc jq socat script
	shim_setup
}

teardown() {
	shim_teardown
}

@test "clients: a stalled one is dropped, the container and the others go on" {
	make_bundle a false sh -c 'sleep 0.5; head -c 20000000 /dev/zero | tr "\0" "x" | fold -w 99; echo; echo end'
	make a -l "json-file:$PWD/log" --stall-ms 300
	shim attach --no-stdin a >/dev/null &
	stalled=$!
	clients+=("$stalled")
	shim attach --no-stdin a >good &
	good=$!
	sleep 0.2
	kill -STOP "$stalled"
	start a
	run shim wait a
	assert_output 0
	wait "$good"
	[ "$(tail -1 good)" = end ]
	texts log | cmp - good
}

@test "clients: a dropped one is told so" {
	make_bundle a false sh -c 'head -c 8000000 /dev/zero; sleep 1000'
	make a -l none --stall-ms 100
	shim attach --no-stdin a >/dev/null 2>err &
	client=$!
	clients+=("$client")
	sleep 0.3
	kill -STOP "$client"
	start a
	sleep 1.5
	kill -CONT "$client"
	status=0
	wait "$client" || status=$?
	[ "$status" -eq 1 ]
	[ "$(cat err)" = "shim attach: attach to 'a': output was not taken for too long, dropped" ]
}

@test "clients: a container that does not read its stdin does not block the shim" {
	make_bundle a false sh -c 'sleep 1; echo alive; sleep 0.5'
	make a -i -l "json-file:$PWD/log"
	start a
	yes | shim attach --no-sig-proxy a >out 2>&1 &
	run shim wait a
	assert_output 0
	[ "$(cat out)" = alive ]
	[ "$(texts log)" = alive ]
}

@test "clients: output goes on to be shown while the container does not read what is typed" {
	make_bundle a false sh -c 'i=0; while [ $i -lt 400 ]; do echo tick; i=$((i + 1)); sleep 0.05; done'
	make a -i -l none
	start a
	yes | shim attach --no-sig-proxy a >out 2>&1 3>&- &
	clients+=($!)
	wait_for 20 eval '[ "$(wc -l <out)" -ge 40 ]'
	[ "$(sort -u out)" = tick ]
	"$runtime" --root "$rt" kill a KILL
	[ "$(shim wait a)" = 137 ]
}

@test "clients: two hundred at once" {
	make_bundle a false sh -c 'read x; echo hello'
	make a -i -l none
	start a
	pids=()
	for i in $(seq 200); do
		socat -u "UNIX-CONNECT:$LASH_RUN/shim/a/attach.sock,socktype=5" "CREATE:out.$i" &
		pids+=($!)
	done
	wait_for 20 eval '[ "$(ls "/proc/$(place a shim-pid)/fd" | wc -l)" -ge 210 ]'
	echo go | shim attach a
	wait "${pids[@]}"
	[ "$(cat out.* | tr -d '\2' | sort -u)" = hello ]
	[ "$(cat out.* | wc -l)" = 200 ]
}

@test "clients: running out of descriptors is survived" {
	make_bundle a false sh -c 'read x; echo "$x"'
	ids+=(a)
	(ulimit -n 30 && shim -b a --runtime "$runtime" --runtime-root "$rt" -i -l none a)
	start a
	pids=()
	for i in $(seq 40); do
		socat -u "UNIX-CONNECT:$LASH_RUN/shim/a/attach.sock,socktype=5" - >/dev/null 2>&1 &
		pids+=($!)
	done
	sleep 1
	kill "${pids[@]}"
	run shim attach a < <(echo back)
	assert_status 0
	assert_output back
}

@test "clients: a terminal is raw, has its size, ends its lines" {
	make_bundle a true sh -c 'stty size; stty -echo; read x; echo "got $x"; exit 3'
	make a -l "json-file:$PWD/log"
	cat >drive <<-END
		stty rows 33 cols 77
		shim attach a -- "$runtime" --root "$rt" start a
		echo "status \$?"
	END
	{ sleep 1; printf 'typed\r'; sleep 1; } | script -qec 'sh drive' /dev/null >out
	grep -q '33 77' out
	grep -q 'got typed' out
	grep -q 'status 3' out
	[ "$(jq -r .log log | head -1)" = $'33 77\r' ]
}

@test "clients: detach keys leave the container running and the terminal as it was" {
	make_bundle a true sh -c 'echo up; sleep 1000'
	make a -l "json-file:$PWD/log"
	start a
	cat >drive <<-END
		before=\$(stty -g)
		shim attach --detach-keys ctrl-x,q a
		echo "status \$?"
		[ "\$before" = "\$(stty -g)" ] && echo restored
	END
	{ sleep 1; printf 'a\030b\030q'; sleep 0.5; } | script -qec 'sh drive' /dev/null >out
	grep -q 'status 0' out
	grep -q restored out
	[ ! -e "$LASH_RUN/shim/a/exit" ]
}

@test "clients: shim resize is seen inside" {
	make_bundle a true sh -c 'trap "stty size; exit" WINCH; echo up; while :; do sleep 0.05; done'
	make a -l "json-file:$PWD/log"
	start a
	wait_for 20 grep -q up log
	shim resize a 40 111
	shim wait a
	grep -q '40 111' log
}

@test "clients: --tail begins with what was logged before" {
	make_bundle a false sh -c 'seq 5; echo err >&2; read x; echo "got $x"'
	make a -i -l "json-file:$PWD/log"
	start a
	wait_for 20 grep -q err log
	echo in | shim attach --tail 3 a >out 2>err
	[ "$(cat out)" = $'4\n5\ngot in' ]
	[ "$(cat err)" = err ]
	make_bundle b false sleep 1000
	make b -l none
	run --separate-stderr shim attach --tail 3 b
	assert_status 1
	assert_one_line "shim logs: find log of 'b': it has none"
}

@test "clients: the terminal goes away, the container stays" {
	make_bundle a true sh -c 'echo up; sleep 1000'
	make a -l "json-file:$PWD/log"
	start a
	script -qec 'shim attach a' /dev/null >/dev/null </dev/null &
	s=$!
	sleep 0.5
	kill -KILL "$s"
	sleep 0.3
	kill -0 "$(place a pid)"
	[ ! -e "$LASH_RUN/shim/a/exit" ]
}
