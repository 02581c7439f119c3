#!/usr/bin/env bats
# shim - its verbs, options, files and failures.

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

@test "shim: --help and --version answer on stdout" {
	run --separate-stderr shim --help
	assert_status 0
	assert_line 'usage: shim*'
	assert_empty "$stderr" stderr
	run --separate-stderr shim --version
	assert_status 0
	for verb in attach logs wait resize; do
		run --separate-stderr shim "$verb" --help
		assert_status 0
		assert_line "usage: shim $verb*"
	done
}

@test "shim: misuse is one line and status 2" {
	run --separate-stderr shim
	assert_status 2
	run --separate-stderr shim --no-such-option x
	assert_status 2
	assert_one_line "shim: unknown option '--no-such-option'*"
	make_bundle a false true
	for log in json-file json-file: nonsense:/x none:/x passthrough:/x json-file:/x/; do
		run --separate-stderr shim -b a -l "$log" a
		assert_status 2
		assert_one_line "shim: bad log '$log'*"
	done
	run --separate-stderr shim -b a -l passthrough -l "json-file:$PWD/l" a
	assert_status 2
	run --separate-stderr shim -b a ../a
	assert_status 2
	assert_one_line "shim: bad container id '../a'*"
	run --separate-stderr shim -b a --on-exit-arg x a
	assert_status 2
	run --separate-stderr shim attach --detach-keys ctrl-! a
	assert_status 2
	run --separate-stderr shim resize a 10 x
	assert_status 2
	run --separate-stderr shim logs --tail x ./x
	assert_status 2
}

@test "shim: misuse leaves nothing behind" {
	make_bundle a false true
	run shim -b a -l "json-file:$PWD/l" -l bad a
	assert_status 2
	[ ! -e l ]
	[ ! -e "$LASH_RUN/shim/a" ]
}

@test "shim: makes a container, logs it, records how it ended" {
	make_bundle a false sh -c 'echo out; echo err >&2; exit 7'
	run --separate-stderr make a -l "json-file:$PWD/log"
	assert_status 0
	assert_empty "$output$stderr"
	[ "$("$runtime" --root "$rt" state a | jq -r .status)" = created ]
	[ "$(place a pid)" = "$("$runtime" --root "$rt" state a | jq -r .pid)" ]
	start a
	run --separate-stderr shim wait a
	assert_status 0
	assert_output 7
	[ "$(place a exit)" = 7 ]
	run jq -c '[.exitCode, .signal, .oom, .startedAt < .finishedAt]' "$LASH_RUN/shim/a/exit.json"
	assert_output '[7,0,false,true]'
	run jq -c '[.log, .stream]' log
	assert_line '\["out\\n","stdout"\]'
	assert_line '\["err\\n","stderr"\]'
}

@test "shim: records the signal that ended a container" {
	make_bundle a false sleep 1000
	make a -l none
	start a
	"$runtime" --root "$rt" kill a KILL
	run --separate-stderr shim wait a
	assert_output 137
	run jq -c '[.exitCode, .signal]' "$LASH_RUN/shim/a/exit.json"
	assert_output '[137,9]'
}

@test "shim: our own runtime is told how it ended" {
	make_bundle a false sh -c 'exit 7'
	make_bundle b false sleep 1000
	shim -b a -l none --runtime-root "$rt-own" a
	shim -b b -l none --runtime-root "$rt-own" --restart on-failure:1 --events events --foreground b 3>&- &
	runc --root "$rt-own" start a
	[ "$(shim wait a)" = 7 ]
	[ "$(runc --root "$rt-own" state a | jq -c '[.status, .exit.code]')" = '["stopped",7]' ]
	# Of one that was made again: the last end.
	wait_for 20 test -s "$LASH_RUN/shim/b/pid"
	runc --root "$rt-own" start b
	kill -KILL "$(place b pid)"
	wait_for 20 grep -q '"started"' events
	kill -KILL "$(place b pid)"
	[ "$(shim wait b)" = 137 ]
	run jq -c '[.status, .exit.code, .exit.signal]' <<<"$(runc --root "$rt-own" state b)"
	assert_output '["stopped",137,"KILL"]'
	runc --root "$rt-own" delete a
	runc --root "$rt-own" delete b
}

