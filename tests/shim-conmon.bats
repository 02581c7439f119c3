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
	[ ! -e "$BATS_TEST_TMPDIR/socats" ] || xargs kill <"$BATS_TEST_TMPDIR/socats" 2>/dev/null || :
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
	# CRI-O looks there for what conmon can do.
	run --separate-stderr shim-conmon --help
	assert_status 0
	[[ $output == *--log-global-size-max* ]]
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
	run --separate-stderr shim-conmon -c a -u a -r /bin/true -b . -l none --log-level loud
	assert_status 1
	assert_one_line "shim-conmon: no such log level 'loud'"
	run --separate-stderr shim-conmon -c a -u a -r /bin/true -b . -l "$PWD/log" --log-tag x
	assert_status 1
	assert_one_line 'shim-conmon: --log-tag and --log-label need the journald log driver'
	run --separate-stderr shim-conmon -c a -u a -r /bin/true -b . -l "$PWD/log" --log-allowlist-dir "$PWD/exits"
	assert_status 1
	assert_one_line "shim-conmon: open log '$PWD/log': not below an allowed directory"
	run --separate-stderr shim-conmon -c a -u a -r /bin/true -b . -l none -e
	assert_status 1
	run --separate-stderr shim-conmon -c a -r /bin/true -b . -l none
	assert_status 1
	assert_one_line 'shim-conmon: container uuid must be provided*'
	run --separate-stderr shim-conmon --no-such-option
	assert_status 2
}

@test "shim-conmon: tells the pid in both forms, the exit in files" {
	make_bundle a false sh -c 'echo out; printf part; exit 7'
	conmon a -l "k8s-file:$PWD/log" -P "$PWD/conmon.pid" --exit-command /bin/touch --exit-command-arg "$PWD/hook"
	wait_for 20 test -s sync.out
	[ "$(cat sync.out)" = "{\"pid\": $(cat pid)}" ]
	[[ $(readlink "/proc/$(cat conmon.pid)/exe") == */shim-conmon ]]
	start a
	wait_for 20 ended a
	[ "$(od -An -c exits/a | tr -d ' ')" = 7 ]
	[ "$(cat persist/exit)" = 7 ]
	wait_for 20 test -e hook
	[ "$(cut -d' ' -f2- log)" = $'stdout F out\nstdout P part' ]
	make_bundle b false true
	conmon b --api-version 1 -l none
	wait_for 20 test -s sync.out
	[ "$(cat sync.out)" = "{\"data\": $(cat pid)}" ]
}

@test "shim-conmon: a failure is a record, the exit command runs" {
	make_bundle a false /no/such
	conmon a --api-version 1 -l none --exit-command /bin/touch --exit-command-arg "$PWD/hook"
	wait_for 20 test -s sync.out
	[ "$(jq -r .data sync.out)" = -1 ]
	[[ $(jq -r .message sync.out) == *no/such* ]]
	wait_for 20 test -e hook
}

@test "shim-conmon: the runtime's command line is the one conmon spells" {
	mkdir a
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s/argv"\nexit 1\n' "$PWD" >rt-fake
	chmod +x rt-fake
	spell() {
		rm -f argv
		shim-conmon -c a -u a -r "$PWD/rt-fake" -l none -p "$PWD/pid" --full-attach --sync "$@" || :
		wait_for 20 test -s argv
		paste -sd ' ' argv
	}
	[ "$(spell -b "$PWD/a" -s --runtime-arg --debug --runtime-opt --x --no-pivot --no-new-keyring)" = \
		"--systemd-cgroup --debug create --bundle $PWD/a --pid-file $PWD/pid --no-pivot --no-new-keyring --x a" ]
	[ "$(spell -b "$PWD/a" --restore /img --runtime-opt --tcp-established)" = \
		"restore --bundle $PWD/a --pid-file $PWD/pid --detach --image-path /img --work-path $PWD/a --tcp-established a" ]
	[ "$(spell -b "$PWD/a" --restore /img --restore-arg --file-locks --pidfile "$PWD/pid")" = \
		"restore --bundle $PWD/a --pid-file $PWD/pid --detach --image-path /img --work-path $PWD/a --file-locks a" ]
	[ "$(spell -s --runtime-arg=--debug -e --exec-process-spec /spec --runtime-opt --y)" = \
		"--debug exec --pid-file $PWD/pid --process /spec --detach --y a" ]
	run spell -b "$PWD/a" -t
	[[ $output == "create --bundle $PWD/a --pid-file $PWD/pid --console-socket /"*" a" ]]
}

