#!/usr/bin/env bats
# imgpull, imgpush and the file $LASH_ETC/registries: mirrors, other places, what holds for a host.

load lib/common
load lib/images

setup() {
	need root openssl
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ETC=$BATS_TEST_TMPDIR/etc XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	mkdir etc
}

teardown() {
	daemons_stop
}

# registries LINE... - the file.
registries() {
	printf '%s\n' "$@" >etc/registries
}

@test "registries: a mirror is asked first, the registry when it fails" {
	layout_image src v1 3000 50000
	fake_start src
	main=$port main_requests=$requests
	fake_start src
	mirror=$port mirror_requests=$requests
	registries "# mine" "127.0.0.1:$main mirror=127.0.0.1:$mirror/hub"
	[ "$(imgpull "127.0.0.1:$main/app:v1" out)" = "$manifest" ]
	[ "$(imgctl ls -q out)" = v1 ]
	grep -q '/v2/hub/app/manifests/v1' "$mirror_requests"
	run ! grep . "$main_requests"
	kill -9 "$fake_pid"
	run --separate-stderr imgpull "127.0.0.1:$main/app:v1" again
	assert_status 0
	assert_empty "$stderr"
	grep -q '/v2/app/manifests/v1' "$main_requests"
	imgctl verify again
}

@test "registries: what a mirror sent whole before it failed is not fetched again" {
	layout_image src v1 3000 50000
	fake_start src
	main=$port main_requests=$requests
	cp -r src part
	large=$(imgctl inspect --manifest src:v1 | jq -r '.layers[1].digest')
	small=$(imgctl inspect --manifest src:v1 | jq -r '.layers[0].digest')
	rm "part/blobs/sha256/${small#sha256:}"
	fake_start part
	registries "127.0.0.1:$main mirror=127.0.0.1:$port" "127.0.0.1:$port tries=1"
	imgpull -j 1 "127.0.0.1:$main/app:v1" out
	grep -q "$small" "$main_requests"
	run ! grep "$large" "$main_requests"
	imgctl verify out
}

@test "registries: a mirror that lies is not believed, the registry is" {
	layout_image src v1 3000
	fake_start src
	main=$port
	fake_start src flip
	registries "127.0.0.1:$main mirror=127.0.0.1:$port"
	[ "$(imgpull "127.0.0.1:$main/app:v1" out)" = "$manifest" ]
	imgctl verify out
	kill -9 "${daemons[0]}"
	run --separate-stderr imgpull --tries 1 "127.0.0.1:$main/app:v1" none
	assert_status 1
	assert_one_line "imgpull: reach registry '127.0.0.1:$main': *"
}

@test "registries: by-digest leaves tags to the registry" {
	layout_image src v1 3000
	fake_start src
	main=$port
	fake_start src
	registries "127.0.0.1:$main by-digest mirror=127.0.0.1:$port"
	imgpull "127.0.0.1:$main/app:v1" out
	run ! grep . "$requests"
	imgpull "127.0.0.1:$main/app@$manifest" out2
	grep -q manifests "$requests"
}

@test "registries: another location, the longest line that fits, blocked, malformed" {
	layout_image src v1 10
	fake_start src
	registries "example.invalid blocked" "example.invalid/team location=127.0.0.1:$port/x" "*.example.org blocked"
	imgpull example.invalid/team/app:v1 out
	grep -q '/v2/x/app/manifests/v1' "$requests"
	for name in example.invalid/teams:v1 a.b.example.org/x:v1; do
		run --separate-stderr imgpull "$name" none
		assert_status 1
		assert_one_line "imgpull: registry '${name%%/*}': blocked by the file 'registries'"
	done
	registries "" "example.invalid nonsense=1"
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" none
	assert_status 1
	assert_one_line "imgpull: read '$LASH_ETC/registries': line 2: unknown setting 'nonsense=1'"
	registries "127.0.0.1:$port mirror=x/Y"
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" none
	assert_status 1
	assert_one_line "imgpull: registry '127.0.0.1:$port': its mirror 'x/Y' is none"
	[ ! -e none ]
}

@test "registries: an authority of our own for a host, and tries" {
	layout_image src v1 10
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -days 2 -subj /CN=127.0.0.1 \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	registry_start tls tls "$PWD/cert" "$PWD/key"
	registries "127.0.0.1:$port ca=$PWD/cert"
	imgpush src:v1 "127.0.0.1:$port/app:1"
	imgpull "127.0.0.1:$port/app:1" out
	registries "127.0.0.1:$port ca=/nonexistent"
	run --separate-stderr imgpull "127.0.0.1:$port/app:1" none
	assert_status 1
	fake_start src status-500
	registries "127.0.0.1:$port tries=2"
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" none
	assert_status 1
	[ "$(grep -c "blobs/$(imgctl inspect --manifest src:v1 | jq -r .config.digest)" "$requests")" -le 2 ]
}

@test "registries: credentials by repository, from podman's place and docker's oldest" {
	layout_image src v1 10
	fake_start src basic
	good=$(printf user:secret | base64) bad=$(printf user:wrong | base64)
	mkdir -p run/containers
	printf '{"auths":{"127.0.0.1:%s/app":{"auth":"%s"},"127.0.0.1:%s":{"auth":"%s"}}}' "$port" "$good" "$port" "$bad" \
		>run/containers/auth.json
	imgpull "127.0.0.1:$port/app:v1" out
	run --separate-stderr imgpull "127.0.0.1:$port/other:v1" none
	assert_status 1
	assert_one_line "imgpull: pull '*': credentials refused"
	rm run/containers/auth.json
	printf '{"http://127.0.0.1:%s/v1/":{"auth":"%s"}}' "$port" "$good" >.dockercfg
	imgpull "127.0.0.1:$port/other:v1" out2
}
