#!/usr/bin/env bats
# imgpull against the real docker-registry, with strangers on the other sides: skopeo pushes, umoci and skopeo read.

load lib/common
load lib/images

setup() {
	need root docker-registry skopeo umoci openssl
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ETC=$BATS_TEST_TMPDIR/etc
}

teardown() {
	daemons_stop
	! mountpoint -q /etc/hosts || umount /etc/hosts
}

push() {
	skopeo copy -q --dest-tls-verify=false "$@" 2>&1
}

# same_blobs LAYOUT - every blob has the digest of its name, and nothing else is there.
same_blobs() {
	local f
	for f in "$1"/blobs/sha256/*; do
		[ -e "$f" ] || continue
		[ "$(sha256sum <"$f" | cut -c1-64)" = "${f##*/}" ] || fail "wrong content: $f"
	done
	[ -z "$(ls -A "$1/tmp")" ] || fail "temporaries: $(ls -A "$1/tmp")"
}

@test "imgpull: help and version" {
	run --separate-stderr imgpull --help
	assert_status 0
	assert_line 'usage: imgpull*'
	run --separate-stderr imgpull --version
	assert_status 0
}

@test "imgpull: misuse says one line and writes nothing" {
	local args
	for args in '' 'busybox' 'a b c' 'Busybox out' 'a:b:c out' "$(printf 'a%.0s' {1..64}) out" 'a@sha256:12 out' 'a out@sha256:12' \
		'--platform amd64 a out' '--jobs 0 a out' '--tries 0 a out' 'a out:' '--no-such a out'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgpull $args
		assert_status 2
		assert_one_line 'imgpull: *'
	done
	[ ! -e out ]
}

@test "imgpull: brings an image that umoci and skopeo read" {
	layout_image src v1 100000 5 3000000
	registry_start plain
	push --preserve-digests oci:src:v1 "docker://127.0.0.1:$port/a/b:1"
	run --separate-stderr imgpull "docker://127.0.0.1:$port/a/b:1" out:v1
	assert_status 0
	assert_output "$manifest"
	assert_empty "$stderr"
	same_blobs out
	umoci ls --layout out | grep -qx v1
	umoci unpack --image out:v1 bundle >/dev/null 2>&1
	[ "$(stat -c %s bundle/rootfs/file3)" = 3000000 ]
	[ "$(skopeo inspect oci:out:v1 | jq -r .Digest)" = "$manifest" ]
	push oci:out:v1 oci:again:v1
	[ "$(jq -r '.manifests[0].platform.architecture' out/index.json)" = amd64 ]
}

@test "imgpull: twice is once, and moves nothing" {
	layout_image src v1 100000
	fake_start src
	imgpull "127.0.0.1:$port/app:v1" out:v1
	cp out/index.json before
	: >"$requests"
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" out:v1
	assert_status 0
	cmp before out/index.json
	run ! grep blobs "$requests"
}

@test "imgpull: keeps the layers other images brought" {
	layout_manifest src amd64 1000 2000
	first=$(entry one $oci_manifest "$manifest" "$manifest_size")
	layout_manifest src amd64 1000 2000 3000
	layout_write src "$first" "$(entry two $oci_manifest "$manifest" "$manifest_size")"
	fake_start src
	imgpull "127.0.0.1:$port/app:one" out:one
	: >"$requests"
	imgpull "127.0.0.1:$port/app:two" out:two
	[ "$(grep -c blobs "$requests")" = 2 ]
	umoci ls --layout out | sort | paste -sd ' ' | grep -qx 'one two'
}

@test "imgpull: by default the tag is the reference's, by digest there is none" {
	layout_image src v1 10
	fake_start src
	imgpull "127.0.0.1:$port/app:v1" out
	[ "$(umoci ls --layout out)" = v1 ]
	imgpull "127.0.0.1:$port/app@$manifest" byd
	[ "$(jq '.manifests | length' byd/index.json)" = 1 ]
	[ "$(jq '.manifests[0] | has("annotations")' byd/index.json)" = false ]
	imgpull "127.0.0.1:$port/app@$manifest" byd
	[ "$(jq '.manifests | length' byd/index.json)" = 1 ]
}

