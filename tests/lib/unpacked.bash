# unpacked.bash - helpers for tests of images: `load lib/unpacked`.
#
# Defines: unpacked_setup, unpacked_teardown, make_image, odd_tree, refuse, refuse_each, accept, walk, same_trees.
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

# odd_tree DIR TEXT - one of everything a layer can have.
odd_tree() {
	mkdir -p "$1/bin" "$1/etc/deep/er" "$1/usr/lib" "$1/tmp" "$1/gone/dir"
	cp "$(command -v busybox)" "$1/bin/busybox"
	ln "$1/bin/busybox" "$1/bin/sh"
	ln -s usr/lib "$1/lib"
	ln -s /nowhere "$1/dangling"
	ln -P "$1/dangling" "$1/dangling-too"
	echo "$2" >"$1/etc/name"
	echo "$2" >"$1/etc/deep/er/file"
	echo x >"$1/gone/dir/file"
	echo x >"$1/gone-file"
	: >"$1/etc/empty"
	chmod 1777 "$1/tmp"
	chmod 2755 "$1/etc/deep"
	chmod 000 "$1/etc/empty"
	cp "$1/bin/busybox" "$1/bin/su"
	chown 1000:1000 "$1/etc/name"
	chown -h 12:34 "$1/dangling"
	chown 65534:4000000000 "$1/etc/deep/er"
	chmod 6755 "$1/bin/su"
	setfattr -n user.note -v "$(printf 'two\nlines')" "$1/etc/name"
	setfattr -n user.dir -v dir "$1/etc"
	python3 -c 'import os, struct, sys; os.setxattr(sys.argv[1], "security.capability",
		struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))' "$1/bin/sh"
	setfacl -m u:7:rwx "$1/etc/deep/er/file" 2>/dev/null || :
	mknod "$1/null" c 1 3
	mknod "$1/disk" b 259 70000
	mkfifo "$1/fifo"
	mkdir -p "$1/$(printf 'd%.0s' {1..100})/$(printf 'e%.0s' {1..100})"
	echo long >"$1/$(printf 'd%.0s' {1..100})/$(printf 'e%.0s' {1..100})/$(printf 'f%.0s' {1..200})"
	ln -s "$(printf 'target%.0s' {1..40})" "$1/long-link"
	echo 'name with 	blanks, ä and "quotes"' >"$1/"$'odd \t\xc3\xa4"\xff name'
	truncate -s 3m "$1/sparse"
	printf data | dd of="$1/sparse" bs=1 seek=1000000 conv=notrunc status=none
	touch -h -d '1999-12-31 23:59:59' "$1/dangling" "$1/etc/name" "$1/etc/deep/er" "$1/usr"
	touch -d '2040-01-01' "$1/tmp"
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

# refused PATTERN IMAGE [OPTION...] - both forms fail with this one line, and nothing is left.
refused() {
	local pattern=$1 image=$2
	shift 2
	run --separate-stderr imgunpack "$@" "$image" flat
	assert_status 1
	assert_one_line "$pattern"
	[ -z "$output" ] || fail "stdout: $output"
	run --separate-stderr imgunpack --layers store --overlay c "$@" "$image" mounted
	assert_status 1
	assert_one_line "$pattern"
	[ ! -e flat ] && [ ! -e .flat.unpack ] || fail "left behind: $(ls -A)"
	[ -z "$(find store -name '.*' -print 2>/dev/null)" ] || fail "left behind: $(ls -A store)"
}

# refuse PATTERN [OPTION...] - l:t is refused, and nothing outside is touched.
refuse() {
	refused "$1" l:t "${@:2}"
	untouched
}

# refuse_each TEMPLATE [PROGRAM] <<"PATTERN|WHAT" - an image for every line, all made at once: TEMPLATE with WHAT for @ and
# the tag in t, behind PROGRAM. Each is refused with its PATTERN.
refuse_each() {
	local pattern what n patterns=() program=${2-}
	while IFS='|' read -r pattern what; do
		program+=$'\n'"t = 'c${#patterns[@]}'; ${1/@/"$what"}"
		patterns+=("$pattern")
	done
	[ ${#patterns[@]} -gt 0 ] || fail "no cases"
	make_image <<<"$program"
	for n in "${!patterns[@]}"; do
		refused "${patterns[n]}" "l:c$n" || fail "of case $n, '${patterns[n]}'"
	done
	untouched
}

untouched() {
	local now
	now=$(walk ../outside)
	[ "$now" = "$outside_before" ] || fail "the world outside has changed:" "$now"
}

# accept - all forms succeed without a word and show the same tree: layers side by side and one after the other, as on a
# single processor, and as an overlay.
accept() {
	run --separate-stderr imgunpack l:t flat
	assert_status 0
	assert_empty "$stderr" stderr
	run --separate-stderr taskset -c "$(one_processor)" imgunpack l:t in-turn
	assert_status 0
	assert_empty "$stderr" stderr
	same_trees flat in-turn
	rm -rf in-turn
	run --separate-stderr imgunpack --layers store --overlay c l:t mounted
	assert_status 0
	assert_empty "$stderr" stderr
	same_trees flat mounted
	untouched
}

# one_processor - the first of those we may run on.
one_processor() {
	taskset -c -p $$ | sed 's/.*: //; s/[-,].*//'
}

same_trees() {
	diff -u <(walk "$1") <(walk "$2") || fail "$1 and $2 differ"
}