@test "shim-conmon: LISTEN_PID becomes the runtime's if it was ours, or when asked" {
	mkdir a
	printf '#!/bin/sh\necho "$LISTEN_PID $$" >"%s/listen"\nexit 1\n' "$PWD" >rt-fake
	chmod +x rt-fake
	listen() {
		rm -f listen
		shim-conmon -c a -u a -r "$PWD/rt-fake" -l none -p "$PWD/pid" -b "$PWD/a" --full-attach "$@" || :
		wait_for 20 test -s listen
		read -r pid runtime <listen
	}
	LISTEN_FDS=0 LISTEN_PID=1 listen
	[ "$pid" = 1 ]
	LISTEN_FDS=0 LISTEN_PID=1 listen --replace-listen-pid
	[ "$pid" = "$runtime" ]
	rm listen
	sh -c 'LISTEN_FDS=0 LISTEN_PID=$$ exec shim-conmon "$@"' sh -c a -u a -r "$PWD/rt-fake" -l none -p "$PWD/pid" -b "$PWD/a" --full-attach || :
	wait_for 20 test -s listen
	read -r pid runtime <listen
	[ "$pid" = "$runtime" ]
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
	wait_for 20 test -s sync.out
	exec 5>&-
	wait $!
}

@test "shim-conmon: --sync exits with the container's status" {
	make_bundle a false sh -c 'exit 5'
	ids+=(a)
	conmon a --sync -l none &
	wait_for 20 test -s sync.out
	start a
	status=0
	wait $! || status=$?
	[ "$status" -eq 5 ]
}

@test "shim-conmon: the timeout ends it with -1" {
	make_bundle a false sleep 1000
	conmon a -T 1 -l none
	wait_for 20 test -s sync.out
	start a
	wait_for 20 ended a
	[ "$(cat exits/a)" = -1 ]
}

@test "shim-conmon: exec tells the status, a timeout in conmon's words" {
	make_bundle a false sleep 1000
	conmon a -l none
	wait_for 20 test -s sync.out
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
	wait_for 20 test -s sync.out
	start a
	echo hi | socat -t 5 - "UNIX-CONNECT:$PWD/a/attach,socktype=5" >out
	[ "$(od -An -c out | tr -d ' \n')" = '002hi\n003err\n' ]
	wait_for 20 ended a
}

@test "shim-conmon: the socket directory leads to the bundle while it lives" {
	make_bundle a false sleep 1000
	mkdir sockets
	ids+=(a)
	_OCI_SYNCPIPE=6 shim-conmon -c a -u link -r "$runtime" -b "$PWD/a" --runtime-arg --root --runtime-arg "$rt" \
		-p "$PWD/pid" --exit-dir "$PWD/exits" -l none --socket-dir-path "$PWD/sockets" 6>sync.out
	wait_for 20 test -s sync.out
	[ -S sockets/link/attach ]
	"$runtime" --root "$rt" delete --force a
	wait_for 20 ended a
	[ ! -L sockets/link ]
}

@test "shim-conmon: logs are begun anew at a size, cut off at another, reopened on request" {
	make_bundle a false sh -c 'seq 1000'
	conmon a -l "k8s-file:$PWD/small" --log-size-max 1000
	wait_for 20 test -s sync.out
	start a
	wait_for 20 ended a
	[ "$(stat -c %s small)" -le 1100 ]
	[ "$(tail -1 small | cut -d' ' -f4)" = 1000 ]
	[ ! -e small.1 ]
	make_bundle b false sh -c 'seq 1000'
	conmon b -l "$PWD/capped" --log-global-size-max 1000
	wait_for 20 test -s sync.out
	start b
	wait_for 20 ended b
	[ "$(stat -c %s capped)" -le 1000 ]
	[ "$(head -1 capped | cut -d' ' -f4)" = 1 ]
	make_bundle c false sleep 1000
	conmon c -l "$PWD/log"
	wait_for 20 test -s sync.out
	rm log
	printf '2 0 0\n' >c/ctl
	wait_for 20 test -e log
}

