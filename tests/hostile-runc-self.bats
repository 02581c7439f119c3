# hostile-runc-self.bats - containers that try to reach the runtime's binary, descriptors or privileges.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
	binary=$(readlink -f "$(command -v runc)")
	sum=$(sha256sum <"$binary")
}

teardown() {
	runc_teardown
	[ "$(sha256sum <"$binary")" = "$sum" ] || fail "the binary was changed"
}

@test "hostile /proc/self/exe: a container whose program is the runtime cannot write to it" {
	in_box 'true' '.root.readonly = false'
	configure '.process.args = ["/proc/self/exe", "--version"]'
	run --separate-stderr rc run -b "$bundle" "$id"
	# It may run, as a read-only copy; the file behind it must not open for writing.
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	printf '#!/proc/self/exe\n' >"$rootfs/bin/trap"
	chmod +x "$rootfs/bin/trap"
	cat >"$rootfs/bin/overwrite" <<-'END'
		#!/bin/sh
		for i in 1 2 3 4 5 6 7 8 9 10; do
			for p in /proc/[0-9]*; do
				(echo x >"$p/exe") 2>/dev/null && echo "wrote to $p/exe"
			done
		done
		echo done
	END
	chmod +x "$rootfs/bin/overwrite"
	rc exec "$id" overwrite >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	local writer=$!
	for _ in $(seq 20); do
		rc exec "$id" /proc/self/exe --help >/dev/null 2>&1 || :
		rc exec "$id" /bin/trap >/dev/null 2>&1 || :
	done
	wait "$writer"
	grep -q "done" "$BATS_TEST_TMPDIR/out"
	run ! grep wrote "$BATS_TEST_TMPDIR/out"
}

@test "hostile /proc/self/exe: what enters a container runs from a read-only mount" {
	cat >"$rootfs/bin/look" <<-'END'
		#!/bin/sh
		exec 9<"/proc/$1/exe"
		while [ "$(readlink "/proc/$1/exe")" != /bin/busybox ]; do :; done
	END
	configure '.process.args = ["sleep", "100"]'
	rc create -b "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" "$id" >/dev/null 2>&1 3>&-
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	# Even root of the host cannot write through it.
	run sh -c "exec 9>>/proc/$pid/exe"
	[[ $output == *"Read-only file system"* || $output == *"Text file busy"* ]] || fail "$output"
}

@test "hostile working directory: /proc/self/fd/N leads nowhere, for run and exec" {
	local fd
	for fd in 3 4 5 6 7 8 9 10 11 12 15 20 25 30 33 35 40 44 47 50; do
		in_box 'cat /etc/hostname; ls ../../..' ".process.cwd = \"/proc/self/fd/$fd\""
		assert_status 1
	done
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	for fd in 3 4 5 6 7 8 9 10 11 12 15 20 25 30 33 35 40 44 47 50; do
		run --separate-stderr rc exec --cwd "/proc/self/fd/$fd" "$id" ls ../../..
		assert_status 255
	done
}

@test "hostile descriptors: what the caller left open does not reach the container" {
	in_box 'ls -l /proc/self/fd' . 5</etc/passwd
	configure '.process.args = ["sh", "-c", "ls -l /proc/self/fd"]'
	run --separate-stderr rc run -b "$bundle" "$id" 5</etc/passwd 7</ 200</etc/passwd
	assert_status 0
	[[ $output != *passwd* ]] || fail "$output"
	[ "$(grep -c -- '->' <<<"$output")" -le 3 ] || fail "$output"
}

@test "hostile descriptors: processes inside cannot take anything from those that enter" {
	cat >"$rootfs/bin/spy" <<-'END'
		#!/bin/sh
		i=0
		while [ $i -lt 300 ]; do
			i=$((i + 1))
			for p in /proc/[0-9]*; do
				case $(readlink "$p/exe") in */busybox | '') ;; *) ls -l "$p/fd/" "$p/root/" "$p/cwd/" ;; esac
			done
		done >/spied 2>/dev/null
		echo done
	END
	chmod +x "$rootfs/bin/spy"
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	rc exec "$id" spy >/dev/null 2>&1 3>&- &
	local spy=$!
	for _ in $(seq 25); do
		rc exec "$id" true
	done
	wait "$spy"
	[ ! -s "$rootfs/spied" ] || fail "$(cat "$rootfs/spied")"
}