@test "imgpull: a full reference is a tag like any other" {
	layout_image src v1 10
	fake_start src
	imgpull "127.0.0.1:$port/app:v1" "new:127.0.0.1:$port/app:v1"
	[ "$(imgctl ls -q new)" = "127.0.0.1:$port/app:v1" ]
	imgpull "127.0.0.1:$port/app:v1" "new:127.0.0.1:$port/other:v1"
	[ "$(imgctl ls -q new | wc -l)" = 2 ]
}

@test "imgpull: docker's media types come through" {
	layout_image src v1 1000
	registry_start plain
	push --format v2s2 oci:src:v1 "docker://127.0.0.1:$port/app:docker"
	run --separate-stderr imgpull "127.0.0.1:$port/app:docker" out:v1
	assert_status 0
	[ "$(jq -r '.manifests[0].mediaType' out/index.json)" = application/vnd.docker.distribution.manifest.v2+json ]
	same_blobs out
	imgctl inspect out:v1 | jq -e .rootfs
}

# two_platforms - an index of amd64 and arm64/v8 (and an attestation) as tag multi of layout src.
two_platforms() {
	local entries='' arch
	for arch in arm64 amd64; do
		layout_manifest src $arch 1000
		eval "$arch=$manifest"
		entries+="{\"mediaType\":\"$oci_manifest\",\"digest\":\"$manifest\",\"size\":$manifest_size,\"platform\":{\"architecture\":\"$arch\",\"os\":\"linux\"}},"
	done
	entries+="{\"mediaType\":\"$oci_manifest\",\"digest\":\"$manifest\",\"size\":$manifest_size,\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"},\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}}"
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' $oci_index "$entries" >list
	list_size=$(stat -c %s list)
	list=$(put_blob src list)
	layout_write src "$(entry multi $oci_index "$list" "$list_size")"
}

@test "imgpull: takes the image for the platform out of an index" {
	two_platforms
	registry_start plain
	push --all --preserve-digests oci:src:multi "docker://127.0.0.1:$port/app:multi"
	# shellcheck disable=SC2154 # set by two_platforms
	imgpull --platform linux/amd64 "127.0.0.1:$port/app:multi" out:a | grep -qx "$amd64"
	# shellcheck disable=SC2154
	imgpull --platform linux/arm64/v8 "127.0.0.1:$port/app:multi" out:b | grep -qx "$arm64"
	imgpull --platform linux/arm64 "127.0.0.1:$port/app@$list" out:c | grep -qx "$arm64"
	run --separate-stderr imgpull --platform linux/s390x "127.0.0.1:$port/app:multi" none:d
	assert_status 1
	assert_one_line "imgpull: pull '*': no image for platform 'linux/s390x', only for: linux/arm64, linux/amd64"
	[ ! -e none ]
}

@test "imgpull --all-platforms: the index as it is, and all it lists" {
	two_platforms
	registry_start plain
	push --all --preserve-digests oci:src:multi "docker://127.0.0.1:$port/app:multi"
	run --separate-stderr imgpull --all-platforms "127.0.0.1:$port/app:multi" out:multi
	assert_status 0
	assert_output "$list"
	same_blobs out
	[ "$(ls out/blobs/sha256)" = "$(ls src/blobs/sha256)" ]
	imgctl gc out
	[ "$(ls out/blobs/sha256)" = "$(ls src/blobs/sha256)" ]
	push --all oci:out:multi oci:again:multi
	# shellcheck disable=SC2154
	imgctl inspect --platform linux/arm64 out:multi | jq -e '.architecture == "arm64"'
	run --separate-stderr imgpull --all-platforms --platform linux/amd64 a out
	assert_status 2
	assert_one_line "imgpull: --platform and --all-platforms exclude each other*"
}

