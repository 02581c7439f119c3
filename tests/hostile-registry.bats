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

@test "hostile registry: one that stalls or drips is given up" {
	for mode in stall stall-start drip; do
		(
			fake_start src $mode
			rc=0
			timeout 60 imgpull --tries 1 --timeout 1 "127.0.0.1:$port/app:v1" $mode 2>$mode.err || rc=$?
			echo $rc >$mode.status
			daemons_stop
		) 3>&- &
	done
	wait
	for mode in stall stall-start drip; do
		[ "$(cat $mode.status)" = 1 ]
		[[ "$(cat $mode.err)" == "imgpull: pull '"*"': blob '"*"': Operation too slow"* ]]
		[ "$(wc -l <$mode.err)" = 1 ]
		[ -z "$(ls -A $mode/tmp)" ]
	done
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

@test "hostile registry: headers without end" {
	refused huge-header "imgpull: pull '*': *"
	fake_start src many-headers
	run --separate-stderr timeout 60 imgpull --tries 1 "127.0.0.1:$port/app:v1" out:v1
	[ "$status" -le 1 ]
	rm -rf out
}

@test "hostile registry: a header about the digest is not believed" {
	fake_start src wrong-digest
	[ "$(imgpull "127.0.0.1:$port/app:v1" out:v1)" = "$manifest" ]
}

@test "hostile registry: a login is asked for at any time, and credentials go to the registry alone" {
	fake_start src basic-blobs
	imgpull --creds user:secret "127.0.0.1:$port/app:v1" out:v1
	grep -q 'blobs.*auth=Basic' "$requests"
	run ! grep 'manifests.*auth=' "$requests"
}

@test "hostile registry: token servers of other schemes, and answers that are no token" {
	refused_token() {
		fake_start src "${@:2}"
		refused_here "imgpull: pull '*': $1"
		daemons_stop
	}
	refused_token "the registry names no token server we may use" anonymous realm=file:///etc/passwd
	refused_token "the registry names no token server we may use" anonymous realm=
	refused_token "the token server's answer has no token" anonymous 'token-body={"token":"a\\r\\nX-Evil: 1"}'
	refused_token "the token server's answer has no token" anonymous 'token-body={"token":7}'
	refused_token "the token server's answer has no token" anonymous 'token-body=<html>'
	refused_token "the token server's answer has no token" anonymous token-huge
	refused_token "credentials refused by the token server" token
	refused_token "the registry refuses the login it asked for" refuse-token
	fake_start src
	elsewhere=$requests
	refused_token "the token server gives no token" anonymous "token-moved=http://127.0.0.1:$port/"
	run ! grep . "$elsewhere"
}

@test "hostile registry: from https nothing leads to http" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -days 2 -subj /CN=127.0.0.1 \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	cat cert key >both
	fake_start src
	plain=$port plain_requests=$requests
	mkdir etc
	secure() {
		fake_start src "tls=$PWD/both" "$@"
		printf '127.0.0.1:%s ca=%s\n' "$port" "$PWD/cert" >etc/registries
	}
	secure
	[ "$(imgpull "127.0.0.1:$port/app:v1" good:v1)" = "$manifest" ]
	secure "redirect=http://127.0.0.1:$plain"
	refused_here "imgpull: pull '*': blob '*': redirected from https to http"
	secure token "realm=http://127.0.0.1:$plain/token"
	refused_here "imgpull: pull '*': the registry names no token server we may use"
	mkdir -p empty/blobs/sha256
	fake_start empty "tls=$PWD/both" "place=http://127.0.0.1:$plain"
	printf '127.0.0.1:%s ca=%s\n' "$port" "$PWD/cert" >etc/registries
	run --separate-stderr imgpush --tries 1 src:v1 "127.0.0.1:$port/app:1"
	assert_status 1
	assert_one_line "imgpush: push '*': blob '*': the registry names no place to upload to"
	run ! grep . "$plain_requests"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key2 -out cert2 -days 2 -subj /CN=127.0.0.1 2>/dev/null
	secure
	printf '127.0.0.1:%s ca=%s\n' "$port" "$PWD/cert2" >etc/registries
	refused_here "imgpull: pull '*': *certificate*"
}

@test "hostile registry: an upload to another place takes no credentials along" {
	mkdir -p one/blobs/sha256 two/blobs/sha256
	fake_start two
	elsewhere=$requests
	fake_start one basic "place=http://127.0.0.1:$port"
	run --separate-stderr imgpush --tries 1 --creds user:secret src:v1 "127.0.0.1:$port/app:1"
	grep -q 'POST .*auth=Basic' "$requests"
	grep -q 'PUT .*/blobs/uploads/' "$elsewhere"
	run ! grep auth= "$elsewhere"
}

@test "hostile registry: what an index lists is held to it" {
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%s}]}' \
		$oci_index $oci_manifest "$manifest" "$manifest_size" >list
	sed "s/\"size\":$manifest_size/\"size\":1/" list >liar
	size=$(stat -c %s list)
	layout_write src "$(entry v1 $oci_index "$(put_blob src list)" "$size")"
	refused flip-child "imgpull: pull '*': a manifest does not match the digest its index states"
	size=$(stat -c %s liar)
	layout_write src "$(entry v1 $oci_index "$(put_blob src liar)" "$size")"
	fake_start src
	refused_here "imgpull: pull '*': a manifest does not have the size its index states"
	inner=$manifest inner_type=$oci_manifest inner_size=$manifest_size
	for n in 1 2 3 4 5 6; do
		printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%s}]}' \
			$oci_index "$inner_type" "$inner" "$inner_size" >list
		inner_size=$(stat -c %s list) inner_type=$oci_index
		inner=$(put_blob src list)
	done
	layout_write src "$(entry v1 $oci_index "$inner" "$inner_size")"
	refused_here "imgpull: pull '*': indexes nested too deeply"
	run --separate-stderr imgpull --all-platforms "127.0.0.1:$port/app:v1" out:v1
	assert_one_line "imgpull: pull '*': indexes nested too deeply"
}

@test "hostile registry: addresses in a manifest get no credentials, and are no files" {
	fake_start src
	elsewhere=$requests elsewhere_port=$port
	layer=$(jq -r '.layers[0].digest' "src/blobs/sha256/${manifest#sha256:}")
	cp -r src part
	rm "part/blobs/sha256/${layer#sha256:}"
	for url in file:///etc/passwd "http://127.0.0.1:$elsewhere_port/v2/app/blobs/$layer"; do
		jq -c --arg u "$url" '.layers[0].urls = [$u]' "src/blobs/sha256/${manifest#sha256:}" >doc
		size=$(stat -c %s doc)
		layout_write part "$(entry v1 $oci_manifest "$(put_blob part doc)" "$size")"
		fake_start part basic
		run --separate-stderr imgpull --creds user:secret "127.0.0.1:$port/app:v1" out:v1
		case $url in
		file*)
			assert_status 1
			assert_one_line "imgpull: pull '*': blob '$layer': blob unknown"
			;;
		*) assert_status 0 ;;
		esac
	done
	grep -q "GET /v2/app/blobs/$layer" "$elsewhere"
	run ! grep auth= "$elsewhere"
}

@test "hostile registry: a busy one is asked again" {
	fake_start src busy-2
	imgpull "127.0.0.1:$port/app:v1" out:v1
	rm -r out
	fake_start src busy-date
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