@test "hostile exec: capabilities never become inheritable" {
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	run --separate-stderr rc exec --cap CAP_SYS_ADMIN --cap CAP_NET_RAW -u 1000 "$id" grep Cap /proc/self/status
	assert_line "CapInh:*0000000000000000"
	assert_line "CapAmb:*0000000000000000"
	assert_line "CapEff:*0000000000000000"
}

@test "hostile keyring: the container has a session keyring of its own" {
	in_box 'cat /proc/keys' '.linux.maskedPaths = []'
	assert_status 0
	[[ $output == *"_ses.$id"* ]] || fail "$output"
	# Unless it is to share the caller's.
	run --separate-stderr rc run --no-new-keyring -b "$bundle" "$id-2"
	assert_status 0
	[[ $output != *"_ses.$id-2"* ]] || fail "$output"
}

@test "hostile sysctl: names with .. or outside their namespace are refused" {
	local name pattern
	pattern=$(cat /proc/sys/kernel/core_pattern)
	for name in net/../kernel/core_pattern net.ipv4./../../kernel.core_pattern kernel.core_pattern /net/x netx; do
		in_box true ".linux.sysctl = {\"$name\": \"1\"}"
		assert_status 1
		[ "$(cat /proc/sys/kernel/core_pattern)" = "$pattern" ] || {
			printf '%s' "$pattern" >/proc/sys/kernel/core_pattern
			fail "$name wrote to the host"
		}
	done
}

@test "hostile config: nesting, size and broken text are refused" {
	head -c 5000000 /dev/zero | tr '\0' ' ' >"$bundle/config.json"
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_status 1
	printf '%0.s[' $(seq 100000) >"$bundle/config.json"
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_status 1
	printf '{"ociVersion":"1.0.0","root":{"path":"r\\u0000x"}}' >"$bundle/config.json"
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_status 1
	assert_one_line '*config.json*'
}

@test "hostile descriptors: nobody inside can trace, or look into, what enters" {
	need attack
	configure '.process.args = ["sleep", "100"] | .process.capabilities |= map_values([])'
	cp "$(readlink -f "$(command -v attack)")" "$rootfs/bin/attack"
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	rc exec "$id" attack ptrace 3000 >"$BATS_TEST_TMPDIR/spied" 2>&1 3>&- &
	local spy=$!
	while kill -0 "$spy" 2>/dev/null; do
		rc exec "$id" true 3>&-
	done
	wait "$spy"
	run grep -v '^met' "$BATS_TEST_TMPDIR/spied"
	assert_output ""
	# Else it would have looked too late, every time.
	[ "$(sed -n 's/^met //p' "$BATS_TEST_TMPDIR/spied")" -gt 0 ] || fail "nothing was met"
}

@test "hostile capabilities: none is inheritable unless config.json says so" {
	in_box 'grep -E "Cap(Inh|Amb)" /proc/self/status'
	assert_output "$(printf 'CapInh:\t0000000000000000\nCapAmb:\t0000000000000000')"
}

@test "hostile users: what is no number is refused, for run and exec" {
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	local user
	for user in abc 1:x '' ' 1' 1: 4294967296 4294967295 -1 0x1 1:2:3 +1 1e3; do
		run --separate-stderr rc exec -u "$user" "$id" id -u
		[ "$status" -eq 255 ] || fail "'$user' ran as $output"
		assert_one_line "*--user*"
	done
	configure '.process.user.uid = -1'
	run --separate-stderr rc create -b "$bundle" "$id-2"
	assert_one_line "*process.user.uid*"
}