@test "imgpull --json: tells of manifest, blobs and the end, and nothing else is on stdout" {
	layout_image src v1 100000 5
	fake_start src
	run --separate-stderr imgpull --json "127.0.0.1:$port/app:v1" out:v1
	assert_status 0
	assert_empty "$stderr"
	[ "$(jq -r .status <<<"$output" | grep -v progress | paste -sd ' ')" = 'manifest blob blob done' ]
	[ "$(jq -r 'select(.status == "done") | .digest + " " + .name' <<<"$output")" = "$manifest v1" ]
	[ "$(jq -r 'select(.status == "blob") | .size' <<<"$output" | sort -rn | paste -sd ' ')" = "$(imgctl inspect --manifest src:v1 | jq -r '.layers[].size' | sort -rn | paste -sd ' ')" ]
}

@test "imgpull: progress on a terminal fits into its line and leaves none" {
	layout_image src v1 100000 5
	fake_start src
	for columns in 200 24 2; do
		in_terminal "stty cols $columns; imgpull 127.0.0.1:$port/app:v1 out-$columns:v1" >shown
		python3 - "$columns" <<-'PY'
			import re, sys
			lines = [l.replace('\033[K', '') for l in re.split('[\r\n]', open('shown', newline='').read())]
			whole = re.compile(r'pulling [0-9.]+ of 0\.1 MB, [0-9.]+ MB/s')
			drawn = [l for l in lines if l]
			digest = drawn.pop()
			width = int(sys.argv[1]) - 1
			assert drawn and digest.startswith('sha256:'), lines
			assert all(len(l) <= width for l in drawn), drawn
			assert all(whole.fullmatch(l) if width > 60 else l == 'pulling 0.0 of 0.1 MB, '[:width] or len(l) == width for l in drawn), drawn
		PY
	done
	# a terminal that does not know its width
	in_terminal "stty cols 0; COLUMNS=12 imgpull 127.0.0.1:$port/app:v1 out:v1" >shown
	grep -qF $'\rpulling 0.0\033[K' shown
	in_terminal "imgpull --quiet 127.0.0.1:$port/app:v1 other:v1" >shown
	[ "$(tr -d '\r' <shown)" = "$manifest" ]
}

@test "imgctl unpack --follow: unpacks what arrives, verified, and fails with the pull" {
	layout_image src v1 100000 5
	fake_start src
	run --separate-stderr bash -c "imgpull --json 127.0.0.1:$port/app:v1 out:v1 | imgctl unpack --follow --layers layers out"
	assert_status 0
	assert_output "$manifest"
	assert_empty "$stderr"
	[ "$(ls layers | grep -c '^sha256-')" = 2 ]
	[ "$(imgctl unpack --layers layers out:v1)" = "$manifest" ]
	imgctl verify --layers layers out
	daemons_stop
	fake_start src flip
	run --separate-stderr bash -c "imgpull --json 127.0.0.1:$port/app:v1 bad:v1 | imgctl unpack --follow --layers layers bad"
	assert_status 1
	assert_one_line "imgpull: pull '*': blob '*': content does not match its digest"
	run --separate-stderr imgctl unpack --follow out <<<nonsense
	assert_status 1
	assert_one_line "imgctl unpack: read standard input: this is not what imgpull --json tells"
}

@test "imgctl unpack --follow: a layer that lies about its content ends the pull, with one line" {
	layout_image src v1 1000 5
	config=$(jq -r .config.digest "src/blobs/sha256/${manifest#sha256:}")
	jq -c '.rootfs.diff_ids[0] = "sha256:" + ("0" * 64)' "src/blobs/sha256/${config#sha256:}" >lie
	size=$(stat -c %s lie)
	lie=$(put_blob src lie)
	jq -c --arg d "$lie" --argjson s "$size" '.config.digest = $d | .config.size = $s' "src/blobs/sha256/${manifest#sha256:}" >doc
	size=$(stat -c %s doc)
	layout_write src "$(entry v1 $oci_manifest "$(put_blob src doc)" "$size")"
	fake_start src
	run --separate-stderr bash -c "imgpull --json 127.0.0.1:$port/app:v1 out:v1 | imgctl unpack --follow --layers layers out"
	assert_status 1
	assert_one_line "imgctl unpack: unpack layer '*': the content is not what the image's diff_ids say"
	[ -z "$(ls layers | grep -v '^sha256-' | grep -v '^\.')" ]
}

