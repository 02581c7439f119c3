#!/usr/bin/env bats
# Signatures by executables: imgctl sign and signed, imgpull --verify, with openssl as the signer.

load lib/common
load lib/images

setup() {
	need root openssl docker-registry jq
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ETC=$BATS_TEST_TMPDIR/etc
	openssl ecparam -name prime256v1 -genkey -noout -out key
	openssl ec -in key -pubout -out pub 2>/dev/null
	cat >hook <<-END
		#!/bin/sh
		case \$1 in
		sign) exec openssl dgst -sha256 -sign $PWD/key ;;
		verify) exec openssl dgst -sha256 -verify $PWD/pub -signature "\$2" >/dev/null 2>&1 ;;
		esac
	END
	printf '#!/bin/sh\nexit 3\n' >refuse
	printf '#!/bin/sh\n' >silent
	chmod +x hook refuse silent
	layout_image src v1 1000
}

teardown() {
	daemons_stop
}

@test "imgctl sign, signed: misuse, hooks that fail" {
	run --separate-stderr imgctl sign src:v1
	assert_status 2
	assert_one_line "imgctl sign: --hook says what is to be run*"
	run --separate-stderr imgctl sign --hook ./refuse src:v1
	assert_status 1
	assert_one_line "imgctl sign: './refuse sign' failed with status 3"
	run --separate-stderr imgctl sign --hook ./silent src:v1
	assert_status 1
	assert_one_line "imgctl sign: './silent sign' gave no signature"
	run --separate-stderr imgctl signed --hook ./hook src:v1
	assert_status 1
	assert_one_line "imgctl signed: image 'src:v1': no signature that './hook' accepts"
	[ "$(jq '.manifests | length' src/index.json)" = 1 ]
}

@test "imgctl sign: what it stores vouches for this image only, and survives gc" {
	signature=$(imgctl sign --hook ./hook --identity example.org/app src:v1)
	[ "$(imgctl signed --hook ./hook src:v1)" = "$signature" ]
	imgctl gc src
	imgctl verify src
	[ "$(imgctl signed --hook ./hook src:v1)" = "$signature" ]
	run --separate-stderr imgctl signed --hook ./refuse src:v1
	assert_status 1
	payload=$(jq -r '.layers[0].digest' "src/blobs/sha256/${signature#sha256:}")
	jq -e --arg d "$manifest" '.critical.image."docker-manifest-digest" == $d and .critical.identity."docker-reference" == "example.org/app"' \
		"src/blobs/sha256/${payload#sha256:}"
}

# blobs LAYOUT - how many there are.
blobs() {
	ls "$1/blobs/sha256" | wc -l
}

@test "imgctl rm: signatures go with their image, and theirs with them, unless somebody gave them a name" {
	first=$(imgctl sign --hook ./hook src:v1)
	second=$(imgctl sign --hook ./hook "src@$first")
	imgctl tag src:v1 v2
	imgctl rm src:v1
	[ "$(imgctl signed --hook ./hook src:v2)" = "$first" ]
	[ "$(imgctl signed --hook ./hook "src@$first")" = "$second" ]
	imgctl verify src
	imgctl tag "src@$second" mine
	imgctl rm src:v2
	[ "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' src/index.json)" = mine ]
	[ -e "src/blobs/sha256/${second#sha256:}" ]
	imgctl gc src
	imgctl rm src:mine
	[ "$(blobs src)" = 0 ]
}

@test "imgctl gc: an image that lost its name to another loses its signatures, one of an index does not" {
	imgctl sign --hook ./hook src:v1 >/dev/null
	imgpack new --layer src new:v1 >/dev/null
	imgpush --quiet new:v1 oci:src:v1 >/dev/null
	before=$(blobs src)
	run --separate-stderr imgctl gc -n src
	assert_line "$manifest"
	[ "$(wc -l <<<"$output")" -eq $((before - 3)) ]
	[ "$(blobs src)" = "$before" ]
	imgctl gc src
	[ "$(blobs src)" = 3 ]
	[ "$(jq '.manifests | length' src/index.json)" = 1 ]
	# an index leads to what was signed before it was made
	imgctl sign --hook ./hook src:v1 >signature
	imgpack index src:all v1 >/dev/null
	imgctl rm src:v1
	imgctl gc src
	[ -e "src/blobs/sha256/$(sed 's/sha256://' signature)" ]
	imgctl rm src:all
	[ "$(blobs src)" = 0 ]
}