@test "hostile lengths: sources of 70 kB and hundreds of id maps are taken or refused whole" {
	need kernel:userns
	local long
	long=$(printf '%070000d' 1)
	configure ".mounts += [{destination: \"/x\", source: \"/$long\", options: [\"bind\"]}]"
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*open mount source*"
	configure ".hostname = \"$long\""
	run --separate-stderr rc create -b "$bundle" "$id"
	assert_status 1
	assert_one_line "*hostname*"
	chown 100000:100000 "$rootfs" "$rootfs"/*
	local maps='[range($n) | {containerID: ., hostID: (100000 + .), size: 1}]'
	in_box 'wc -l </proc/self/uid_map' ".linux.namespaces += [{type: \"user\"}] | 250 as \$n |
		.linux.uidMappings = $maps | .linux.gidMappings = $maps"
	assert_status 0
	assert_output 250
	in_box true ".linux.namespaces += [{type: \"user\"}] | 341 as \$n | .linux.uidMappings = $maps | .linux.gidMappings = $maps"
	assert_status 1
	assert_one_line "*linux.uidMappings*Invalid argument*"
}

@test "hostile cgroup paths: .. leads nowhere, for create and exec" {
	local path
	for path in .. ../x /../x /a/../../x a/.. /; do
		configure ".linux.cgroupsPath = \"$path\""
		run --separate-stderr rc create -b "$bundle" "$id"
		assert_status 1
		assert_one_line "*linux.cgroupsPath*"
	done
	configure '.process.args = ["sleep", "100"]'
	rc run -d -b "$bundle" "$id" >/dev/null 2>&1 3>&-
	for path in .. ../.. a/../../.. cpu:../..; do
		run --separate-stderr rc exec --cgroup "$path" "$id" true
		assert_status 255
	done
}

@test "hostile cgroups: without a namespace of its own, a user's container cannot write the host's" {
	need kernel:userns setpriv
	mkdir "$BATS_TEST_TMPDIR/user"
	chown -R 65534:65534 "$BATS_TEST_TMPDIR/user" "$bundle"
	chmod a+rx "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR" "$bundle"
	cp "$binary" "$BATS_TEST_TMPDIR/runc"
	configure '.linux.namespaces |= (map(select(.type != "network" and .type != "cgroup")) + [{type: "user"}]) |
		.linux.uidMappings = [{containerID: 0, hostID: 65534, size: 1}] | .linux.gidMappings = .linux.uidMappings |
		.mounts |= map(if .destination == "/dev/pts" then .options -= ["gid=5"] else . end) | .linux.maskedPaths = [] |
		.linux.readonlyPaths = [] | .process.args = ["sh", "-c", "find /sys/fs/cgroup -name \"*.procs\" -o -name tasks |
		while read -r f; do echo 0 2>/dev/null >$f && echo wrote to $f; done; mkdir /sys/fs/cgroup/x && echo made; echo done"]'
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups env XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/user" \
		"$BATS_TEST_TMPDIR/runc" run -b "$bundle" "$id"
	assert_status 0
	assert_output "done"
}

@test "hostile --no-pivot: neither the host's root nor its /proc is left within reach" {
	touch "$BATS_TEST_TMPDIR/host-file"
	configure '.process.args = ["sh", "-c", "cat /proc/self/mountinfo; umount -l /proc; umount /; ls /proc; chroot /.. ls '"$BATS_TEST_TMPDIR"'"]
		| .process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"])'
	run --separate-stderr rc run --no-pivot -b "$bundle" "$id"
	[[ $output != *host-file* && $output != *" /proc "*proc*" /proc "*proc* ]] || fail "$output"
	[[ $output != *$'\n'self* ]] || fail "a proc is below: $output"
}

@test "hostile terminal: input that is pushed into it stays in the container" {
	need attack
	cp "$(readlink -f "$(command -v attack)")" "$rootfs/bin/attack"
	configure '.process.terminal = true | .process.args = ["sh", "-c", "attack type \"touch '"$BATS_TEST_TMPDIR"'/typed\"; echo pushed $?"] |
		.process.capabilities |= map_values(["CAP_SYS_ADMIN"])'
	run in_terminal "sh -c \"runc --root '$root' run -b '$bundle' '$id'; read -t 1 line; echo got=\\\$line\""
	[[ $output == *"pushed 0"* ]] || fail "$output"
	[[ $output == *got=* && $output != *got=touch* ]] || fail "$output"
	[ ! -e "$BATS_TEST_TMPDIR/typed" ]
}
