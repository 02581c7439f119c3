#!/usr/bin/env bats
# imgctl: list, name, remove, inspect, collect garbage.

load lib/common
load lib/images

setup() {
	need openssl jq
	cd "$BATS_TEST_TMPDIR"
}

# one_image - layout l with image v1 of two layers; sets $manifest, $config.
one_image() {
	layout_image l v1 1000 2000
	config=$(jq -r .config.digest "l/blobs/sha256/${manifest#sha256:}")
}

@test "imgctl: help, version and misuse" {
	run --separate-stderr imgctl --help
	assert_status 0
	assert_line '  gc *'
	local verb args
	for verb in ls tag rm inspect gc history verify ref; do
		run --separate-stderr imgctl $verb --help
		assert_status 0
		assert_line "usage: imgctl $verb*"
	done
	for args in '' 'nonsense' 'ls' 'ls a b' 'tag a' 'rm' 'gc' 'inspect' 'inspect --platform x a' 'ls --no-such a' 'inspect l:' 'inspect l@x'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgctl $args
		assert_status 2
		assert_one_line 'imgctl*: *'
	done
}

@test "imgctl: says what is no layout" {
	mkdir plain
	touch file
	run --separate-stderr imgctl ls missing
	assert_status 1
	assert_one_line "imgctl ls: open layout 'missing': No such file or directory"
	for f in plain file; do
		run --separate-stderr imgctl ls $f
		assert_status 1
		assert_one_line "imgctl ls: open layout '$f': not an image layout"
	done
	[ -z "$(ls plain)" ]
}

@test "imgctl ls: a table, names, JSON lines" {
	one_image
	run --separate-stderr imgctl ls l
	assert_status 0
	assert_line 'NAME  DIGEST               PLATFORM     SIZE'
	assert_line "v1    ${manifest:0:19}  linux/amd64  *kB"
	run --separate-stderr imgctl ls -q l
	assert_output v1
	run --separate-stderr imgctl ls --json l
	[ "$(jq -r .name <<<"$output")" = v1 ]
	[ "$(jq -r .digest <<<"$output")" = "$manifest" ]
	[ "$(jq -r .config <<<"$output")" = "$config" ]
	[ "$(jq -r .platform <<<"$output")" = linux/amd64 ]
	size=$(jq '[.config.size, .layers[].size] | add' "l/blobs/sha256/${manifest#sha256:}")
	[ "$(jq -r .size <<<"$output")" = "$size" ]
}

@test "imgctl ls: shows what is damaged or missing as far as it is known" {
	one_image
	rm "l/blobs/sha256/${config#sha256:}"
	run --separate-stderr imgctl ls l
	assert_status 0
	assert_line 'v1    *  -         *kB'
	rm "l/blobs/sha256/${manifest#sha256:}"
	run --separate-stderr imgctl ls --json l
	assert_status 0
	[ "$(jq -c 'keys' <<<"$output")" = '["digest","mediaType","name"]' ]
}

@test "imgctl ls: a hostile name does not reach the terminal raw" {
	one_image
	layout_write l "$(entry 'a\u001b[31m\nb' $oci_manifest "$manifest" "$manifest_size")"
	run --separate-stderr imgctl ls l
	assert_status 0
	[[ $output != *$'\e'* ]]
	[ "$(wc -l <<<"$output")" = 2 ]
	run --separate-stderr imgctl ls -q l
	assert_output 'a?[31m?b'
}

@test "imgctl tag: names an image, twice is once, and takes names away" {
	one_image
	imgctl tag l:v1 docker.io/library/x:2
	imgctl tag l:v1 docker.io/library/x:2
	run --separate-stderr imgctl ls -q l
	assert_output $'v1\ndocker.io/library/x:2'
	[ "$(imgctl inspect l:docker.io/library/x:2)" = "$(imgctl inspect l:v1)" ]
	imgctl tag "l@$manifest" other
	first=$(entry v1 $oci_manifest "$manifest" "$manifest_size")
	layout_manifest l arm64 10
	layout_write l "$first" "$(entry new $oci_manifest "$manifest" "$manifest_size")"
	imgctl tag l:new v1
	[ "$(imgctl ls --json l | jq -r 'select(.name == "v1").digest')" = "$manifest" ]
	run --separate-stderr imgctl tag l:none x
	assert_status 1
	assert_one_line "imgctl tag: no image 'none' in this layout"
	run --separate-stderr imgctl tag l:v1 'bad name'
	assert_status 2
	umoci ls --layout l | grep -qx v1
}

