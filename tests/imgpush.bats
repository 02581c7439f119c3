#!/usr/bin/env bats
# imgpush to the real docker-registry; skopeo and imgpull read what it wrote.

load lib/common
load lib/images

setup() {
	need root docker-registry skopeo umoci openssl htpasswd
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ETC=$BATS_TEST_TMPDIR/etc
}

teardown() {
	daemons_stop
	! mountpoint -q registry-full/data || umount -l registry-full/data
}

@test "imgpush: help and misuse" {
	run --separate-stderr imgpush --help
	assert_status 0
	assert_line 'usage: imgpush*'
	local args
	for args in '' 'a' 'a b c' 'a B/C' 'a b@sha256:12' '--jobs 0 a b' 'a: b' '--no-such a b'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgpush $args
		assert_status 2
		assert_one_line 'imgpush: *'
	done
}

@test "imgpush: sends an image that skopeo and imgpull read" {
	layout_image src v1 100000 1 3000000
	registry_start plain
	run --separate-stderr imgpush src:v1 "127.0.0.1:$port/a/b:1"
	assert_status 0
	assert_output "$manifest"
	assert_empty "$stderr"
	[ "$(skopeo inspect --tls-verify=false "docker://127.0.0.1:$port/a/b:1" | jq -r .Digest)" = "$manifest" ]
	imgpull "127.0.0.1:$port/a/b:1" out:v1 | grep -qx "$manifest"
	diff -r src/blobs out/blobs
	imgpush src:v1 "127.0.0.1:$port/a/b:1"
	imgpush src:v1 "127.0.0.1:$port/a/b:2"
	[ "$(imgpull "127.0.0.1:$port/a/b:2" out:v2)" = "$manifest" ]
}

@test "imgpush: sends what umoci built, and docker's media types" {
	umoci init --layout u
	umoci new --image u:v1
	echo hello >file
	umoci insert --rootless --image u:v1 file /file >/dev/null 2>&1
	registry_start plain
	imgpush u:v1 "127.0.0.1:$port/u:1"
	skopeo copy -q --src-tls-verify=false --dest-tls-verify=false --format v2s2 "docker://127.0.0.1:$port/u:1" "docker://127.0.0.1:$port/u:2"
	digest=$(imgpull "127.0.0.1:$port/u:2" out:v2)
	imgpush out:v2 "127.0.0.1:$port/other:2"
	[ "$(imgpull "127.0.0.1:$port/other:2" again:v2)" = "$digest" ]
}

@test "imgpush: logs in" {
	layout_image src v1 1000
	htpasswd -Bbn me secret >htpasswd
	registry_start basic "auth: {htpasswd: {realm: here, path: $PWD/htpasswd}}"
	run --separate-stderr imgpush src:v1 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: push '127.0.0.1:$port/app:1': blob 'sha256:*': authentication required"
	imgpush --creds me:secret src:v1 "127.0.0.1:$port/app:1"
	imgpull --creds me:secret "127.0.0.1:$port/app:1" out:v1
}

@test "imgpush: says what is wrong with the image" {
	layout_image src v1 1000
	registry_start plain
	run --separate-stderr imgpush src:v2 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: no image 'v2' in this layout"
	run --separate-stderr imgpush none:v2 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: open layout 'none': No such file or directory"
	layer=$(jq -r '.layers[0].digest' "src/blobs/sha256/${manifest#sha256:}")
	printf 'X' | dd of="src/blobs/sha256/${layer#sha256:}" conv=notrunc status=none
	run --separate-stderr imgpush src:v1 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: push '*': blob '$layer': *digest*"
	printf 'X' >>"src/blobs/sha256/${layer#sha256:}"
	run --separate-stderr imgpush src:v1 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: read blob '$layer': not of the size the manifest says"
	run --separate-stderr imgpull "127.0.0.1:$port/app:1" out:v1
	assert_status 1
}

@test "imgpush: a registry that is full or not there" {
	layout_image src v1 1000000
	run --separate-stderr imgpush --tries 1 src:v1 127.0.0.1:1/app:1
	assert_status 1
	assert_one_line "imgpush: reach registry '127.0.0.1:1': *"
	mkdir -p registry-full/data
	mount -t tmpfs -o size=300k tmpfs registry-full/data
	registry_start full
	run --separate-stderr imgpush --tries 2 src:v1 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: push '127.0.0.1:$port/app:1': blob '*': *"
}

@test "imgpush: a registry that accepts nothing" {
	layout_image src v1 2000
	layout_write served
	fake_start served
	run --separate-stderr imgpush --tries 1 src:v1 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: push '*': blob '*': *"
}
