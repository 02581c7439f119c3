#!/usr/bin/env bats
# imgpush to the real docker-registry; skopeo and imgpull read what it wrote.

load lib/common
load lib/images

setup() {
	need root docker-registry skopeo umoci openssl htpasswd
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
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
	fake_start served whole=0
	run --separate-stderr imgpush --tries 1 src:v1 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: push '*': blob '*': *"
}

@test "imgpush: from archives and layouts by their prefix, the same image" {
	layout_image src v1 1000 20
	registry_start plain
	imgctl save -o a.tar src:v1
	imgpush docker-archive:a.tar "docker://127.0.0.1:$port/app:a" | grep -qx "$manifest"
	imgpush oci-archive:a.tar:v1 oci:out:b | grep -qx "$manifest"
	imgpush oci:src:v1 "127.0.0.1:$port/app:c" | grep -qx "$manifest"
	[ "$(imgremote inspect "127.0.0.1:$port/app:a")" = "$manifest" ]
	diff -r src/blobs out/blobs
	[ -z "$(ls "$LASH_ROOT/tmp" 2>/dev/null)" ]
}

@test "imgpush --all-platforms: the index and all it lists, to registries and layouts" {
	layout_manifest src amd64 1000
	one="{\"mediaType\":\"$oci_manifest\",\"digest\":\"$manifest\",\"size\":$manifest_size,\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}}"
	layout_manifest src arm64 2000
	two="{\"mediaType\":\"$oci_manifest\",\"digest\":\"$manifest\",\"size\":$manifest_size,\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\"}}"
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' $oci_index "$one" "$two" >list
	size=$(stat -c %s list)
	list=$(put_blob src list)
	layout_write src "$(entry multi $oci_index "$list" "$size")"
	registry_start plain
	run --separate-stderr imgpush --all-platforms src:multi "127.0.0.1:$port/app:m"
	assert_status 0
	assert_output "$list"
	skopeo copy -q --all --preserve-digests --src-tls-verify=false "docker://127.0.0.1:$port/app:m" oci:back:m
	diff -r src/blobs back/blobs
	imgpush --all-platforms src:multi oci:copy:m
	imgpull --all-platforms oci:src:multi oci:copy2 | grep -qx "$list"
	diff -r src/blobs copy/blobs
	diff -r src/blobs copy2/blobs
	[ "$(imgctl ls -q copy2)" = multi ]
	imgpush --all-platforms src:multi oci-archive:all.tar | grep -qx "$list"
	imgpush --all-platforms src:multi oci-archive:again.tar >/dev/null
	cmp all.tar again.tar
	skopeo copy -q --all --preserve-digests oci-archive:all.tar oci:copy3:m
	diff -r src/blobs copy3/blobs
	imgpull --all-platforms oci-archive:all.tar copy4 | grep -qx "$list"
	# Members that are part of no image are gc's.
	imgctl gc copy4 >/dev/null
	diff -r src/blobs copy4/blobs
	[ "$(imgctl ls -q copy4)" = multi ]
	skopeo copy -q --all --preserve-digests oci:src:multi oci-archive:theirs.tar:m
	imgpull --all-platforms oci-archive:theirs.tar copy5:mine | grep -qx "$list"
	imgctl gc copy5 >/dev/null
	diff -r src/blobs copy5/blobs
	[ "$(imgctl ls -q copy5)" = mine ]
	rm "src/blobs/sha256/${manifest#sha256:}"
	run --separate-stderr imgpush --all-platforms src:multi "127.0.0.1:$port/app:n"
	assert_status 1
	assert_one_line "imgpush: read blob '$manifest': No such file or directory"
	run --separate-stderr imgpush --all-platforms src:multi oci-archive:x
	assert_status 1
	assert_one_line "imgpush: read blob '$manifest': No such file or directory"
	[ ! -e x ] && [ ! -e .x.new ]
	run --separate-stderr imgpush --all-platforms src:multi docker-archive:x
	assert_status 2
	assert_one_line "imgpush: --all-platforms is not for docker-archive:, which has no platforms*"
	# An archive that lacks what its index lists.
	mkdir part && tar -xf all.tar -C part && rm "part/blobs/sha256/${manifest#sha256:}" && tar -C part -cf part.tar .
	run --separate-stderr imgpull --all-platforms oci-archive:part.tar copy6
	assert_status 1
	assert_one_line "imgpull: read blob '$manifest': No such file or directory"
	[ -z "$(imgctl ls -q copy6)" ]
}

