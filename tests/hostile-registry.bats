#!/usr/bin/env bats
# imgpull against registries that lie, stall, break off and send it elsewhere: one line, nothing left, nothing believed.

load lib/common
load lib/images

setup() {
	need root openssl
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ETC=$BATS_TEST_TMPDIR/etc
	layout_image src v1 1000 300000
}

teardown() {
	daemons_stop
	! mountpoint -q disk || umount -l disk
}

# refused MODE PATTERN - a pull from a registry of this kind fails with this line and leaves nothing.
refused() {
	fake_start src "$1"
	refused_here "$2"
	daemons_stop
}

refused_here() {
	run --separate-stderr timeout 60 imgpull --tries 2 --timeout 1 "127.0.0.1:$port/app:v1" out:v1
	assert_status 1
	assert_one_line "$1"
	[ ! -e out ] || {
		[ -z "$(ls -A out/tmp 2>/dev/null)" ] || fail "temporaries: $(ls out/tmp)"
		[ "$(jq '.manifests | length' out/index.json)" = 0 ]
		rm -r out
	}
}

@test "hostile registry: wrong content is not believed, nor asked for for ever" {
	refused flip "imgpull: pull '*': blob 'sha256:*': content does not match its digest"
	[ "$(grep -c blobs "$requests")" -le 6 ]
}

@test "hostile registry: a byte that went wrong on the way is fetched again" {
	fake_start src flip-once
	imgpull "127.0.0.1:$port/app:v1" out:v1
	imgctl verify out
}

@test "hostile registry: wrong sizes are refused" {
	refused short "imgpull: pull '*': blob '*': size differs from the manifest's"
	refused short-chunked "imgpull: pull '*': blob '*': shorter than the manifest says"
	refused long "imgpull: pull '*': blob '*': longer than the manifest says"
}

@test "hostile registry: connections that break are taken up, up to a point" {
	refused truncate "imgpull: pull '*': blob '*': *"
	fake_start src break
	imgpull --tries 9 "127.0.0.1:$port/app:v1" out:v1
	grep -q 'bytes=[1-9]' "$requests"
	imgctl verify out
	rm -r out
	fake_start src break-norange
	imgpull "127.0.0.1:$port/app:v1" out:v1
	imgctl verify out
}

@test "hostile registry: one that goes away half way" {
	refused gone "imgpull: pull '*': blob '*': *"
}

@test "hostile registry: one that stalls is given up" {
	refused stall "imgpull: pull '*': blob '*': Operation too slow*"
	refused stall-start "imgpull: pull '*': blob '*': Operation too slow*"
}

@test "hostile registry: ranges nobody asked for" {
	refused bad-range "imgpull: pull '*': blob '*': sent a range nobody asked for"
	refused lying-416 "imgpull: pull '*': blob '*': *"
}

@test "hostile registry: redirects to files, for ever, or to nowhere" {
	refused redirect=file:///etc/passwd "imgpull: pull '*': blob '*': redirected to something that is no http or https URL"
	refused redirect=gopher://127.0.0.1:1 "imgpull: pull '*': blob '*': redirected to something that is no http or https URL"
	refused loop "imgpull: pull '*': blob '*': redirected too often"
}

@test "hostile registry: a redirect takes no credentials along" {
	fake_start src
	elsewhere=$port elsewhere_requests=$requests
	fake_start src basic "redirect=http://127.0.0.1:$elsewhere"
	imgpull --creds user:secret "127.0.0.1:$port/app:v1" out:v1
	grep -q 'blobs.*auth=Basic' "$requests"
	grep -q blobs "$elsewhere_requests"
	run ! grep auth= "$elsewhere_requests"
}

@test "hostile registry: the place redirected to gets no login either" {
	fake_start src basic
	elsewhere=$port elsewhere_requests=$requests
	fake_start src "redirect=http://127.0.0.1:$elsewhere"
	run --separate-stderr imgpull --tries 1 --creds user:secret "127.0.0.1:$port/app:v1" out:v1
	assert_status 1
	run ! grep auth= "$elsewhere_requests"
}

