# hostile-runc-paths.bats - images and configs that try to make runc touch the host's files.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
	victim=$BATS_TEST_TMPDIR/victim
	mkdir "$victim"
	# From the root file system, up to the host's root and down again.
	up=../../../../../../../../../..
}

teardown() {
	runc_teardown
}

untouched() {
	[ -z "$(find "$victim" -mindepth 1)" ] || fail "made on the host: $(find "$victim" -mindepth 1)"
	[ "$(awk -v v="$victim" 'index($5, v) == 1' /proc/self/mountinfo | wc -l)" -eq 0 ] || fail "mounted on the host"
}

@test "hostile /proc link: a proc that is a symbolic link is refused" {
	mkdir "$rootfs/elsewhere"
	rmdir "$rootfs/proc"
	ln -s elsewhere "$rootfs/proc"
	in_box 'echo ran'
	assert_status 1
	assert_one_line '*must be mounted on ordinary directory*/proc*'
	rm "$rootfs/proc"
	ln -s "$up$victim" "$rootfs/proc"
	in_box 'echo ran'
	assert_status 1
	untouched
}

@test "hostile /sys link: so is a sysfs" {
	rmdir "$rootfs/sys"
	ln -s "$victim" "$rootfs/sys"
	in_box 'echo ran'
	assert_status 1
	assert_one_line '*must be mounted on ordinary directory*/sys*'
	untouched
}

@test "hostile /dev link: without a mount on it, devices and links are not made through it" {
	rmdir "$rootfs/dev"
	ln -s "$up$victim" "$rootfs/dev"
	in_box 'echo ran' '.mounts |= map(select(.destination | startswith("/dev") | not))'
	assert_status 1
	assert_one_line "*open the container's '/dev'*"
	untouched
}

@test "hostile /dev link: with a mount on it, it resolves inside the root or not at all" {
	rmdir "$rootfs/dev"
	ln -s "$up$victim" "$rootfs/dev"
	in_box 'echo ran'
	untouched
}

