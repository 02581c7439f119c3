# runc-exec.bats - one more process in a container.
# shellcheck shell=bash disable=SC2154,SC2016,SC2030,SC2031 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
}

teardown() {
	runc_teardown
}

@test "runc exec: joins, runs with options, and exits with the status" {
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr rc exec "$id" sh -c 'hostname; cat /proc/self/cgroup; ls /proc/self/fd; exit 9'
	assert_status 9
	assert_line runc
	assert_in_group
	run --separate-stderr rc exec -e A=b --cwd /tmp -u 1000:100 -g 7 "$id" sh -c 'echo $A; pwd; id -u; id -G'
	assert_output "b
/tmp
1000
100 7"
	run --separate-stderr rc exec -c CAP_CHOWN "$id" grep Cap /proc/self/status
	assert_line "CapEff:*1"
	assert_line "CapInh:*0000"
	assert_line "CapAmb:*0000"
	run --separate-stderr rc exec "$id" nosuch
	assert_status 255
	assert_one_line '*executable file not found in $PATH*'
}

@test "runc exec: user ids are numbers and nothing else" {
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	for bad in abc 1:x '' 4294967296 -1 0x1 1: ' 1' 4294967295; do
		run --separate-stderr rc exec --user="$bad" "$id" id
		assert_status 255
	done
}

@test "runc exec: takes a process object, detaches, and writes the pid" {
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	jq '.process | .args = ["sh", "-c", "echo $X; exec sleep 100"] | .env += ["X=y"]' "$bundle/config.json" \
		>"$BATS_TEST_TMPDIR/process"
	rc exec -d -p "$BATS_TEST_TMPDIR/process" --pid-file "$BATS_TEST_TMPDIR/pid" "$id" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	wait_for 20 grep -q y "$BATS_TEST_TMPDIR/out"
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink "/proc/$(rc state "$id" | jq .pid)/ns/pid")" ]
	run rc exec --pid-file "$BATS_TEST_TMPDIR/pid2" "$id" nosuch
	assert_status 255
	[ ! -e "$BATS_TEST_TMPDIR/pid2" ]
}

@test "runc exec: runs on the CPUs its process object names" {
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	jq '.process | .args = ["grep", "Cpus_allowed_list", "/proc/self/status"] |
		.execCPUAffinity = {initial: "0", final: "0"}' "$bundle/config.json" >"$BATS_TEST_TMPDIR/process"
	run --separate-stderr rc exec -p "$BATS_TEST_TMPDIR/process" "$id"
	assert_output "Cpus_allowed_list:	0"
	jq '.execCPUAffinity.initial = "x"' "$BATS_TEST_TMPDIR/process" >"$BATS_TEST_TMPDIR/bad"
	run --separate-stderr rc exec -p "$BATS_TEST_TMPDIR/bad" "$id"
	assert_status 255
	assert_one_line "*process.execCPUAffinity.initial: bad list*"
}

@test "runc exec: works before start, not after the end" {
	configure '.process.args = ["sleep", "100"]'
	rc create -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr rc exec "$id" echo in
	assert_output in
	rc kill "$id" KILL
	wait_for 20 is_stopped
	run --separate-stderr rc exec "$id" echo in
	assert_status 255
	assert_one_line "*cannot exec in a stopped container*"
	run --separate-stderr rc start "$id"
	assert_one_line "*cannot start a container that has stopped*"
}

@test "runc exec: --cgroup goes below the container's group, never beside it" {
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	for bad in .. ../.. a/../..; do
		run --separate-stderr rc exec --cgroup "$bad" "$id" true
		assert_status 255
	done
	run rc exec --cgroup / "$id" true
	assert_status 0
}

@test "runc exec: lands in init's root, also where the namespace's root is the host's" {
	echo inside >"$rootfs/marker"
	configure '.process.args = ["sleep", "100"]'
	rc run --no-pivot -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr rc exec "$id" cat /marker
	assert_output inside
	rc delete --force "$id"

	# Made by a runc that is in a chroot: pivot_root moves that, not the root of the namespace.
	mkdir "$BATS_TEST_TMPDIR/chroot"
	mount --rbind / "$BATS_TEST_TMPDIR/chroot"
	inner() {
		timeout -k 5 60 chroot "$BATS_TEST_TMPDIR/chroot" "$(command -v runc)" --root "$root" "$@"
	}
	inner run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr inner exec "$id" cat /marker
	assert_output inside
	rc delete --force "$id"
	umount -l "$BATS_TEST_TMPDIR/chroot"
}

