# runc-log.bats - where messages of runc go, and what programs can make of them.
# shellcheck shell=bash disable=SC2154,SC2016

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
	need socat
}

setup() {
	runc_setup
	log=$BATS_TEST_TMPDIR/log
}

teardown() {
	runc_teardown
}

# codes - what went wrong, in the order of the JSON log.
codes() {
	jq -r .code "$log"
}

@test "runc: an error in the JSON log has a code, and the reason's name where the kernel gave one" {
	configure '.process.args = ["sleep", "1000"]'
	jrc() {
		rc --log "$log" --log-format json "$@" 2>/dev/null 3>&- || :
	}
	mkdir "$root"
	jrc state nobody
	jrc state ../x
	jrc run -b "$BATS_TEST_TMPDIR/none" x
	jrc delete
	rc create -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	jrc create -b "$bundle" "$id"
	jrc resume "$id"
	jrc exec "$id" nosuch
	jrc exec "$id" /etc/passwd
	rc kill "$id" KILL
	wait_for 20 is_stopped
	jrc exec "$id" true
	jrc start "$id"
	rc delete "$id"
	configure '.process.cwd = "x"'
	jrc run -b "$bundle" "$id"
	configure '.hooks.createRuntime = [{"path": "/bin/false"}]'
	jrc run -b "$bundle" "$id"
	[ "$(codes | xargs)" = "container-not-found invalid-id file-not-found misuse container-exists \
container-not-paused program-not-found program-not-executable container-not-running container-not-running \
invalid-config hook-failed" ]
	[ "$(jq -r 'select(.errno) | .code + " " + .errno' "$log")" = "file-not-found ENOENT" ]
	[ "$(jq -r '[.level, (.time | test("^20.*Z$"))] | join(" ")' "$log" | sort -u)" = "error true" ]
}

@test "runc: a message that is too long loses its middle, and the JSON log stays JSON" {
	local log=$BATS_TEST_TMPDIR/log letter long
	for letter in a é '"' $'\x01' $'\xff'; do
		long=$(printf "%5000s" "")
		long=${long// /$letter}
		run --separate-stderr rc --log "$log" --log-format json create -b "/$long" "$id"
		assert_status 1
		run --separate-stderr rc --log "$log" --log-format json create -b "$bundle" -f "/$long" "$id"
		assert_status 1
		run --separate-stderr rc --log "$log" --log-format json state "$long"
		assert_status 1
	done
	[ "$(wc -l <"$log")" -eq 15 ]
	[ "$(jq -c 'select(.level == "error" and (.msg | length) > 90 and (.time | length) > 20)' "$log" | wc -l)" -eq 15 ]
	[ "$(jq -r 'select(.errno == "ENAMETOOLONG") | .msg[-20:]' "$log" | sort -u)" = ": File name too long" ]
}

@test "runc --log: takes a file, syslog and the journal" {
	mkdir "$root"
	run --separate-stderr rc --log "file:$log" --log-format json state nobody
	assert_status 1
	[ "$(codes)" = container-not-found ]

	mkdir -p /run/systemd/journal
	socat -u UNIX-RECV:/run/systemd/journal/socket,type=2 - >"$BATS_TEST_TMPDIR/journal" 3>&- &
	wait_for 20 test -S /run/systemd/journal/socket
	run --separate-stderr rc --log journald:mine state nobody
	assert_status 1
	assert_one_line "container does not exist: 'nobody'"
	wait_for 20 grep -q MESSAGE= "$BATS_TEST_TMPDIR/journal"
	[ "$(cat "$BATS_TEST_TMPDIR/journal")" = "PRIORITY=3
SYSLOG_IDENTIFIER=mine
CODE=container-not-found
MESSAGE=container does not exist: 'nobody'" ]

	[ -e /dev/log ] || {
		socat -u UNIX-RECV:/run/systemd/journal/dev-log,type=2 - >"$BATS_TEST_TMPDIR/syslog" 3>&- &
		wait_for 20 test -S /run/systemd/journal/dev-log
		run --separate-stderr rc --log syslog: state nobody
		assert_status 1
		wait_for 20 grep -q nobody "$BATS_TEST_TMPDIR/syslog"
		[[ $(cat "$BATS_TEST_TMPDIR/syslog") == "<11>runc["*"]: container does not exist: 'nobody'" ]]
	}
	rm -rf /run/systemd
	run --separate-stderr rc --log journald:mine state nobody
	assert_status 1
	assert_one_line "runc: open the journal '/run/systemd/journal/socket': No such file or directory"
}

@test "runc --log-level: is the least that is logged" {
	mkdir -p "$root/broken"
	run --separate-stderr rc list -q
	[[ $stderr == *level=warning* ]] || fail "$stderr"
	run --separate-stderr rc --log-level error list -q
	assert_status 0
	assert_empty "$stderr" stderr
	run --separate-stderr rc --log-level debug run -b "$BATS_TEST_TMPDIR/none" x
	[[ $stderr == *level=debug* ]] || fail "$stderr"
	run --separate-stderr rc --debug run -b "$BATS_TEST_TMPDIR/none" x
	[[ $stderr == *level=debug* ]] || fail "$stderr"
	run --separate-stderr rc --log-level loud list
	assert_status 1
	assert_one_line "runc: invalid log-level: 'loud'"
	rmdir "$root/broken"
}

@test "runc: a user's state is below XDG_RUNTIME_DIR, also for root of a namespace that is the user's" {
	need kernel:userns
	mkdir "$BATS_TEST_TMPDIR/xdg"
	as_user() {
		USER=$1 XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/xdg timeout 20 unshare -Ur runc list
	}
	rm -rf /run/runc
	run --separate-stderr as_user somebody
	assert_status 0
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/xdg/runc")" = 1700 ]
	rmdir "$BATS_TEST_TMPDIR/xdg/runc"
	as_user root
	XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/xdg runc list
	[ ! -e "$BATS_TEST_TMPDIR/xdg/runc" ]
}