@test "imgpush --chunk: pieces, which a real registry puts together" {
	layout_image src v1 1000000 30
	registry_start plain
	imgpush --chunk 300k src:v1 "127.0.0.1:$port/app:1"
	imgpull "127.0.0.1:$port/app:1" out:v1 | grep -qx "$manifest"
	diff -r src/blobs out/blobs
	mkdir -p empty/blobs/sha256
	fake_start empty chunk-min=400000
	imgpush --chunk 300k src:v1 "127.0.0.1:$port/app:1"
	[ "$(grep -c PATCH "$requests")" = 3 ]
	diff -r src/blobs empty/blobs
}

@test "imgpush --chunk: goes on where a broken upload stopped, or from the start if it is lost" {
	layout_image src v1 1000000
	for mode in keep lose-upload; do
		rm -rf empty
		mkdir -p empty/blobs/sha256
		fake_start empty chunk-break $mode
		imgpush --chunk 300k src:v1 "127.0.0.1:$port/app:1"
		diff -r src/blobs empty/blobs
		grep -q 'GET .*/blobs/uploads/' "$requests"
	done
	[ "$(grep -c 'POST .*/blobs/uploads/' "$requests")" = 3 ]
}

@test "imgpush: what is refused as too large is sent in pieces; what is busy is asked again" {
	layout_image src v1 34000000
	mkdir -p empty/blobs/sha256
	fake_start empty whole=33600000 late
	imgpush src:v1 "127.0.0.1:$port/app:1"
	[ "$(grep -c PATCH "$requests")" = 2 ]
	diff -r src/blobs empty/blobs
}

@test "imgpush --mount-from: layers of another repository are not sent" {
	layout_image src v1 100000
	registry_start plain
	imgpush src:v1 "127.0.0.1:$port/one:1"
	imgpush --mount-from one src:v1 "127.0.0.1:$port/two:1"
	imgpull "127.0.0.1:$port/two:1" out | grep -qx "$manifest"
	imgpush --mount-from none src:v1 "127.0.0.1:$port/three:1"
	imgpull "127.0.0.1:$port/three:1" out2 | grep -qx "$manifest"
	fake_start src mount
	layout_image other v1 7
	cp other/blobs/sha256/* src/blobs/sha256/
	imgpush --mount-from one other:v1 "127.0.0.1:$port/app:1"
	run ! grep 'PUT .*/blobs/' "$requests"
}

# signature SUBJECT - an artifact that refers to it, as tag sig of layout sigs; sets $signature.
signature() {
	printf '{}' >empty.json
	local empty
	empty=$(put_blob sigs empty.json)
	printf 'signed' >payload
	local size payload
	payload=$(put_blob sigs payload)
	printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"application/x.sig","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},"layers":[{"mediaType":"application/x.sig","digest":"%s","size":6}],"subject":{"mediaType":"%s","digest":"%s","size":%s},"annotations":{"by":"me"}}' \
		$oci_manifest "$empty" "$payload" $oci_manifest "$1" "$manifest_size" >sig
	size=$(stat -c %s sig)
	signature=$(put_blob sigs sig)
	layout_write sigs "$(entry sig $oci_manifest "$signature" "$size")"
}

@test "imgpush: what refers to an image is found, with and without a registry's own list" {
	layout_image src v1 1000
	signature "$manifest"
	registry_start plain
	imgpush src:v1 "127.0.0.1:$port/app:1"
	imgpush --all-platforms sigs:sig "127.0.0.1:$port/app:sig"
	imgpush --all-platforms sigs:sig "127.0.0.1:$port/app:sig"
	run --separate-stderr imgremote referrers "127.0.0.1:$port/app:1"
	assert_status 0
	[ "$(jq -r '.digest + .artifactType + .annotations.by' <<<"$output")" = "${signature}application/x.sigme" ]
	[ -z "$(imgremote referrers --artifact-type other "127.0.0.1:$port/app@$manifest")" ]
	[ -z "$(imgremote referrers "127.0.0.1:$port/app@$signature")" ]
	imgremote tags "127.0.0.1:$port/app" | grep -qx "sha256-${manifest#sha256:}"
	mkdir -p empty/blobs/sha256
	fake_start empty referrers
	imgpush --all-platforms sigs:sig "127.0.0.1:$port/app:sig"
	run ! grep "sha256-" "$requests"
	imgremote referrers "127.0.0.1:$port/app@$manifest" | jq -e --arg d "$signature" '.digest == $d'
}
