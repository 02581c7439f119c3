#!/usr/bin/env bats
# kill -9 at every step of lash run; then lash rm --force leaves nothing.
# shellcheck disable=SC2154

load lib/common
load lib/engine

setup_file() {
	need root killat
	engine_setup
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	engine_teardown
}

# is_quiet - the programs that outlived the kill have come to their end; shims may wait, and with them a runc that was
# made into a container nobody will start.
is_quiet() {
	# shellcheck disable=SC2009 # zombies must not count, and pgrep counts them
	! ps -eo stat=,comm= | grep -v '^Z' |
		grep -qE ' (imgunpack|bundle|netns|etcfiles|volume|record|args|lash)$'
}

# kill_everywhere KILLAT-OPTION... -- COMMAND... - kill at step 1, 2, ... until it runs through.
kill_everywhere() {
	local n=1 left status
	while :; do
		status=0
		timeout 60 killat "$@" >out 2>&1 3>&- || status=$?
		[ "$status" -eq 0 ] || break
		wait_for 20 is_quiet
		lash rm -fv victim >/dev/null || fail "step $n: rm --force fails"
		wait_for 20 is_quiet
		left=$(engine_left)
		assert_empty "$left" "step $n: left behind"
		n=$((n + 1))
		set -- "${@:1:at-1}" "$n" "${@:at+1}"
	done
	[ "$status:$((n > 5))" = 3:1 ] || fail "killat at step $n: $status" "$(cat out)"
	echo "# $n steps" >&3
	lash rm -fv victim >/dev/null
}

@test "lash run: killed at any exec, the program that was to start" {
	at=2 kill_everywhere exec 1 lash run --name victim -p 8090:80 -v /anonymous box true
}

@test "lash run: killed at any exec, lash itself" {
	at=3 kill_everywhere --root exec 1 lash run --name victim -p 8090:80 -v /anonymous box true
}

@test "lash run: killed at any exec, everything" {
	at=3 kill_everywhere --tree exec 1 lash run --name victim -p 8090:80 -v /anonymous box true
}

@test "lash run -d: killed at any exec, everything" {
	at=3 kill_everywhere --tree exec 1 lash run -d --name victim -p 8090:80 box sleep 100
}

@test "lash start: killed at any exec, everything" {
	local n=1 status left
	while :; do
		lash create --name victim -p 8090:80 box true >/dev/null
		status=0
		timeout 60 killat --tree exec "$n" lash start victim >out 2>&1 3>&- || status=$?
		wait_for 20 is_quiet
		lash rm -fv victim >/dev/null
		left=$(engine_left)
		assert_empty "$left" "step $n: left behind"
		[ "$status" -eq 0 ] || break
		n=$((n + 1))
	done
	[ "$status" -eq 3 ]
}

@test "lash rm --force: killed at any exec, then run again" {
	local n=1 status left
	while :; do
		lash run -d --name victim -p 8090:80 box sleep 100 >/dev/null
		status=0
		timeout 60 killat --tree exec "$n" lash rm -f victim >out 2>&1 3>&- || status=$?
		wait_for 20 is_quiet
		lash rm -fv victim >/dev/null
		left=$(engine_left)
		assert_empty "$left" "step $n: left behind"
		[ "$status" -eq 0 ] || break
		n=$((n + 1))
	done
	[ "$status" -eq 3 ]
}

@test "lash run: a shim that was killed leaves a container rm --force ends" {
	lash run -d --name victim -p 8090:80 box sleep 100
	id=$(record find victim)
	kill -9 "$(cat "/run/lash/shim/$id/shim-pid")"
	run --separate-stderr lash inspect -f '{{.State.Status}}' victim
	assert_output running
	lash rm -f victim
	assert_empty "$(engine_left)"
}