@test "hostile mount targets: .. and links lead to places inside the root" {
	ln -s "$up$victim" "$rootfs/etc/away"
	ln -s "$victim" "$rootfs/etc/absolute"
	echo hi >"$BATS_TEST_TMPDIR/f"
	local source=$BATS_TEST_TMPDIR/f
	in_box 'cat /escaped; find / -xdev -name via\*' \
		".mounts += [{destination: \"/$up/escaped\", source: \"$source\", options: [\"bind\"]},
			{destination: \"/etc/away/via1\", source: \"$source\", options: [\"bind\"]},
			{destination: \"/etc/absolute/via2\", source: \"$source\", options: [\"bind\"]},
			{destination: \"/etc/away/dir\", type: \"tmpfs\"}]"
	assert_status 0
	assert_line hi
	untouched
	[ -e "$rootfs$victim/via1" ] || fail "not inside: $output"
}

@test "hostile device paths: .. and links lead to places inside the root" {
	ln -s "$up$victim" "$rootfs/etc/away"
	in_box 'find / -xdev -name "node*"' '.linux.devices = [
		{path: "/etc/away/node1", type: "c", major: 1, minor: 3},
		{path: "/'"$up$victim"'/node2", type: "c", major: 1, minor: 3}]'
	untouched
	in_box 'true' '.linux.devices = [{path: "/dev/..", type: "c", major: 1, minor: 3}]'
	assert_status 1
	untouched
}

@test "hostile working directory: links and .. stay inside, and it is made there" {
	ln -s "$up$victim" "$rootfs/away"
	in_box 'pwd' '.process.cwd = "/away/deep"'
	untouched
	in_box 'pwd' ".process.cwd = \"/$up$victim/x\""
	untouched
}

@test "hostile passwd: a link to the host's is read inside the root" {
	rm -f "$rootfs/etc/passwd"
	ln -s "$up/etc/passwd" "$rootfs/etc/passwd"
	in_box 'echo $HOME'
	assert_status 0
	assert_output /
}

@test "hostile /proc mounts: nothing but proc goes there, and little below it" {
	mkdir "$BATS_TEST_TMPDIR/fake"
	in_box 'echo ran' '.mounts[0] = {destination: "/proc", type: "tmpfs"}'
	assert_status 1
	assert_one_line "*only proc can be mounted there*"
	local target
	for target in /proc/self/attr /proc/sys/net /proc/1 //proc//sys /proc/../proc/sys; do
		in_box 'echo ran' ".mounts += [{destination: \"$target\", source: \"$BATS_TEST_TMPDIR/fake\", options: [\"bind\"]}]"
		assert_status 1
		assert_one_line "*cannot be mounted because it is inside /proc*"
	done
	echo fake >"$BATS_TEST_TMPDIR/f"
	in_box 'cat /proc/meminfo' ".mounts += [{destination: \"/proc/meminfo\", source: \"$BATS_TEST_TMPDIR/f\", options: [\"bind\"]}]"
	assert_status 0
	assert_output fake
}

@test "hostile /proc mounts: a link does not lead into proc either" {
	ln -s /proc/sys "$rootfs/etc/sys"
	in_box 'echo ran' '.mounts += [{destination: "/etc/sys", type: "tmpfs"}]'
	assert_status 1
	assert_one_line "*cannot be mounted because it is inside /proc*"
}

@test "hostile masked paths: a link as /dev/null does not choose what covers them" {
	rm -f "$rootfs/dev/null"
	ln -s "$victim" "$rootfs/dev/null"
	in_box 'cat /etc/secret | wc -c; stat -c %t:%T /etc/secret' \
		'.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/etc/secret"]'
	# Either the image's link is refused, or the host's null covers the path.
	[ "$status" -ne 0 ] || assert_line 1:3
	untouched
}

@test "hostile exchange: a directory swapped for a link during many creates changes nothing outside" {
	need python3
	mkdir -p "$rootfs/a/b" "$rootfs/swap"
	rm -rf "$rootfs/swap"
	ln -s "$up$victim" "$rootfs/swap"
	cat >"$BATS_TEST_TMPDIR/swap.py" <<-'END'
		import ctypes, sys
		libc = ctypes.CDLL(None)
		a, b = sys.argv[1].encode(), sys.argv[2].encode()
		while True:
		    libc.renameat2(-100, a, -100, b, 2)
	END
	python3 "$BATS_TEST_TMPDIR/swap.py" "$rootfs/a" "$rootfs/swap" 3>&- &
	local swapper=$!
	echo hi >"$BATS_TEST_TMPDIR/f"
	configure ".process.args = [\"true\"] | .mounts += [
		{destination: \"/a/b/c/dir\", type: \"tmpfs\"},
		{destination: \"/a/b/d/file\", source: \"$BATS_TEST_TMPDIR/f\", options: [\"bind\"]}] |
		.linux.devices = [{path: \"/a/b/e/node\", type: \"c\", major: 1, minor: 3}] |
		.process.cwd = \"/a/b/f\""
	for _ in $(seq 30); do
		runc --root "$root" run -b "$bundle" "$id" >/dev/null 2>&1 || :
	done
	kill "$swapper"
	untouched
}

@test "hostile paths: from the root's mounting until it is '/', all is looked up inside it" {
	need strace
	echo hi >"$BATS_TEST_TMPDIR/f"
	mkdir "$rootfs/data" "$rootfs/over"
	configure ".process.args = [\"true\"] | .root.readonly = true | .process.cwd = \"/made/here\" | .mounts += [
		{destination: \"/data\", type: \"tmpfs\", options: [\"tmpcopyup\", \"ro\"]},
		{destination: \"/new/dir/f\", source: \"$BATS_TEST_TMPDIR/f\", options: [\"bind\", \"ro\"]},
		{destination: \"/over/x\", source: \"$BATS_TEST_TMPDIR\", options: [\"rbind\", \"dest-nofollow\"]}] |
		.linux.devices = [{path: \"/dev/extra\", type: \"c\", major: 1, minor: 3, uid: 7, fileMode: 288}] |
		.linux.maskedPaths += [\"/etc/passwd\"] | .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"}"
	strace -f -qq -s 200 -o "$BATS_TEST_TMPDIR/trace" runc --root "$root" run -b "$bundle" "$id" </dev/null
	# What stands in a link is no look-up; and these two are meant to be the host's.
	awk -v root="$rootfs" '
		$2 ~ /^symlinkat/ || index($0, "faccessat2(AT_FDCWD, \"/proc/kcore\"") ||
			index($0, "openat(AT_FDCWD, \"/dev/null\", O_RDONLY|O_CLOEXEC|O_PATH)") { next }
		$2 ~ /^pivot_root/ { ends++; on = 0 }
		on && $1 == who { seen++; if (/\("\/|, "\// && !/^[0-9]+ +openat2\(.*RESOLVE_IN_ROOT/) print }
		$2 ~ /^move_mount/ && index($0, "\"" root "\"") { on = 1; who = $1 }
		END { if (ends != 1 || seen < 100) print "not seen: " seen }' "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/found"
	assert_empty "$(<"$BATS_TEST_TMPDIR/found")"
}