@test "imgpull: docker's manifest lists work, and indexes in indexes" {
	two_platforms
	registry_start plain
	push --all --format v2s2 oci:src:multi "docker://127.0.0.1:$port/app:list"
	imgpull --platform linux/arm64 "127.0.0.1:$port/app:list" out:list
	[ "$(imgctl inspect --platform linux/arm64 out:list | jq -r .architecture)" = arm64 ]
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%s}]}' \
		$oci_index $oci_index "$list" "$list_size" >outer
	size=$(stat -c %s outer)
	layout_write src "$(entry outer $oci_index "$(put_blob src outer)" "$size")"
	fake_start src
	imgpull --platform linux/arm64 "127.0.0.1:$port/app:outer" nested:a | grep -qx "$arm64"
}

@test "imgpull: an image for another machine is taken with a warning, or refused if a platform was asked for" {
	layout_manifest src s390x 10
	layout_write src "$(entry v1 $oci_manifest "$manifest" "$manifest_size")"
	fake_start src
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" out:v1
	assert_status 0
	assert_one_line "imgpull: image '$manifest' is for platform 'linux/s390x'"
	run --separate-stderr imgpull --platform linux/amd64 "127.0.0.1:$port/app:v1" out:v2
	assert_status 1
	assert_one_line "imgpull: image '$manifest' is for platform 'linux/s390x' only"
	[ "$(imgctl ls -q out)" = v1 ]
}

@test "imgpull: logs in with name and password" {
	layout_image src v1 1000
	htpasswd -Bbn me 'pass:word' >htpasswd
	registry_start basic "auth: {htpasswd: {realm: here, path: $PWD/htpasswd}}"
	push --dest-creds 'me:pass:word' oci:src:v1 "docker://127.0.0.1:$port/app:1"
	run --separate-stderr imgpull "127.0.0.1:$port/app:1" out:v1
	assert_status 1
	assert_one_line "imgpull: pull '127.0.0.1:$port/app:1': authentication required"
	run --separate-stderr imgpull --creds me:wrong "127.0.0.1:$port/app:1" out:v1
	assert_status 1
	assert_one_line "imgpull: pull '*': credentials refused"
	[ ! -e out ]
	imgpull --creds me:pass:word "127.0.0.1:$port/app:1" out:v1
	mkdir .docker
	printf '{"auths":{"http://127.0.0.1:%s/v2/":{"auth":"%s"}}}' "$port" "$(printf me:pass:word | base64)" >.docker/config.json
	imgpull "127.0.0.1:$port/app:1" out:v2
	mv .docker/config.json auth
	imgpull --authfile auth "127.0.0.1:$port/app:1" out:v3
	REGISTRY_AUTH_FILE=auth imgpull "127.0.0.1:$port/app:1" out:v4
	run --separate-stderr imgpull --authfile missing "127.0.0.1:$port/app:1" out:v5
	assert_status 1
	assert_one_line "imgpull: read 'missing': No such file or directory"
}