@test "shim-conmon: --log-rotate keeps old files, below an allowed directory" {
	make_bundle a false seq 1000
	conmon a -l "k8s-file:$PWD/log" --log-size-max 10000 --log-rotate --log-max-files 2 --log-allowlist-dir /no/such --log-allowlist-dir "$PWD" \
		--log-level INFO --no-sync-log --replace-listen-pid
	wait_for 20 test -s sync.out
	start a
	wait_for 20 ended a
	[ -e log.2 ]
	[ ! -e log.3 ]
	[ "$(cat log.2 log.1 log | cut -d' ' -f4 | tail -400)" = "$(seq 601 1000)" ]
}

@test "shim-conmon: journald, with the name, tag and labels it is given" {
	need python3
	mkdir -p /run/systemd/journal
	rm -f /run/systemd/journal/socket
	"$BATS_TEST_DIRNAME/lib/fake-journal" /run/systemd/journal/socket "$PWD/entries" 3>&- &
	clients+=($!)
	wait_for 20 test -S /run/systemd/journal/socket
	make_bundle a false sh -c 'echo "<2>bad"; echo err >&2; printf part'
	conmon a -l journald: -l "k8s-file:$PWD/log" --log-tag tag --log-label A=b --no-container-partial-message
	wait_for 20 test -s sync.out
	start a
	wait_for 20 ended a
	wait_for 20 eval '[ "$(wc -l <entries)" = 3 ]'
	run jq -c '[.MESSAGE, .PRIORITY, .CONTAINER_NAME, .CONTAINER_TAG, .SYSLOG_IDENTIFIER, .A, .CONTAINER_PARTIAL_MESSAGE]' entries
	assert_line '\["bad","2","name","tag","tag","b",null\]'
	assert_line '\["err","3",*'
	assert_line '\["part","6",*,null\]'
	[ "$(wc -l <log)" = 3 ]
}

# own_dev COMMAND... - with a /dev of its own, whose /dev/log is written to ./syslog.
own_dev() {
	unshare --mount --propagation private bash -euc '
		mkdir dev
		mount -t tmpfs dev dev
		for node in null zero full random urandom tty; do
			: >"dev/$node"
			mount --bind "/dev/$node" "dev/$node"
		done
		mount --rbind dev /dev
		socat -u UNIX-RECV:/dev/log - >syslog 2>/dev/null 3>&- 6>&- &
		echo $! >>socats
		until [ -S /dev/log ]; do sleep 0.05; done
		exec "$@"' bash "$@"
}

@test "shim-conmon: --syslog tells the system's log what nobody reads on stderr, at the level asked for" {
	make_bundle a false sh -c 'echo out; exit 7'
	export -f conmon
	export runtime rt
	ids+=(a)
	own_dev bash -c 'conmon a -l "$PWD/log" --syslog --log-level info'
	wait_for 20 test -s sync.out
	start a
	wait_for 20 grep -q 'conmon a <info>: container exited with status 7' syslog
	# What cannot be written is said, and so is why none was made.
	rm -rf exits syslog dev
	make_bundle b false no-such-program
	run --separate-stderr own_dev bash -c 'conmon b -l "$PWD/log" --syslog'
	wait_for 20 grep -q '^<27>.* conmon\[[0-9]*\]: conmon b <error>: create container: .*no-such-program' syslog
	make_bundle c false true
	ids+=(c)
	rm -rf syslog dev
	own_dev bash -c 'conmon c -l "$PWD/log" --syslog'
	wait_for 20 grep -q '"pid"' sync.out
	start c
	wait_for 20 grep -q "^<28>.*conmon c <warning>: write '$PWD/exits/c': No such file or directory" syslog
	! grep -q info syslog
	# On our own account, before we are on our own: both ways.
	rm -rf syslog dev
	run --separate-stderr own_dev shim-conmon -c d -u d -r /no/such --syslog -l none
	assert_status 1
	assert_one_line "shim-conmon: run runtime '/no/such': No such file or directory"
	wait_for 20 grep -q "^<27>.*conmon d <error>: run runtime '/no/such': No such file" syslog
}