@test "shim: records that a container ran out of memory" {
	RESOURCES='{"memory": {"limit": 16777216, "swap": 16777216}}' make_bundle a false \
		sh -c 'x=0123456789; while :; do x=$x$x; done'
	run run_to_end a -l none
	assert_line 137
	[ "$(jq .oom "$LASH_RUN/shim/a/exit.json")" = true ]
}

@test "shim: passes on the runtime's message and status" {
	make_bundle a false /no/such/command
	run --separate-stderr make a -l "json-file:$PWD/log"
	[ "$status" -ne 0 ]
	[[ $stderr == *no/such/command* ]]
	[ ! -e "$LASH_RUN/shim/a" ]
	[ ! -e log ]
}

@test "shim: a missing or broken bundle is named" {
	run --separate-stderr shim -b none a
	assert_status 1
	assert_one_line "shim: read 'none/config.json': No such file or directory"
	mkdir broken
	echo '{' >broken/config.json
	run --separate-stderr shim -b broken a
	assert_status 1
	assert_one_line "shim: read 'broken/config.json': *"
	[ ! -e "$LASH_RUN/shim/a" ]
}

@test "shim: a missing runtime is told with status 127" {
	make_bundle a false true
	run -127 --separate-stderr shim -b a --runtime /no/runtime a
	assert_status 127
	assert_one_line '*/no/runtime*'
	[ ! -e "$LASH_RUN/shim/a" ]
}

@test "shim: a log that cannot be opened is named before anything runs" {
	make_bundle a false true
	run --separate-stderr make a -l json-file:/no/dir/log
	assert_status 1
	assert_one_line "shim: open log '/no/dir/log': No such file or directory"
	mkfifo fifo
	run --separate-stderr make a -l "json-file:$PWD/fifo"
	assert_status 1
	[ ! -e "$LASH_RUN/shim/a" ]
}

@test "shim: refuses a container that has a shim" {
	make_bundle a false sleep 1000
	make a -l none
	run --separate-stderr make a -l none
	assert_status 1
	assert_one_line "shim: container 'a' has a shim"
	[ -e "$LASH_RUN/shim/a/pid" ]
}

@test "shim: takes over the directory of a container that has ended" {
	make_bundle a false sh -c 'echo again'
	run_to_end a -l "json-file:$PWD/log"
	"$runtime" --root "$rt" delete a
	make a -l "json-file:$PWD/log"
	[ ! -e "$LASH_RUN/shim/a/exit" ]
	start a
	shim wait a
	[ "$(texts log)" = $'again\nagain' ]
}

@test "shim: --ready-fd carries the pid once created" {
	make_bundle a false true
	mkfifo ready
	ids+=(a)
	shim -b a --runtime "$runtime" --runtime-root "$rt" --ready-fd 7 a 7>ready &
	[ "$(cat ready)" = "$(place a pid)" ]
	wait $!
}

@test "shim: --ready-fd says nothing when the container cannot be made" {
	make_bundle a false /no/such
	mkfifo ready
	shim -b a --runtime "$runtime" --runtime-root "$rt" --ready-fd 7 a 7>ready 2>/dev/null &
	[ -z "$(cat ready)" ]
}

@test "shim: --on-exit is run after the end, cut at blanks, without a shell" {
	make_bundle a false sh -c 'exit 3'
	cat >hook <<-'END'
		#!/bin/sh
		cat "$LASH_RUN/shim/a/exit" >"$1.tmp"
		shift
		printf '<%s>' "$@" >>hook.args
		mv /dev/null/x y 2>/dev/null
		printf '<%s>' "$@" >"$0.args"
		mv "$0.tmp" "$0.out"
	END
	sed -i "s|\"\$1.tmp\"|\"$PWD/hook.tmp\"|; s|\$0|$PWD/hook|g; /hook.args\$/d" hook
	chmod +x hook
	# shellcheck disable=SC2016 # not to be expanded, that is the test
	make a -l none --on-exit "$PWD/hook x \$HOME  *" --on-exit-arg 'two words' --on-exit-arg ''
	start a
	wait_for 20 test -e hook.out
	[ "$(cat hook.out)" = 3 ]
	# shellcheck disable=SC2016
	[ "$(cat hook.args)" = '<$HOME><*><two words><>' ]
}