@test "imgpull: asks credential helpers, and fails when they do" {
	layout_image src v1 10
	fake_start src basic
	mkdir -p bin .docker
	printf '#!/bin/sh\nread -r server || :\nprintf "%%s" "$server" >%s/asked\nprintf %s\n' "$PWD" \
		"'{\"ServerURL\":\"x\",\"Username\":\"user\",\"Secret\":\"secret\"}'" >bin/docker-credential-ok
	printf '#!/bin/sh\necho out of order\nexit 1\n' >bin/docker-credential-bad
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
	printf '{"credHelpers":{"127.0.0.1:%s":"ok"}}' "$port" >.docker/config.json
	imgpull "127.0.0.1:$port/app:v1" out:v1
	[ "$(cat asked)" = "127.0.0.1:$port" ]
	printf '{"credsStore":"bad"}' >.docker/config.json
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" out:v2
	assert_status 1
	assert_one_line "imgpull: credential helper 'bad' failed for '127.0.0.1:$port': out of order?"
	printf '{"credsStore":"../bad"}' >.docker/config.json
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" out:v2
	assert_status 1
	assert_one_line "imgpull: malformed credential helper '../bad'"
}

@test "imgpull: gets tokens, for anybody and for those who log in" {
	layout_image src v1 1000
	fake_start src anonymous
	imgpull "127.0.0.1:$port/app:v1" out:v1
	[ "$(grep -c /token "$requests")" = 1 ]
	fake_start src token
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" out:v2
	assert_status 1
	assert_one_line "imgpull: pull '*': credentials refused by the token server"
	imgpull --creds user:secret "127.0.0.1:$port/app:v1" out:v2
	printf '{"auths":{"127.0.0.1:%s":{"auth":"dXNlcjo=","identitytoken":"refresh-me"}}}' "$port" >auth
	imgpull --authfile auth "127.0.0.1:$port/app:v1" out:v3
	grep -q '^BODY grant_type=refresh_token&service=fake' "$requests"
	fake_start src refuse-token
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" out:v4
	assert_status 1
	[ "$(grep -c /token "$requests")" -le 2 ]
	fake_start src token realm=file:///etc/passwd
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" out:v4
	assert_status 1
	assert_one_line "imgpull: pull '*': the registry names no token server we may use"
}

# certificate - an authority of our own (ca.pem) and a certificate for 127.0.0.1 (cert.pem, key.pem).
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 2
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out csr.pem -subj /CN=here
	openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 \
		-extfile <(printf 'subjectAltName=IP:127.0.0.1,DNS:registry.test')
} 2>/dev/null

@test "imgpull: speaks TLS with an authority of our own" {
	certificate
	layout_image src v1 1000
	registry_start tls tls "$PWD/cert.pem" "$PWD/key.pem"
	push oci:src:v1 "docker://127.0.0.1:$port/app:1"
	imgpull --tls-ca ca.pem "127.0.0.1:$port/app:1" out:v1
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out other.pem -subj /CN=x -days 2 2>/dev/null
	run --separate-stderr imgpull --tls-ca other.pem "127.0.0.1:$port/app:1" out:v2
	assert_status 1
	assert_one_line "imgpull: pull '*': SSL certificate problem: *"
	mkdir -p "etc/certs.d/127.0.0.1:$port"
	cp ca.pem "etc/certs.d/127.0.0.1:$port/ca.crt"
	imgpull "127.0.0.1:$port/app:1" out:v3
	# Loopback registries need not prove who they are, as with docker.
	rm -r etc
	imgpull "127.0.0.1:$port/app:1" out:v4
	# Others do, unless --insecure.
	echo '127.0.0.1 registry.test' >hosts
	mount --bind hosts /etc/hosts
	run --separate-stderr imgpull --tries 1 "registry.test:$port/app:1" out:v5
	assert_status 1
	assert_one_line "imgpull: pull '*': SSL certificate problem: *"
	imgpull --insecure "registry.test:$port/app:1" out:v5
	imgpull --tls-ca ca.pem "registry.test:$port/app:1" out:v6
}

@test "imgpull: plain http to another host wants --insecure" {
	layout_image src v1 10
	fake_start src
	echo '127.0.0.1 registry.test' >hosts
	mount --bind hosts /etc/hosts
	run --separate-stderr imgpull --tries 1 "registry.test:$port/app:v1" out:v1
	assert_status 1
	assert_one_line "imgpull: pull 'registry.test:$port/app:v1': *"
	imgpull --insecure "registry.test:$port/app:v1" out:v1
}