# syncs [OPTION] - how often a monitor sees its log onto the disk.
syncs() {
	rm -f exits/a trace*
	: >sync.out
	strace -qq -ff -e trace=fdatasync,fsync -o trace bash -c 'conmon a -l "$PWD/log" "$@"' bash "$@" 3>&- &
	tracer=$!
	wait_for 20 test -s sync.out
	start a
	wait "$tracer"
	"$runtime" --root "$rt" delete --force a
	cat trace* | grep -c '^fdatasync(.*= 0' || :
}

@test "shim-conmon: the log is on the disk before the end is told, unless --no-sync-log" {
	need strace
	make_bundle a false echo out
	export -f conmon
	export runtime rt
	ids+=(a)
	[ "$(syncs)" = 1 ]
	[ "$(syncs --no-sync-log)" = 0 ]
}

@test "shim-conmon: a terminal, its size before it is there, stdin that no client ends" {
	make_bundle a true sh -c 'until stty size | grep "33 77"; do sleep 0.05; done; read x; echo "got $x"; sleep 1000'
	mkfifo go
	exec 5<>go
	ids+=(a)
	_OCI_STARTPIPE=5 conmon a -t -i --leave-stdin-open -l "$PWD/log" &
	printf x >&5
	wait_for 20 test -s sync.out
	printf '1 33 77\n' >a/ctl
	start a
	wait_for 20 grep -q '33 77' log
	printf 'typed\r' | socat -u - "UNIX-CONNECT:$PWD/a/attach,socktype=5"
	wait_for 20 grep -q 'got typed' log
	exec 5>&-
	make_bundle b false cat
	conmon b -i --leave-stdin-open -l "$PWD/log2"
	wait_for 20 test -s sync.out
	start b
	for i in one two; do
		echo $i | socat -u - "UNIX-CONNECT:$PWD/b/attach,socktype=5"
		wait_for 20 grep -q $i log2
	done
	! ended b
}

@test "shim-conmon: sd_notify is handed on, as far as a container may speak" {
	need python3
	socat -u "UNIX-RECV:$PWD/host" OPEN:told,creat,append &
	clients+=($!)
	wait_for 20 test -S host
	make_bundle a false sleep 1000
	mkdir a/notify
	conmon a -l none --sdnotify-socket "$PWD/host"
	wait_for 20 test -s sync.out
	tell() {
		printf "$1" | socat -u - "UNIX-SENDTO:$PWD/a/notify/notify.sock"
	}
	tell 'MAINPID=1\nREADY=1\nSTATUS=up and running\nFDSTORE=1'
	wait_for 20 grep -q READY told
	tell 'WATCHDOG=1\n'
	wait_for 20 grep -q WATCHDOG told
	[ "$(cat told)" = $'READY=1\nSTATUS=up and runningWATCHDOG=1' ]
}

@test "shim-conmon: exec with attach: told when to connect, waits for the second byte" {
	make_bundle a false sleep 1000
	conmon a -l none
	wait_for 20 test -s sync.out
	start a
	mkdir session
	mkfifo go told
	exec 5<>go 7<>told
	jq '.process | .args = ["sh", "-c", "cat; exit 9"]' a/config.json >spec
	cd session
	printf x >&5
	_OCI_SYNCPIPE=6 _OCI_STARTPIPE=5 _OCI_ATTACHPIPE=7 shim-conmon --api-version 1 -c a -u session -b "$PWD" -n name \
		-r "$runtime" --runtime-arg --root --runtime-arg "$rt" -p "$PWD/pid2" -i -e --exec-attach --full-attach \
		--exec-process-spec ../spec -l none --exit-dir ../exits --exit-delay 0 6>../exec.out
	read -r line <&7
	[ "$line" = '{"data": 0}' ]
	[ ! -s ../exec.out ]
	echo hi | socat -t 10 - "UNIX-CONNECT:attach,socktype=5" >../out &
	client=$!
	sleep 0.3
	printf x >&5
	wait "$client"
	cd ..
	exec 5>&- 7>&-
	[ "$(od -An -c out | tr -d ' \n')" = '002hi\n' ]
	wait_for 20 eval '[ "$(wc -l <exec.out)" = 2 ]'
	[ "$(tail -1 exec.out)" = '{"data": 9}' ]
}