@test "shim: --foreground exits with the container's status and hands signals on" {
	make_bundle a false sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done'
	ids+=(a)
	shim -b a --runtime "$runtime" --runtime-root "$rt" --foreground -l "json-file:$PWD/log" a &
	wait_for 20 test -s "$LASH_RUN/shim/a/pid"
	start a
	wait_for 20 test -s log
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 9 ]
}

@test "shim: passthrough gives the container our own stdio" {
	make_bundle a false sh -c 'cat; echo err >&2'
	ids+=(a)
	{ wait_for 20 test -s "$LASH_RUN/shim/a/pid" && start a && echo in; } |
		shim -b a --runtime "$runtime" --runtime-root "$rt" --foreground -l passthrough a >out 2>err
	[ "$(cat out)" = in ]
	[ "$(cat err)" = err ]
}

@test "shim: stdin is /dev/null without -i" {
	make_bundle a false cat
	run run_to_end a -l none
	assert_output 0
}

@test "shim: --stdin-from a file and a fifo" {
	make_bundle a false cat
	echo from-file >in
	run_to_end a --stdin-from in -l "json-file:$PWD/log"
	[ "$(texts log)" = from-file ]
	make_bundle b false cat
	mkfifo fifo
	make b --stdin-from fifo -l "json-file:$PWD/log2"
	start b
	echo one >fifo
	echo two >fifo
	wait_for 20 grep -q two log2
	[ ! -e "$LASH_RUN/shim/b/exit" ]
	echo eof >"$LASH_RUN/shim/b/ctl"
	shim wait b
	[ "$(texts log2)" = $'one\ntwo' ]
}

@test "shim: inherited descriptors do not stay open" {
	make_bundle a false sleep 1000
	mkfifo held
	ids+=(a)
	shim -b a --runtime "$runtime" --runtime-root "$rt" -l none a 9>&1 8<>held >out
	run ls -l "/proc/$(place a shim-pid)/fd"
	[[ $output != *held* && $output != *"$PWD/out"* ]]
	run ls -l "/proc/$(place a pid)/fd"
	[[ $output != *held* ]]
}

@test "shim: --preserve-fds reaches the container and not the shim" {
	make_bundle a false sh -c 'cat <&3'
	echo preserved >data
	make a -l "json-file:$PWD/log" --preserve-fds 1 3<data
	run ls -l "/proc/$(place a shim-pid)/fd"
	[[ $output != *"$PWD/data"* ]]
	start a
	shim wait a
	[ "$(texts log)" = preserved ]
}

@test "shim: LISTEN_FDS reaches the container, for the process it is" {
	make_bundle a false sh -c 'echo "$LISTEN_FDS"; cat <&3'
	echo activated >data
	LISTEN_FDS=1 LISTEN_PID=1 make a -l "json-file:$PWD/log" 3<data
	start a
	shim wait a
	[ "$(texts log)" = $'1\nactivated' ]
}

@test "shim: an idle shim is one process, one thread, below 100 kB of its own memory" {
	make_bundle a false sleep 1000
	make a -l "json-file:$PWD/log"
	start a
	pid=$(place a shim-pid)
	[ "$(ls "/proc/$pid/task")" = "$pid" ]
	own=$(awk '/^Private_(Dirty|Clean)/ { n += $2 } /^Anonymous/ { a = $2 } END { print a }' "/proc/$pid/smaps_rollup")
	# The sanitizers' own memory is not ours.
	grep -q __asan_init "$(command -v shim)" || [ "$own" -le 100 ]
}

@test "shim: has its own session, no terminal, nothing of its starter's" {
	make_bundle a false sleep 1000
	make a -l none
	pid=$(place a shim-pid)
	read -r _ _ _ _ _ session tty _ <"/proc/$pid/stat"
	[ "$session" = "$pid" ]
	[ "$tty" = 0 ]
	[ "$(readlink "/proc/$pid/cwd")" = / ]
	for fd in 0 1 2; do
		[ "$(readlink "/proc/$pid/fd/$fd")" = /dev/null ]
	done
}