@test "imgpull: an unknown image, and a registry that is not there" {
	registry_start plain
	run --separate-stderr imgpull "127.0.0.1:$port/nope:1" out:v1
	assert_status 1
	assert_one_line "imgpull: pull '127.0.0.1:$port/nope:1': not found: manifest unknown"
	run --separate-stderr imgpull --tries 1 127.0.0.1:1/a out:v1
	assert_status 1
	assert_one_line "imgpull: reach registry '127.0.0.1:1': *"
	[ ! -e out ]
}

@test "imgpull: several at once into one layout" {
	layout_image src v1 200000 300000
	fake_start src slow
	local pids=()
	for i in 1 2 3 4; do
		imgpull -q "127.0.0.1:$port/app:v1" "out:v$i" >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(imgctl ls -q out | sort | paste -sd ' ')" = 'v1 v2 v3 v4' ]
	same_blobs out
	imgctl verify out
}

@test "imgpull: a directory of something else is left alone" {
	layout_image src v1 10
	fake_start src
	mkdir out
	echo mine >out/file
	run --separate-stderr imgpull "127.0.0.1:$port/app:v1" out:v1
	assert_status 1
	assert_one_line "imgpull: open layout 'out': a directory of something else"
	[ "$(ls out)" = file ]
}

@test "imgpull: killed at any step, the next one completes and gc cleans" {
	need killat
	layout_image src v1 300000
	fake_start src
	n=1
	while killat change $n imgpull "127.0.0.1:$port/app:v1" out:v1 >/dev/null 2>&1; do
		# Whatever is there by name is right, and the layout, if there is one, can be read.
		[ ! -e out/oci-layout ] || imgctl verify out
		imgpull "127.0.0.1:$port/app:v1" out:v1 >/dev/null
		imgctl gc out
		[ -z "$(ls -A out/tmp)" ]
		[ "$(ls out/blobs/sha256 | wc -l)" = 3 ]
		rm -r out
		n=$((n + 1))
	done
	[ $n -gt 20 ] || fail "only $n steps"
}

@test "imgpull: killed half way, gc removes what it left" {
	layout_image src v1 3000000
	fake_start src slow
	imgpull -q "127.0.0.1:$port/app:v1" out:v1 &
	wait_for 20 bash -c 'ls out/tmp/* >/dev/null 2>&1'
	kill -9 $!
	wait $! || :
	[ -n "$(ls out/tmp)" ]
	imgctl gc out
	same_blobs out
}

@test "imgpull: goes on where a killed one stopped" {
	layout_image src v1 3000000
	fake_start src slow
	imgpull -q "127.0.0.1:$port/app:v1" out:v1 &
	wait_for 20 bash -c '[ "$(cat out/tmp/* 2>/dev/null | wc -c)" -gt 100000 ]'
	kill -9 $!
	wait $! || :
	: >"$requests"
	imgpull -q "127.0.0.1:$port/app:v1" out:v1
	grep -q 'blobs/.* bytes=[1-9]' "$requests"
	same_blobs out
}

@test "imgpull: a line that breaks often is used while it brings something" {
	layout_image src v1 4000000
	fake_start src break
	imgpull --tries 4 "127.0.0.1:$port/app:v1" out:v1
	[ "$(grep -c 'bytes=' "$requests")" -gt 3 ]
	imgctl verify out
}

@test "imgpull: gc waits for a pull under way, rm does not" {
	layout_image src v1 1000000
	fake_start src slow
	imgpull "127.0.0.1:$port/app:v1" out:other
	rm -r out/blobs/sha256/*
	imgpull -q "127.0.0.1:$port/app:v1" out:v1 &
	wait_for 20 bash -c 'ls out/tmp/* >/dev/null 2>&1'
	imgctl rm out:other
	imgctl gc out
	wait $!
	imgctl verify out
	[ "$(ls out/blobs/sha256 | wc -l)" = 3 ]
	[ "$(imgctl ls -q out)" = v1 ]
}
