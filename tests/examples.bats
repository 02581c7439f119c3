#!/usr/bin/env bats
# What the pages and the README show is run as it stands.

load lib/common

setup() {
	cd "$BATS_TEST_TMPDIR"
	export LASH_ROOT=$BATS_TEST_TMPDIR/root LASH_RUN=$BATS_TEST_TMPDIR/run LASH_ETC=$BATS_TEST_TMPDIR/etc
}

# literal PAGE - the first display of a page, as shell.
literal() {
	sed -n '/^\.Bd -literal/,/^\.Ed/{/^\./d;p;}' "$LASH_TOP/man/$1"
}

@test "lash-toolkit.7: the container made by hand runs as printed" {
	need root
	literal lash-toolkit.7 >session.sh
	run --separate-stderr sh -eux session.sh
	assert_status 0
	assert_line hello
	assert_line '137'
	[ ! -e /run/netns/web ]
	run --separate-stderr netns ls
	assert_empty "$output"
}