@test "imgctl gc: an index that lists the same thousands of times over is looked at once, and loses nothing" {
	need python3
	signature=$(imgctl sign --hook ./hook src:v1)
	python3 - <<-'PY'
		import hashlib, json
		def put(o):
		    data = json.dumps(o).encode(); digest = hashlib.sha256(data).hexdigest()
		    open('src/blobs/sha256/' + digest, 'wb').write(data)
		    return {'mediaType': 'application/vnd.oci.image.index.v1+json', 'digest': 'sha256:' + digest, 'size': len(data)}
		leaves = [put({'schemaVersion': 2, 'manifests': [], 'annotations': {'n': str(i)}}) for i in range(2000)]
		inner = put({'schemaVersion': 2, 'manifests': leaves})
		index = json.load(open('src/index.json'))
		index['manifests'] += [dict(inner, annotations={'org.opencontainers.image.ref.name': 't%d' % i}) for i in range(4000)]
		json.dump(index, open('src/index.json', 'w'))
	PY
	before=$(blobs src)
	timeout 60 imgctl gc src
	[ "$(blobs src)" = "$before" ]
	[ "$(imgctl signed --hook ./hook src:v1)" = "$signature" ]
}

@test "imgctl gc: a signature that came alone stays" {
	registry_start plain
	push_signed
	imgpull "127.0.0.1:$port/app@$signature" alone
	imgctl gc alone
	[ "$(jq -r '.manifests[].digest' alone/index.json)" = "$signature" ]
	imgctl verify alone
}

# push_signed - the image and its signature, to $port.
push_signed() {
	signature=$(imgctl sign --hook ./hook src:v1)
	imgpush src:v1 "127.0.0.1:$port/app:1"
	imgpush --all-platforms "src@$signature" "127.0.0.1:$port/app:sig"
}

@test "imgpull --verify: only what is signed, before anything of it comes" {
	registry_start plain
	push_signed
	imgpull --verify ./hook "127.0.0.1:$port/app:1" out:v1 | grep -qx "$manifest"
	layout_image other v1 70
	imgpush other:v1 "127.0.0.1:$port/app:2"
	for args in "--verify ./hook 127.0.0.1:$port/app:2" "--verify ./refuse 127.0.0.1:$port/app:1"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgpull $args none
		assert_status 1
		assert_one_line "imgpull: pull '*': no signature that '*' accepts"
		[ ! -e none ]
	done
	mkdir etc
	echo "127.0.0.1:$port verify=$PWD/hook" >etc/registries
	imgpull "127.0.0.1:$port/app:1" out:v2
	run --separate-stderr imgpull "127.0.0.1:$port/app:2" none
	assert_status 1
	[ ! -e none ]
}

@test "imgpull --verify: a signature of another image, or none that is one, does not count" {
	registry_start plain
	push_signed
	layout_image other v1 70
	imgpush other:v1 "127.0.0.1:$port/app:2"
	# The good signature, said to be of the other image.
	jq -c --arg d "$manifest" --argjson s "$manifest_size" '.subject.digest = $d | .subject.size = $s' \
		"src/blobs/sha256/${signature#sha256:}" >forged
	size=$(stat -c %s forged)
	layout_write src "$(entry forged $oci_manifest "$(put_blob src forged)" "$size")"
	imgpush --all-platforms src:forged "127.0.0.1:$port/app:forged"
	run --separate-stderr imgpull --verify ./hook "127.0.0.1:$port/app:2" none
	assert_status 1
	assert_one_line "imgpull: pull '*': no signature that './hook' accepts"
	[ ! -e none ]
}

@test "imgpull --verify: cosign's old tag, and a mirror that sends something else" {
	registry_start plain
	signature=$(imgctl sign --hook ./hook src:v1)
	imgpush src:v1 "127.0.0.1:$port/app:1"
	jq -c 'del(.subject, .artifactType)' "src/blobs/sha256/${signature#sha256:}" >old
	size=$(stat -c %s old)
	layout_write olds "$(entry old $oci_manifest "$(put_blob src old)" "$size")"
	cp src/blobs/sha256/* olds/blobs/sha256/
	imgpush --all-platforms olds:old "127.0.0.1:$port/app:sha256-${manifest#sha256:}.sig"
	imgpull --verify ./hook "127.0.0.1:$port/app:1" out:v1 | grep -qx "$manifest"
	good=$port signed=$manifest
	layout_image evil 1 666
	fake_start evil
	mkdir etc
	echo "127.0.0.1:$good mirror=127.0.0.1:$port verify=$PWD/hook" >etc/registries
	imgpull "127.0.0.1:$good/app:1" out2:v1 | grep -qx "$signed"
	grep -q manifests "$requests"
}