@test "shim attach: copies both streams and ends as the container does" {
	make_bundle a false sh -c 'echo out; echo err >&2; exit 5'
	make a -l none
	run --separate-stderr shim attach a -- "$runtime" --root "$rt" start a
	assert_status 5
	assert_output out
	[ "$stderr" = err ]
}

@test "shim attach: stdin reaches the container and its end ends it" {
	make_bundle a false sh -c 'cat; echo done'
	make a -i -l none
	run shim attach a -- "$runtime" --root "$rt" start a < <(seq 100000)
	assert_status 0
	[ "${#output}" -eq $((588895 - 1 + 5)) ]
	[[ $output == *$'\n100000\ndone' ]]
}

@test "shim attach: a failing command is its status" {
	make_bundle a false true
	make a -l none
	run --separate-stderr shim attach a -- sh -c 'exit 44'
	assert_status 44
}

@test "shim attach: several clients get the same output, one giving input" {
	make_bundle a false sh -c 'cat; echo end'
	make a -i -l none
	start a
	shim attach --no-stdin a >one &
	one=$!
	shim attach --no-stdin a >two &
	two=$!
	sleep 0.3
	echo hello | shim attach a >three
	wait "$one" "$two"
	for f in one two three; do
		[ "$(cat "$f")" = $'hello\nend' ]
	done
}

@test "shim attach: a client that goes away does not end the container's stdin" {
	make_bundle a false sh -c 'cat; echo end'
	make a -i -l "json-file:$PWD/log"
	start a
	mkfifo never
	shim attach a 0<>never &
	client=$!
	sleep 0.3
	kill -KILL "$client"
	sleep 0.3
	[ ! -e "$LASH_RUN/shim/a/exit" ]
	echo later | shim attach a
	[ "$(texts log)" = $'later\nend' ]
}

@test "shim attach: signals are handed on with the runtime" {
	make_bundle a false sh -c 'trap "echo got; exit 6" USR1; echo up; while :; do sleep 0.05; done'
	make a -l "json-file:$PWD/log"
	start a
	shim attach --no-stdin a >out &
	wait_for 20 grep -q up log
	sleep 0.2
	kill -USR1 $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 6 ]
}

@test "shim attach: no container, one line" {
	run --separate-stderr shim attach none
	assert_status 1
	assert_one_line "shim attach: find container 'none': No such file or directory"
	run --separate-stderr shim wait none
	assert_status 1
	run --separate-stderr shim resize none 1 1
	assert_status 1
	run --separate-stderr shim logs none
	assert_status 1
	run --separate-stderr shim logs ./none
	assert_status 1
	assert_one_line "shim logs: open log './none': No such file or directory"
}

@test "shim wait: says so when the shim was killed" {
	make_bundle a false sleep 1000
	make a -l none
	kill -KILL "$(place a shim-pid)"
	run --separate-stderr shim wait a
	assert_status 1
	assert_one_line "shim wait: wait for 'a': its shim was killed*"
}

@test "shim logs: splits streams, for both formats" {
	make_bundle a false sh -c 'echo out; echo err >&2; printf "no end"'
	run_to_end a -l "json-file:$PWD/log" -l "k8s-file:$PWD/cri"
	for what in a ./log ./cri; do
		run --separate-stderr shim logs "$what"
		assert_status 0
		assert_output $'out\nno end'
		[ "$stderr" = err ]
	done
}

@test "shim logs: --tail, --since, --until and -t" {
	for i in 1 2 3 4 5; do
		printf '{"log":"l%s\\n","stream":"stdout","time":"2026-01-01T00:00:0%s.5Z"}\n' $i $i
	done >log
	run shim logs --tail 2 ./log
	assert_output $'l4\nl5'
	run shim logs --tail 0 ./log
	assert_output ''
	run shim logs -n 99 ./log
	assert_output $'l1\nl2\nl3\nl4\nl5'
	run shim logs --since 2026-01-01T00:00:03.5Z --until 2026-01-01T00:00:05Z ./log
	assert_output $'l3\nl4'
	run shim logs --since 1767225604 ./log
	assert_output $'l4\nl5'
	run shim logs --since 10m ./log
	assert_status 0
	run shim logs -t --tail 1 ./log
	assert_output '2026-01-01T00:00:05.500000000Z l5'
}