@test "hostile registry: errors, encodings" {
	refused status-500 "imgpull: pull '*': blob '*': HTTP status 500"
	refused status-403 "imgpull: pull '*': blob '*': HTTP status 403"
	refused status-404 "imgpull: pull '*': blob '*': HTTP status 404"
	refused gzip "imgpull: pull '*': blob '*': sent in an encoding nobody asked for"
}

@test "hostile registry: a busy one is asked again" {
	fake_start src busy-2
	imgpull "127.0.0.1:$port/app:v1" out:v1
	imgctl verify out
}

@test "hostile registry: manifests that are too large, wrong or of another type" {
	refused big-manifest "imgpull: pull '*': manifest larger than 4 MiB"
	refused "type=$oci_index" "imgpull: pull '*': mediaType: *"
	refused type=application/vnd.docker.distribution.manifest.v1+prettyjws "imgpull: pull '*': *"
	fake_start src flip-manifest
	run --separate-stderr imgpull "127.0.0.1:$port/app@$manifest" out:v1
	assert_status 1
	assert_one_line "imgpull: pull '*': the manifest does not match the digest asked for"
}

# serve_manifest JSON - the tag v1 of src is this document.
serve_manifest() {
	printf '%s' "$1" >doc
	size=$(stat -c %s doc)
	layout_write src "$(entry v1 $oci_manifest "$(put_blob src doc)" "$size")"
}

@test "hostile registry: manifests that mean to mislead" {
	config=$(jq -r .config.digest "src/blobs/sha256/${manifest#sha256:}")
	config_size=$(stat -c %s "src/blobs/sha256/${config#sha256:}")
	good="\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"$config\",\"size\":$config_size}"
	fake_start src
	while IFS='|' read -r json pattern; do
		serve_manifest "$json"
		refused_here "$pattern"
	done <<-END
	{$good,"layers":[]}|imgpull: image '*': 0 layers, but 2 diff_ids
	{$good,"layers":[],"layers":[]}|imgpull: pull '*': *duplicate key*
	{$good,"layers":[],"Layers":[]}|imgpull: pull '*': member 'Layers' differs from 'layers' in case only
	{$good,"layers":[],"manifests":[{}]}|imgpull: pull '*': a manifest that is an index, too
	{$good,"layers":[]} {}|imgpull: pull '*': *
	{$good,"layers":[{"digest":"sha256:../../../../etc/passwd","size":1}]}|imgpull: pull '*': layers[[]0].digest: malformed
	{$good,"layers":[{"digest":"$config","size":-1}]}|imgpull: pull '*': layers[[]0].size: negative
	{$good,"layers":[{"digest":"$config","size":1e3}]}|imgpull: pull '*': layers[[]0].size: not a whole number*
	{$good,"layers":[{"digest":"sha512:abc","size":1}]}|imgpull: pull '*': layers[[]0].digest: unsupported algorithm
	{"schemaVersion":1,"fsLayers":[{}]}|imgpull: pull '*': *
	[]|imgpull: pull '*': *
	END
}

@test "hostile registry: control bytes in what it says do not reach the terminal" {
	fake_start src
	run --separate-stderr imgpull "127.0.0.1:$port/app:$(printf 'v\e[31m')" out:v1
	assert_status 2
	assert_one_line '*malformed*'
	[[ $stderr != *$'\e'* ]]
}

@test "hostile registry: full disk leaves the old image whole and no temporaries" {
	mkdir disk
	mount -t tmpfs -o size=200k tmpfs disk
	layout_manifest small amd64 1000
	layout_write small "$(entry v1 $oci_manifest "$manifest" "$manifest_size")"
	fake_start small
	imgpull "127.0.0.1:$port/app:v1" disk/out:v1
	fake_start src
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" disk/out:v2
	assert_status 1
	assert_one_line "imgpull: pull '*': write blob 'sha256:*': No space left on device"
	[ -z "$(ls disk/out/tmp)" ]
	[ "$(imgctl ls -q disk/out)" = v1 ]
	imgctl verify disk/out
	umount disk
}
