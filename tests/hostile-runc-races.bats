# hostile-runc-races.bats - a root file system that changes while a container is made of it.
#
# Two names below the root are exchanged all the time by `attack swap`: at whatever moment runc looks, and looks again,
# the other one may be there. Nothing may happen outside of the root, and nothing of the host's may be had.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/runc

setup_file() {
	need attack
	runc_setup_file
}

setup() {
	runc_setup
	victim=$BATS_TEST_TMPDIR/victim
	mkdir "$victim"
	up=../../../../../../../../../..
	pattern=$(</proc/sys/kernel/core_pattern)
}

teardown() {
	runc_teardown
	[ "$(</proc/sys/kernel/core_pattern)" = "$pattern" ] || {
		printf '%s' "$pattern" >/proc/sys/kernel/core_pattern
		fail "the host's core_pattern was written"
	}
	assert_empty "$(find "$victim" -mindepth 1)" "made on the host"
	assert_empty "$(awk -v v="$victim" 'index($5, v) == 1' /proc/self/mountinfo)" "mounted on the host"
}

# race A B - run the container many times while A and B are exchanged; counts in $made and $refused how it went.
race() {
	local swapper
	made=0 refused=0
	attack swap "$1" "$2" 3>&- &
	swapper=$!
	for _ in $(seq "${rounds-40}"); do
		if rc run -b "$bundle" "$id" </dev/null >>"$BATS_TEST_TMPDIR/out" 2>>"$BATS_TEST_TMPDIR/err" 3>&-; then
			made=$((made + 1))
		else
			refused=$((refused + 1))
		fi
	done
	kill -0 "$swapper" || fail "the attack did not go on"
	kill "$swapper"
}

@test "hostile race: /proc exchanged with a link to elsewhere" {
	mkdir "$rootfs/elsewhere"
	ln -s "$up$victim" "$rootfs/swap"
	configure '.process.args = ["sh", "-c", "test -e /proc/self/status && touch /proc/self/comm"] |
		.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.domainname": "x"}'
	race "$rootfs/proc" "$rootfs/swap"
	[ "$refused" -gt 0 ] || fail "the link was never met: $made made"
}

@test "hostile race: /dev/null exchanged with a link to core_pattern masks nothing of the host's" {
	touch "$rootfs/dev/null" "$rootfs/secret"
	ln -s "$up/proc/sys/kernel/core_pattern" "$rootfs/dev/swap"
	configure '.process.args = ["sh", "-c", "echo \"|/evil\" >/secret; stat -c %t:%T /secret; cat /secret"] |
		.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/secret"]'
	race "$rootfs/dev/null" "$rootfs/dev/swap"
	[ "$(sort -u "$BATS_TEST_TMPDIR/out")" = 1:3 ] || [ "$made" -eq 0 ] || fail "$(<"$BATS_TEST_TMPDIR/out")"
}

@test "hostile race: /dev/console and /dev/pts exchanged with links get no terminal onto the host" {
	mkdir "$rootfs/dev/real" "$rootfs/dev/pts"
	touch "$victim/../console" "$rootfs/dev/console"
	ln -s "$up$victim" "$rootfs/dev/swap"
	configure '.process.terminal = true | .process.args = ["tty"] |
		.mounts |= map(select(.destination | . != "/dev" and . != "/dev/shm" and . != "/dev/mqueue"))'
	rounds=15
	attack swap "$rootfs/dev/console" "$rootfs/dev/swap" 3>&- &
	local other=$!
	ln -s "$up$victim" "$rootfs/dev/swap2"
	race "$rootfs/dev/real" "$rootfs/dev/swap2"
	kill "$other"
	[ ! -s "$victim/../console" ]
}

@test "hostile race: a volume's directory exchanged while mount points are made in it" {
	mkdir -p "$BATS_TEST_TMPDIR/volume/a/b"
	ln -s "$up$victim" "$BATS_TEST_TMPDIR/volume/swap"
	echo hi >"$BATS_TEST_TMPDIR/f"
	configure '.process.args = ["true"] | .mounts += [
		{destination: "/volume", source: "'"$BATS_TEST_TMPDIR"'/volume", options: ["rbind"]},
		{destination: "/volume/a/b/dir", type: "tmpfs"},
		{destination: "/volume/a/b/c/file", source: "'"$BATS_TEST_TMPDIR"'/f", options: ["bind"]}] |
		.linux.devices = [{path: "/volume/a/d/node", type: "c", major: 1, minor: 3}] | .process.cwd = "/volume/a/e" |
		.linux.maskedPaths += ["/volume/a/b/dir"] | .linux.readonlyPaths += ["/volume/a/b"]'
	race "$BATS_TEST_TMPDIR/volume/a" "$BATS_TEST_TMPDIR/volume/swap"
}