@test "shim logs: --details puts a record's attributes before the line, as docker does" {
	make_bundle a false sh -c 'echo out; echo err >&2; printf "a\0b"'
	run_to_end a -l "json-file:$PWD/log" -l "k8s-file:$PWD/k" --log-attr app=web --log-attr 'two words=a&b="c"' --log-attr empty= >/dev/null
	[ "$(jq -c .attrs log | sort -u)" = '{"app":"web","two words":"a&b=\"c\"","empty":""}' ]
	[ "$(jq -c 'keys_unsorted' log | sort -u)" = '["log","stream","attrs","time"]' ]
	run --separate-stderr shim logs --details a
	[ "${lines[0]}" = 'app=web,two+words=a%26b%3D%22c%22,empty= out' ]
	[ "$stderr" = 'app=web,two+words=a%26b%3D%22c%22,empty= err' ]
	# As dockerd wrote it, with none, and with one that is no text.
	cat >docker <<-'END'
		{"log":"l1\n","stream":"stdout","attrs":{"tag":"x\u00e9","k":"v"},"time":"2026-01-01T00:00:01Z"}
		{"log":"l2\n","stream":"stdout","time":"2026-01-01T00:00:02Z"}
		{"log":"l3\n","stream":"stdout","attrs":{"k":["v"]},"time":"2026-01-01T00:00:02Z"}
		2026-01-01T00:00:03.000000000Z stdout F l4
	END
	run shim logs -t --details ./docker
	assert_output $'2026-01-01T00:00:01.000000000Z tag=x%C3%A9,k=v l1\n2026-01-01T00:00:02.000000000Z  l2\n2026-01-01T00:00:02.000000000Z  l3\n2026-01-01T00:00:03.000000000Z  l4'
	run shim logs ./docker
	assert_output $'l1\nl2\nl3\nl4'
	for bad in novalue =x "big=$(head -c 1100 /dev/zero | tr '\0' v)"; do
		run --separate-stderr make b -b a -l "json-file:$PWD/no" --log-attr "$bad"
		assert_status 2
		assert_one_line "shim: bad log 'json-file:$PWD/no'*"
	done
}

@test "shim logs: reads rotated files in order, --tail reaches back into them" {
	record() { printf '{"log":"%s\\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}\n' "$1"; }
	{ record 1; record 2; } >log.2
	record 3 >log.1
	{ record 4; record 5; } >log
	run shim logs ./log
	assert_output $'1\n2\n3\n4\n5'
	run shim logs --tail 4 ./log
	assert_output $'2\n3\n4\n5'
	run shim logs --tail 3 ./log
	assert_output $'3\n4\n5'
}

@test "shim logs: damaged lines are skipped" {
	printf '{"log":"a\\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}\nrubbish\n{"log":"b\\n"}\n\n{"log":"c\\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}\n' >log
	run shim logs ./log
	assert_output $'a\nc'
}

@test "shim logs: -f goes on until the container ends" {
	make_bundle a false sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done'
	make a -l "json-file:$PWD/log"
	shim logs -f a >out &
	start a
	wait $!
	[ "$(cat out)" = $'1\n2\n3' ]
}

@test "shim: the log can be renamed away and begun anew" {
	make_bundle a false cat
	make a -i -l "json-file:$PWD/log"
	start a
	mkfifo in
	shim attach a <in >/dev/null &
	client=$!
	exec 5>in
	echo one >&5
	wait_for 20 grep -q one log
	mv log log.old
	echo reopen >"$LASH_RUN/shim/a/ctl"
	wait_for 20 test -e log
	echo two >&5
	wait_for 20 grep -q two log
	exec 5>&-
	wait "$client"
	[ "$(texts log.old log)" = $'one\ntwo' ]
}