@test "imgctl inspect: prints the very bytes" {
	one_image
	[ "sha256:$(imgctl inspect l | sha256sum | cut -c1-64)" = "$config" ]
	[ "sha256:$(imgctl inspect --manifest l:v1 | sha256sum | cut -c1-64)" = "$manifest" ]
	[ "sha256:$(imgctl inspect --manifest "l@$manifest" | sha256sum | cut -c1-64)" = "$manifest" ]
	imgctl inspect --index l | cmp - l/index.json
}

@test "imgctl inspect: which image must be clear" {
	one_image
	first=$(entry v1 $oci_manifest "$manifest" "$manifest_size")
	layout_manifest l arm64 10
	layout_write l "$first" "$(entry v2 $oci_manifest "$manifest" "$manifest_size")"
	run --separate-stderr imgctl inspect l
	assert_status 1
	assert_one_line 'imgctl inspect: several images in this layout: v1, v2'
	run --separate-stderr imgctl inspect l:v3
	assert_status 1
	assert_one_line "imgctl inspect: no image 'v3' in this layout"
	layout_write l
	run --separate-stderr imgctl inspect l
	assert_status 1
	assert_one_line 'imgctl inspect: no image in this layout'
}

@test "imgctl inspect: damage is told, not shown" {
	one_image
	printf 'X' | dd of="l/blobs/sha256/${config#sha256:}" conv=notrunc status=none
	run --separate-stderr imgctl inspect l:v1
	assert_status 1
	assert_empty "$output"
	assert_one_line "imgctl inspect: blob '$config' does not match its digest and size"
	run --separate-stderr imgctl verify l
	assert_status 1
	assert_one_line "imgctl verify: blob '$config' does not match its digest"
	printf '{"schemaVersion":2,"manifests":[{}]}' >l/index.json
	run --separate-stderr imgctl inspect l:v1
	assert_status 1
	assert_one_line 'imgctl inspect: index.json: manifests[[]0].digest: missing'
}

@test "imgctl history: one row a step" {
	umoci init --layout u
	umoci new --image u:v1
	umoci config --image u:v1 --config.cmd sh --created 2020-01-01T00:00:00Z
	run --separate-stderr imgctl history u:v1
	assert_status 0
	assert_line 'CREATED *SIZE*CREATED BY*'
	assert_line '* 0B *umoci config*'
	run --separate-stderr imgctl history --json u:v1
	jq -se '.[0].emptyLayer == true and (.[0].createdBy | startswith("umoci config"))' <<<"$output"
}

@test "imgctl rm: removes the blobs nobody else uses, and only those" {
	one_image
	first=$(entry v1 $oci_manifest "$manifest" "$manifest_size")
	one=$manifest
	layout_manifest l amd64 1000 3000
	layout_write l "$first" "$(entry v2 $oci_manifest "$manifest" "$manifest_size")"
	imgctl rm l:v1
	[ ! -e "l/blobs/sha256/${one#sha256:}" ]
	[ "$(find l/blobs -type f | wc -l)" = 4 ]
	imgctl verify l
	umoci unpack --rootless --image l:v2 b >/dev/null 2>&1
	imgctl rm l:v1
	imgctl rm "l@$manifest"
	[ "$(find l/blobs -type f | wc -l)" = 0 ]
	[ "$(jq -c .manifests l/index.json)" = '[]' ]
	run --separate-stderr imgctl rm l
	assert_status 2
}

@test "imgctl rm: an image with two names stays until both are gone" {
	one_image
	imgctl tag l:v1 v2
	imgctl rm l:v1
	imgctl inspect l:v2 >/dev/null
	imgctl rm l:v2
	[ "$(find l/blobs -type f | wc -l)" = 0 ]
}

