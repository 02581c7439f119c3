#!/usr/bin/env bats
# What the pages and the README show is run as it stands.

load lib/common

setup() {
	cd "$BATS_TEST_TMPDIR" || return
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

# chapter TITLE - the first example below that title of the README.
chapter() {
	awk -v title="## $1" '$0 == title { on = 1 } on && /^```$/ { exit } on && code; on && /^```sh$/ { code = 1 }' "$LASH_TOP/README.md"
}

# serve_image - a registry on 127.0.0.1:5000 with a small web server as app:1 and busybox.
serve_image() {
	cat >registry.yml <<-CONFIG
		version: 0.1
		storage: {filesystem: {rootdirectory: $PWD/registry}}
		http: {addr: 127.0.0.1:5000}
	CONFIG
	docker-registry serve registry.yml >registry.log 2>&1 3>&- &
	registry=$!
	busybox_rootfs tree
	imgpack new --layer tree --cmd httpd --cmd -f --cmd -p --cmd 80 --cmd -h --cmd /www pushed:app
	wait_for 20 curl -fsS -o /dev/null http://127.0.0.1:5000/v2/
	imgpush -q pushed:app docker://127.0.0.1:5000/app:1
	imgpush -q pushed:app docker://127.0.0.1:5000/busybox
}

@test "README: the session and the same by hand run as printed, with an image from a registry here" {
	need root docker-registry curl
	serve_image
	chapter 'A session' | sed -e '/^make/d' -e 's|docker.io/library|127.0.0.1:5000|' -e 's/logs -f/logs/' >session.sh
	run --separate-stderr sh -eux session.sh
	assert_status 0
	assert_line hello
	assert_line 'CONTAINER ID*'
	assert_empty "$(lash ps -aq)"

	chapter 'The same by hand' >by-hand.sh
	# shellcheck disable=SC2016 # as the README has it
	sed -i '1i eval "$(lash env)"' by-hand.sh
	run --separate-stderr sh -eux by-hand.sh
	assert_status 0
	assert_line 137
	[ -f b/config.json ]
	[ ! -e /run/netns/web ]
	kill "$registry"
}
