#!/usr/bin/env bats
# lash start, stop, restart, kill, pause, unpause, rm, rename, wait.
# shellcheck disable=SC2154,SC2016

load lib/common
load lib/engine

setup_file() {
	need root
	engine_setup
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	engine_teardown
}

# up NAME [OPTION]... - a container that obeys TERM.
up() {
	local name=$1
	shift
	lash run -d --name "$name" --network none "$@" box sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' >/dev/null
}

# state NAME - status and exit code.
state() {
	lash inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$1"
}

assert_state() {
	[ "$(state "$1")" = "$2" ] || fail "$1 is $(state "$1")" "want: $2"
}

@test "lash stop: asks, and the container ends by itself" {
	up web
	run --separate-stderr lash stop web
	assert_status 0
	assert_output web
	assert_state web 'exited 0'
}

@test "lash stop: kills what does not listen" {
	lash run -d --name deaf --network none box sleep 100
	run --separate-stderr lash stop -t 1 deaf
	assert_status 0
	assert_state deaf 'exited 137'
}

@test "lash stop: twice is once, and several at a time" {
	up one
	up two
	run --separate-stderr lash stop one two
	assert_output "$(printf 'one\ntwo')"
	run --separate-stderr lash stop one
	assert_status 0
	run --separate-stderr lash stop one nosuch
	assert_status 1
	assert_output one
	assert_one_line 'lash stop: no such container: nosuch'
}

@test "lash stop: the stop signal and patience of the container count" {
	lash run -d --name usr --network none --stop-signal USR1 --stop-timeout 20 box \
		sh -c 'trap "exit 5" USR1; while :; do sleep 0.1; done'
	lash stop usr
	assert_state usr 'exited 5'
}

@test "lash stop: a paused container too" {
	up frozen
	lash pause frozen
	lash stop -t 5 frozen
	assert_state frozen 'exited 0'
}

@test "lash start: runs it again, with what it had changed" {
	lash run --name again --network none box sh -c 'echo x >> /count; wc -l < /count'
	run --separate-stderr lash start -a again
	assert_output 2
	run --separate-stderr lash start again
	assert_output again
	lash wait again
	run --separate-stderr lash logs again
	assert_output "$(printf '1\n2\n3')"
}

@test "lash start: one that runs is left alone" {
	up web
	run --separate-stderr lash start web
	assert_status 0
	assert_output web
}

@test "lash start: networks and ports come back" {
	lash run -d --name net -p 8085:80 box httpd -f -p 80 -h /
	wait_for 20 curl -fsS -o /dev/null http://127.0.0.1:8085/etc/passwd
	lash stop -t 0 net
	run curl -fsS -o /dev/null http://127.0.0.1:8085/etc/passwd
	[ "$status" -ne 0 ]
	lash start net
	wait_for 20 curl -fsS -o /dev/null http://127.0.0.1:8085/etc/passwd
}

@test "lash start: a failure leaves the container as it was" {
	lash run -d --name first -p 8086:80 box sleep 100
	lash create --name second -p 8086:80 box sleep 100
	run --separate-stderr lash start second
	[ "$status" -ne 0 ]
	assert_one_line '*8086*'
	assert_state second 'created 0'
	lash rm -f first
	lash start second
	assert_state second 'running 0'
}

@test "lash start: two at once make one run" {
	lash create --name both --network none box sleep 100
	lash start both & lash start both || true
	wait
	assert_state both 'running 0'
	[ "$(lash exec both ps | grep -c 'sleep 100')" -eq 1 ]
}

@test "lash restart: a new run of the same container" {
	up web
	before=$(lash inspect -f '{{.State.Pid}}' web)
	run --separate-stderr lash restart -t 5 web
	assert_status 0
	assert_output web
	[ "$before" != "$(lash inspect -f '{{.State.Pid}}' web)" ]
	assert_state web 'running 0'
}

@test "lash kill: sends the signal that was asked for" {
	lash run -d --name sig --network none box sh -c 'trap "echo got" USR1; while :; do sleep 0.1; done'
	run --separate-stderr lash kill -s USR1 sig
	assert_output sig
	wait_for 20 sh -c 'lash logs sig | grep -q got'
	assert_state sig 'running 0'
	lash kill sig
	lash wait sig
	assert_state sig 'exited 137'
	run --separate-stderr lash kill sig
	assert_status 1
	assert_one_line '*sig is not running'
}

@test "lash pause, unpause: freeze and go on" {
	up web
	lash pause web
	assert_state web 'paused 0'
	run --separate-stderr lash pause web
	assert_status 1
	lash unpause web
	assert_state web 'running 0'
	run --separate-stderr lash unpause web
	assert_status 1
	assert_one_line '*web is not paused'
}

@test "lash rm: refuses what runs, unless forced" {
	up web
	run --separate-stderr lash rm web
	assert_status 1
	assert_one_line '*cannot remove running container web*'
	run --separate-stderr lash rm -f web
	assert_output web
	run --separate-stderr lash rm web
	assert_status 1
	assert_one_line '*no such container: web'
	run --separate-stderr lash rm -f web
	assert_status 0
	assert_empty "$output$stderr"
}

@test "lash rm -v: takes volumes without a name along" {
	lash run --name vol --network none -v /data box touch /data/x
	[ "$(lash volume ls -q | wc -l)" -eq 1 ]
	lash rm -v vol
	assert_empty "$(lash volume ls -q)"
}

@test "lash rename: the old name is free at once" {
	up old
	lash rename old new
	assert_state new 'running 0'
	run --separate-stderr lash inspect old
	assert_status 1
	up old
	run --separate-stderr lash rename old new
	assert_status 1
	assert_one_line '*new*in use*'
}

@test "lash wait: prints exit codes, also of what has ended" {
	lash run -d --name three --network none box sh -c 'sleep 0.3; exit 3'
	run --separate-stderr lash wait three
	assert_output 3
	run --separate-stderr lash wait three
	assert_output 3
}

@test "lash: a run that a killed shim cut short is 255" {
	up web
	id=$(record find web)
	kill -9 "$(cat "/run/lash/shim/$id/shim-pid")"
	lash kill web
	wait_for 20 sh -c '[ "$(lash inspect -f "{{.State.Status}}" web)" = exited ]'
	assert_state web 'exited 255'
	lash start web
	assert_state web 'running 0'
}