@test "imgctl inspect, imgpush, imgpull: an artifact that is no image is one all the same" {
	printf '{}' >empty
	empty=$(put_blob a empty)
	printf payload >payload
	payload=$(put_blob a payload)
	printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"application/x.test","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},"layers":[{"mediaType":"text/plain","digest":"%s","size":7}]}' \
		$oci_manifest "$empty" "$payload" >manifest
	size=$(stat -c %s manifest)
	artifact=$(put_blob a manifest)
	layout_write a "$(entry x $oci_manifest "$artifact" "$size")"
	run --separate-stderr imgctl inspect a:x
	assert_output '{}'
	[ "$(imgctl inspect --manifest a:x | sha256sum)" = "${artifact#sha256:}  -" ]
	imgpush a:x oci:b:y
	imgpull oci:b:y c:z
	imgctl verify c
	[ "$(imgctl inspect --manifest c:z | jq -r .artifactType)" = application/x.test ]
	for command in 'imgctl history a:x' 'imgctl save -o file a:x' 'imgunpack a:x tree' 'imgpush a:x docker-archive:file'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr $command
		assert_status 1
		assert_one_line "img*: '$artifact' is no image, but an artifact of type 'application/x.test'"
	done
	[ ! -e file ] && [ ! -e tree ]
}

@test "imgctl gc: keeps what any listed document mentions" {
	one_image
	inner=$manifest inner_size=$manifest_size
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%s},{"mediaType":"x/y","digest":"sha256:%064d","size":1}]}' \
		$oci_index $oci_manifest "$inner" "$inner_size" 0 >index
	size=$(stat -c %s index)
	index=$(put_blob l index)
	printf hello >artifact
	artifact=$(put_blob l artifact)
	layout_write l "$(entry multi $oci_index "$index" "$size")" \
		"{\"mediaType\":\"some/thing\",\"digest\":\"$artifact\",\"size\":5}"
	printf stray >stray
	stray=$(put_blob l stray)
	mkdir -p l/tmp l/blobs/sha512
	touch l/tmp/left l/blobs/sha256/not-a-digest l/blobs/sha512/x l/.index.json.new l/mine
	run --separate-stderr imgctl gc -n l
	assert_output "$stray"$'\n''tmp/left'
	[ -e "l/blobs/sha256/${stray#sha256:}" ]
	run --separate-stderr imgctl gc l
	assert_status 0
	assert_empty "$output$stderr"
	[ ! -e "l/blobs/sha256/${stray#sha256:}" ]
	[ ! -e l/tmp/left ] && [ ! -e l/.index.json.new ]
	[ -e l/blobs/sha256/not-a-digest ] && [ -e l/blobs/sha512/x ] && [ -e l/mine ]
	[ "$(find l/blobs/sha256 -type f | wc -l)" = 7 ]
	imgctl gc l
	imgctl verify l
}

@test "imgctl gc: touches nothing when index.json cannot be read" {
	one_image
	before=$(find l/blobs -type f | wc -l)
	for text in '' '{' '[]{}' '{"manifests":[],"manifests":[]}'; do
		printf '%s' "$text" >l/index.json
		run --separate-stderr imgctl gc l
		assert_status 1
		assert_one_line 'imgctl gc: index.json: *'
	done
	[ "$(find l/blobs -type f | wc -l)" = "$before" ]
}

@test "imgctl: killed at any step, rm and gc leave a whole layout" {
	need killat
	for n in {1..99}; do
		rm -rf l
		one_image
		imgctl tag l:v1 v2
		printf x >x
		put_blob l x >/dev/null
		killat change $n imgctl rm l:v1 2>/dev/null || break
		imgctl inspect l:v2 >/dev/null
		imgctl rm l:v1
		imgctl gc l
		imgctl verify l
		[ "$(imgctl ls -q l)" = v2 ]
		[ "$(find l/blobs -type f | wc -l)" = 4 ]
	done
	[ "$n" -gt 3 ]
}

@test "imgctl: many at once on one layout lose nothing" {
	one_image
	local pids=()
	for i in {1..20}; do
		imgctl tag l:v1 "t$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(imgctl ls -q l | wc -l)" = 21 ]
	pids=()
	for i in {1..20}; do
		imgctl rm "l:t$i" &
		pids+=($!)
		imgctl gc l &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(imgctl ls -q l)" = v1 ]
	imgctl verify l
}

@test "imgctl ref: reads names as docker does" {
	[ "$(imgctl ref busybox)" = docker.io/library/busybox:latest ]
	[ "$(imgctl ref --familiar docker.io/library/busybox:1)" = busybox:1 ]
	[ "$(imgctl ref Busy/box)" = Busy/box:latest ]
	run --separate-stderr imgctl ref x/Busy
	assert_status 1
	assert_one_line "imgctl ref: malformed reference 'x/Busy': repository name must be lower case"
}
