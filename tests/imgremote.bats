#!/usr/bin/env bats
# imgremote against the real docker-registry, and against one that pages and lies.

load lib/common
load lib/images

setup() {
	need root docker-registry openssl
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ETC=$BATS_TEST_TMPDIR/etc
}

teardown() {
	daemons_stop
}

@test "imgremote: help and misuse" {
	run --separate-stderr imgremote --help
	assert_status 0
	local args
	for args in '' 'tags' 'tags a b' 'tags A' 'rm 127.0.0.1:1/a' 'tags --tries 0 a' 'nonsense a' 'catalog /'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgremote $args
		assert_status 2
		assert_one_line 'imgremote*: *'
	done
}

@test "imgremote: tags, catalog, inspect, rm" {
	layout_image src v1 100
	registry_start plain "delete: {enabled: true}"
	for tag in b a c; do
		imgpush src:v1 "127.0.0.1:$port/team/app:$tag"
	done
	[ "$(imgremote tags "127.0.0.1:$port/team/app" | sort | paste -sd ' ')" = 'a b c' ]
	[ "$(imgremote catalog "127.0.0.1:$port")" = team/app ]
	[ "$(imgremote inspect "127.0.0.1:$port/team/app:a")" = "$manifest" ]
	imgremote inspect --raw "127.0.0.1:$port/team/app:a" | cmp - "src/blobs/sha256/${manifest#sha256:}"
	imgpull "127.0.0.1:$port/team/app@$(imgremote inspect "127.0.0.1:$port/team/app:a")" out
	run --separate-stderr imgremote tags "127.0.0.1:$port/none"
	assert_status 1
	assert_one_line "imgremote tags: list tags of '127.0.0.1:$port/none:latest': not found: *"
	run --separate-stderr imgremote inspect "127.0.0.1:$port/team/app:none"
	assert_status 1
	assert_one_line "imgremote inspect: inspect '127.0.0.1:$port/team/app:none': not found: *"
}

@test "imgremote: pages are followed, of this registry only, and not for ever" {
	layout_image src v1 10
	fake_start src pages=1
	[ "$(imgremote tags "127.0.0.1:$port/app" | paste -sd ' ')" = 'one two three' ]
	[ "$(imgremote catalog "127.0.0.1:$port" | wc -l)" = 3 ]
	fake_start src pages=1 "elsewhere=http://127.0.0.1:$port"
	[ "$(imgremote tags --creds user:secret "127.0.0.1:$port/app")" = one ]
	fake_start src pages=1 endless
	run --separate-stderr imgremote tags "127.0.0.1:$port/app"
	assert_status 1
	assert_one_line "imgremote tags: list tags of '*': pages that go in circles"
}
