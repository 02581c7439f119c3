#!/usr/bin/env bats
# shim-conmon - conmon's flags, pipes and files, without an engine.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # commands for the container; a test is a subshell; set by the loaded files
load lib/common
load lib/shim

setup() {
	need root runc jq socat
	shim_setup
	mkdir exits persist
}

teardown() {
	shim_teardown
}

# conmon ID [OPTION]... - with the sync pipe in ./sync.out.
conmon() {
	local id=$1
	shift
	ids+=("$id")
	_OCI_SYNCPIPE=6 shim-conmon -c "$id" -u "$id" -n name -r "$runtime" -b "$PWD/$id" --runtime-arg --root \
		--runtime-arg "$rt" -p "$PWD/pid" --exit-dir "$PWD/exits" --persist-dir "$PWD/persist" \
		--full-attach "$@" 6>sync.out
}

ended() {
	[ -e "exits/$1" ]
}

@test "shim-conmon: says a version that engines understand" {
	run shim-conmon --version
	assert_status 0
	[[ ${lines[0]} =~ ^conmon\ version\ 2\.[0-9]+\.[0-9]+$ ]]
	[[ ${lines[1]} == commit:* ]]
}

@test "shim-conmon: what is missing is named" {
	run --separate-stderr shim-conmon
	assert_status 1
	assert_one_line 'shim-conmon: container id must be provided*'
	run --separate-stderr shim-conmon -c a -u a -r /no/runtime
	assert_status 1
	assert_one_line "shim-conmon: run runtime '/no/runtime': No such file or directory"
	run --separate-stderr shim-conmon -c a -u a -r /bin/true
	assert_status 1
	assert_one_line 'shim-conmon: log driver not provided*'
	run --separate-stderr shim-conmon -c a -u a -r /bin/true -b . -l k8s-file:/no/dir/log
	assert_status 1
	assert_one_line "shim-conmon: open log '/no/dir/log': No such file or directory"
	run --separate-stderr shim-conmon --no-such-option
	assert_status 2
}

@test "shim-conmon: tells the pid in both forms, the exit in files" {
	make_bundle a false sh -c 'echo out; printf part; exit 7'
	conmon a -l "k8s-file:$PWD/log" -P "$PWD/conmon.pid" --exit-command /bin/touch --exit-command-arg "$PWD/hook"
	wait_for 5 test -s sync.out
	[ "$(cat sync.out)" = "{\"pid\": $(cat pid)}" ]
	[[ $(readlink "/proc/$(cat conmon.pid)/exe") == */shim-conmon ]]
	start a
	wait_for 5 ended a
	[ "$(od -An -c exits/a | tr -d ' ')" = 7 ]
	[ "$(cat persist/exit)" = 7 ]
	wait_for 5 test -e hook
	[ "$(cut -d' ' -f2- log)" = $'stdout F out\nstdout P part' ]
	make_bundle b false true
	conmon b --api-version 1 -l none
	wait_for 5 test -s sync.out
	[ "$(cat sync.out)" = "{\"data\": $(cat pid)}" ]
}

@test "shim-conmon: a failure is a record, the exit command runs" {
	make_bundle a false /no/such
	conmon a --api-version 1 -l none --exit-command /bin/touch --exit-command-arg "$PWD/hook"
	wait_for 5 test -s sync.out
	[ "$(jq -r .data sync.out)" = -1 ]
	[[ $(jq -r .message sync.out) == *no/such* ]]
	wait_for 5 test -e hook
}

@test "shim-conmon: waits for the start pipe" {
	make_bundle a false true
	mkfifo go
	exec 5<>go
	ids+=(a)
	_OCI_STARTPIPE=5 conmon a -l none &
	sleep 0.5
	[ ! -s sync.out ]
	printf x >&5
	wait_for 5 test -s sync.out
	exec 5>&-
	wait $!
}