@test "runc exec: environment, groups, no_new_privs, descriptors and a pause are as its options say" {
	configure '.process.args = ["sleep", "1000"] | .process.noNewPrivileges = false'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr rc exec -env A=1,2 --env B= --env A=3,4 --additional-gids 5 -g 6 --no-new-privs "$id" \
		sh -c 'echo "$A|${B-unset}"; id -G; grep NoNewPrivs /proc/self/status'
	assert_output "3,4|
0 5 6
NoNewPrivs:	1"
	run --separate-stderr rc exec --env A "$id" true
	assert_status 255
	assert_one_line "*process.env*: not NAME=VALUE*"
	echo handed >"$BATS_TEST_TMPDIR/file"
	run --separate-stderr rc exec --preserve-fds 1 "$id" sh -c 'cat <&3; ls /proc/self/fd | xargs' 3<"$BATS_TEST_TMPDIR/file"
	assert_output "handed
0 1 2 3 4"
	run --separate-stderr rc exec --preserve-fds 20 "$id" true
	assert_status 255
	assert_one_line "*unable to stat preserved-fd*"
	rc pause "$id"
	run --separate-stderr rc exec "$id" true
	assert_status 255
	assert_one_line "*cannot exec in a paused container (use --ignore-paused to override)*"
	rc exec --ignore-paused --detach "$id" touch /tmp/thawed </dev/null >/dev/null 2>&1 3>&- &
	wait_for 20 joined
	[ ! -e "$rootfs/tmp/thawed" ]
	rc resume "$id"
	wait_for 20 test -e "$rootfs/tmp/thawed"
	wait
}

# joined - somebody beside init is in the container.
joined() {
	[ "$(rc ps --format json "$id" | jq length)" -gt 1 ]
}

@test "runc exec: a label without its security module is an error that says so" {
	configure '.process.args = ["sleep", "1000"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	[ -e /sys/module/apparmor/parameters/enabled ] || {
		run --separate-stderr rc exec --apparmor some "$id" true
		assert_status 255
		assert_one_line "*pparmor*"
	}
	[ -e /sys/fs/selinux/enforce ] || {
		run --separate-stderr rc exec --process-label some "$id" true
		assert_status 255
		assert_one_line "*selinux*"
	}
}

@test "runc exec: -t has a terminal, which goes to the console socket when detached; --pidfd-socket a pidfd" {
	need python3 script
	configure '.process.args = ["sleep", "1000"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run in_terminal "timeout 30 runc --root '$root' exec -t '$id' sh -c 'tty; test -t 0 && echo yes'"
	[[ $output == */dev/pts/*yes* ]] || fail "$output"
	run --separate-stderr rc exec -d -t "$id" true
	assert_status 255
	assert_one_line "*cannot allocate tty if runc will detach without setting console socket*"
	run --separate-stderr rc exec --console-socket "$BATS_TEST_TMPDIR/console" "$id" true
	assert_status 255
	assert_one_line "*cannot use console socket if runc will not detach or allocate tty*"
	cat >"$BATS_TEST_TMPDIR/take.py" <<-'END'
		import os, socket, sys
		def take(path):
		    s = socket.socket(socket.AF_UNIX)
		    s.bind(path)
		    s.listen(1)
		    return s
		def receive(s):
		    c, _ = s.accept()
		    name, fds, _, _ = socket.recv_fds(c, 4096, 4)
		    return name.decode(), fds[0]
		socks = [take(p) for p in sys.argv[1:3]]
		open(sys.argv[3] + ".ready", "w")
		name, master = receive(socks[0])
		kind, pidfd = receive(socks[1])
		text = b""
		try:
		    while b"done" not in text:
		        text += os.read(master, 4096)
		except OSError:
		    pass
		info = open("/proc/self/fdinfo/%d" % pidfd).read()
		open(sys.argv[3], "w").write("%s\n%s\n%s\n%s\n" % (name, kind, text.decode(), info))
	END
	python3 "$BATS_TEST_TMPDIR/take.py" "$BATS_TEST_TMPDIR/console" "$BATS_TEST_TMPDIR/pidfd" \
		"$BATS_TEST_TMPDIR/out" 3>&- &
	wait_for 20 test -e "$BATS_TEST_TMPDIR/out.ready"
	rc exec -d -t --console-socket "$BATS_TEST_TMPDIR/console" --pidfd-socket "$BATS_TEST_TMPDIR/pidfd" \
		--pid-file "$BATS_TEST_TMPDIR/pid" "$id" sh -c 'tty; echo done; sleep 1000' </dev/null >/dev/null 2>&1 3>&-
	wait_for 20 grep -qs done "$BATS_TEST_TMPDIR/out"
	grep -q ptmx "$BATS_TEST_TMPDIR/out"
	grep -q '^setns$' "$BATS_TEST_TMPDIR/out"
	grep -q /dev/pts/ "$BATS_TEST_TMPDIR/out"
	wait_for 20 grep -q "^Pid:.$(cat "$BATS_TEST_TMPDIR/pid")$" "$BATS_TEST_TMPDIR/out"
}
