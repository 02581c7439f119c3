#!/usr/bin/env bats
# SIGKILL at any moment of pull and unpack, push, load: the next run completes, what is there is right, gc leaves nothing.

load lib/common
load lib/images

setup() {
	need root openssl killat
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
	layout_image src v1 70000 5
	fake_start src
	ref=127.0.0.1:$port/app:v1
}

teardown() {
	daemons_stop
}

# whole - the image is there, right, unpacked; without it nothing is.
whole() {
	imgctl verify --layers layers out
	[ "$(imgctl ls -q out)" = v1 ]
	[ "$(ls layers | grep -c '^sha256-')" = 2 ]
	imgctl rm --layers layers out:v1
	imgctl gc --layers layers out
	[ -z "$(ls -A out/blobs/sha256 out/tmp | grep -v :)" ]
	[ -z "$(ls -A layers | grep sha256)" ]
	rm -rf out layers
}

# pulled - what a killed one left is no obstacle.
pulled() {
	[ ! -e out/oci-layout ] || imgctl verify out
	imgpull --json "$ref" out:v1 | imgctl unpack --follow --layers layers out >/dev/null
	whole
}

@test "killed: the unpacker of a pull, with and without the processes it started" {
	for how in --root --tree; do
		n=1
		while imgpull --json "$ref" out:v1 2>/dev/null | killat $how change $n imgctl unpack --follow --layers layers out >/dev/null 2>&1; do
			pulled
			n=$((n + 9))
		done
		rm -rf out layers
		[ $n -gt 20 ] || fail "only $n steps"
	done
}

@test "killed: the pull that is followed" {
	n=1
	while killat change $n imgpull --json "$ref" out:v1 2>/dev/null >events; do
		run --separate-stderr imgctl unpack --follow --layers layers out <events
		assert_empty "$(grep -v "imgctl unpack: open layer" <<<"$stderr")"
		pulled
		n=$((n + 7))
	done
	[ $n -gt 20 ] || fail "only $n steps"
}

@test "killed: a pull by way of a mirror" {
	fake_start src
	mkdir -p etc
	echo "${ref%/app*} mirror=127.0.0.1:$port" >etc/registries
	n=1
	while killat --root change $n imgpull "$ref" out:v1 >/dev/null 2>&1; do
		pulled
		n=$((n + 7))
	done
	[ $n -gt 10 ] || fail "only $n steps"
}

@test "killed: a push, whole and in chunks" {
	for chunk in 0 20k; do
		n=200
		mkdir -p there/blobs/sha256
		fake_start there
		while killat syscall $n imgpush --chunk $chunk src:v1 "127.0.0.1:$port/app:1" >/dev/null 2>&1; do
			[ ! -e "there/blobs/sha256/${manifest#sha256:}" ] || imgpull "127.0.0.1:$port/app:1" seen >/dev/null
			imgpush --chunk $chunk src:v1 "127.0.0.1:$port/app:1" >/dev/null
			[ "$(imgpull "127.0.0.1:$port/app:1" back)" = "$manifest" ]
			diff -r src/blobs back/blobs
			rm -rf back seen there
			mkdir -p there/blobs/sha256
			daemons_stop
			fake_start there
			n=$((n + 71))
		done
		rm -rf there
		[ $n -gt 300 ] || fail "only $n steps"
	done
}

@test "killed: a load" {
	imgctl save -o a.tar src:v1
	n=1
	while killat change $n imgctl load -i a.tar out >/dev/null 2>&1; do
		[ ! -e out/oci-layout ] || imgctl verify out
		imgctl load -i a.tar out >/dev/null
		imgctl gc out
		imgctl verify out
		diff -r src/blobs out/blobs
		[ -z "$(ls -A out/tmp)" ]
		rm -rf out
		n=$((n + 5))
	done
	[ $n -gt 20 ] || fail "only $n steps"
}