@test "shim-conmon: --sync exits with the container's status" {
	make_bundle a false sh -c 'exit 5'
	ids+=(a)
	conmon a --sync -l none &
	wait_for 5 test -s sync.out
	start a
	status=0
	wait $! || status=$?
	[ "$status" -eq 5 ]
}

@test "shim-conmon: the timeout ends it with -1" {
	make_bundle a false sleep 1000
	conmon a -T 1 -l none
	wait_for 5 test -s sync.out
	start a
	wait_for 5 ended a
	[ "$(cat exits/a)" = -1 ]
}

@test "shim-conmon: exec tells the status, a timeout in conmon's words" {
	make_bundle a false sleep 1000
	conmon a -l none
	wait_for 5 test -s sync.out
	start a
	mkdir session
	jq '.process | .args = ["sh", "-c", "echo in; exit 9"]' a/config.json >spec
	_OCI_SYNCPIPE=6 shim-conmon -c a -n name -r "$runtime" --runtime-arg --root --runtime-arg "$rt" -p "$PWD/pid2" \
		-e --exec-process-spec "$PWD/spec" -l "$PWD/exec.log" --sync 6>exec.out || :
	[ "$(cat exec.out)" = '{"exit_code": 9}' ]
	[ "$(cut -d' ' -f2- exec.log)" = 'stdout F in' ]
	jq '.process | .args = ["sleep", "100"]' a/config.json >spec
	_OCI_SYNCPIPE=6 shim-conmon -c a -n name -r "$runtime" --runtime-arg --root --runtime-arg "$rt" -p "$PWD/pid2" \
		-e --exec-process-spec "$PWD/spec" -l none -T 1 --sync 6>exec.out || :
	[ "$(cat exec.out)" = '{"exit_code": -1, "message": "command timed out"}' ]
}

@test "shim-conmon: the attach socket's packets, the first end of input ends it" {
	make_bundle a false sh -c 'cat; echo err >&2'
	conmon a -i -l none
	wait_for 5 test -s sync.out
	start a
	echo hi | socat -t 5 - "UNIX-CONNECT:$PWD/a/attach,socktype=5" >out
	[ "$(od -An -c out | tr -d ' \n')" = '002hi\n003err\n' ]
	wait_for 5 ended a
}

@test "shim-conmon: the socket directory leads to the bundle while it lives" {
	make_bundle a false sleep 1000
	mkdir sockets
	ids+=(a)
	_OCI_SYNCPIPE=6 shim-conmon -c a -u link -r "$runtime" -b "$PWD/a" --runtime-arg --root --runtime-arg "$rt" \
		-p "$PWD/pid" --exit-dir "$PWD/exits" -l none --socket-dir-path "$PWD/sockets" 6>sync.out
	wait_for 5 test -s sync.out
	[ -S sockets/link/attach ]
	"$runtime" --root "$rt" delete --force a
	wait_for 5 ended a
	[ ! -L sockets/link ]
}

@test "shim-conmon: logs are begun anew at a size, cut off at another, reopened on request" {
	make_bundle a false sh -c 'seq 1000'
	conmon a -l "k8s-file:$PWD/small" --log-size-max 1000
	wait_for 5 test -s sync.out
	start a
	wait_for 5 ended a
	[ "$(stat -c %s small)" -le 1100 ]
	[ "$(tail -1 small | cut -d' ' -f4)" = 1000 ]
	[ ! -e small.1 ]
	make_bundle b false sh -c 'seq 1000'
	conmon b -l "$PWD/capped" --log-global-size-max 1000
	wait_for 5 test -s sync.out
	start b
	wait_for 5 ended b
	[ "$(stat -c %s capped)" -le 1000 ]
	[ "$(head -1 capped | cut -d' ' -f4)" = 1 ]
	make_bundle c false sleep 1000
	conmon c -l "$PWD/log"
	wait_for 5 test -s sync.out
	rm log
	printf '2 0 0\n' >c/ctl
	wait_for 5 test -e log
}
