# unpacked.bash - helpers for tests of images: `load lib/unpacked`.
#
# Defines: unpacked_setup, unpacked_teardown, make_image, both, refuse, accept, walk.
# shellcheck shell=bash disable=SC2154

# unpacked_setup - for setup(): go to a fresh directory with something beside it that no image may touch.
unpacked_setup() {
	need root python3
	cd "$BATS_TEST_TMPDIR" || return
	mkdir outside work
	echo secret >outside/file
	chmod 640 outside/file
	outside_before=$(walk outside)
	cd work || return
}

# unpacked_teardown - for teardown().
unpacked_teardown() {
	cd / || return
	awk -v dir="$BATS_TEST_TMPDIR/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | xargs -r umount -l
}

# make_image <<PROGRAM - the layout "l", see tests/lib/mkimage.
make_image() {
	"$LASH_TOP/tests/lib/mkimage" l
}

# walk DIR - all there is to know of a tree, sorted; directory sizes are the file system's business.
walk() {
	(
		cd "$1" || exit
		find . -type d -printf '%p\t%y %m %U:%G %T@\n' -o -printf '%p\t%y %m %U:%G %s %T@ %n %l\n' | LC_ALL=C sort
		find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2
		find . \( -type b -o -type c \) -exec stat -c '%n %t:%T' {} + | LC_ALL=C sort
		# Names of one file, however its inode is called.
		find . -type f -links +1 -printf '%i %p\n' | LC_ALL=C sort -k 2 |
			awk '{ if (!($1 in id)) id[$1] = ++n; print id[$1], $2 }'
		getfattr -R -h -d -m '^(user|security\.capability|system\.posix)' -e hex . 2>/dev/null
	)
}

# refuse PATTERN [OPTION...] - both forms fail with this one line, and nothing is left or touched.
refuse() {
	local pattern=$1
	shift
	run --separate-stderr imgunpack "$@" l:t flat
	assert_status 1
	assert_one_line "$pattern"
	[ -z "$output" ] || fail "stdout: $output"
	run --separate-stderr imgunpack --layers store --overlay c "$@" l:t mounted
	assert_status 1
	assert_one_line "$pattern"
	[ ! -e flat ] && [ ! -e .flat.unpack ] || fail "left behind: $(ls -A)"
	[ -z "$(find store -name '.*' -print)" ] || fail "left behind: $(ls -A store)"
	untouched
}

untouched() {
	local now
	now=$(walk ../outside)
	[ "$now" = "$outside_before" ] || fail "the world outside has changed:" "$now"
}

# accept - both forms succeed without a word and show the same tree.
accept() {
	run --separate-stderr imgunpack l:t flat
	assert_status 0
	assert_empty "$stderr" stderr
	run --separate-stderr imgunpack --layers store --overlay c l:t mounted
	assert_status 0
	assert_empty "$stderr" stderr
	same_trees flat mounted
	untouched
}

same_trees() {
	diff -u <(walk "$1") <(walk "$2") || fail "$1 and $2 differ"
}
