# images.bash - image layouts and registries for tests.
#
# Defines: layout_image, layout_manifest, layout_write, entry, put_blob, registry_start, fake_start, daemons_stop (for
# teardown). Reads BATS_TEST_TMPDIR; sets port, requests, manifest, manifest_size.
# shellcheck shell=bash disable=SC2154 # bats sets them

# put_blob LAYOUT FILE - move FILE into the layout; prints its digest.
put_blob() {
	local hex
	hex=$(sha256sum "$2" | cut -c1-64)
	mkdir -p "$1/blobs/sha256"
	mv "$2" "$1/blobs/sha256/$hex"
	printf 'sha256:%s' "$hex"
}

# random_file FILE BYTES SEED - the same bytes for the same seed.
random_file() {
	openssl enc -aes-128-ctr -pass "pass:$3" -nosalt -pbkdf2 -iter 1 </dev/zero 2>/dev/null | head -c "$2" >"$1"
}

# layout_manifest LAYOUT ARCH BYTES... - an image with a layer of each size; sets $manifest and $manifest_size.
layout_manifest() {
	local dir=$1 arch=$2 work diff_ids='' layers='' n=0 bytes digest config size
	shift 2
	work=$(mktemp -d)
	for bytes; do
		n=$((n + 1))
		mkdir "$work/$n"
		random_file "$work/$n/file$n" "$bytes" "$arch$n"
		tar -C "$work/$n" --sort=name --mtime=@0 --owner=0 --group=0 -cf "$work/layer" .
		size=$(stat -c %s "$work/layer")
		digest=$(put_blob "$dir" "$work/layer")
		diff_ids+=${diff_ids:+,}\"$digest\"
		layers+="${layers:+,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"$digest\",\"size\":$size}"
	done
	printf '{"architecture":"%s","os":"linux","config":{"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
		"$arch" "$diff_ids" >"$work/config"
	size=$(stat -c %s "$work/config")
	config=$(put_blob "$dir" "$work/config")
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[%s]}' \
		"$config" "$size" "$layers" >"$work/manifest"
	manifest_size=$(stat -c %s "$work/manifest")
	manifest=$(put_blob "$dir" "$work/manifest")
	rm -r "$work"
}

# layout_write LAYOUT ENTRY... - oci-layout and an index.json of these entries.
layout_write() {
	local dir=$1 IFS=,
	shift
	mkdir -p "$dir/blobs/sha256"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	printf '{"schemaVersion":2,"manifests":[%s]}' "$*" >"$dir/index.json"
}

# entry TAG TYPE DIGEST SIZE
entry() {
	printf '{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}' \
		"$2" "$3" "$4" "$1"
}

oci_manifest=application/vnd.oci.image.manifest.v1+json
oci_index=application/vnd.oci.image.index.v1+json

# layout_image LAYOUT TAG BYTES... - a layout with one image for this machine's platform.
layout_image() {
	local dir=$1 tag=$2
	shift 2
	layout_manifest "$dir" amd64 "$@"
	layout_write "$dir" "$(entry "$tag" $oci_manifest "$manifest" "$manifest_size")"
}

daemons=()

# daemons_stop - end what registry_start and fake_start started.
daemons_stop() {
	local pid
	for pid in "${daemons[@]}"; do
		kill -9 "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	daemons=()
}

# registry_start NAME [YAML]... - a docker-registry on 127.0.0.1:$port, with more lines of configuration.
registry_start() {
	local dir=$BATS_TEST_TMPDIR/registry-$1 http=''
	port=$((20000 + RANDOM % 20000))
	shift
	mkdir -p "$dir"
	[ "${1-}" = tls ] && http="
  tls: {certificate: $2, key: $3}" && shift 3
	printf 'version: 0.1\nlog: {accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp:\n  addr: 127.0.0.1:%s%s\n' \
		"$dir/data" "$port" "$http" >"$dir/config.yml"
	printf '%s\n' "$@" >>"$dir/config.yml"
	docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 3>&- &
	daemons+=($!)
	wait_for 20 bash -c "exec 9<>/dev/tcp/127.0.0.1/$port" 2>/dev/null
}

# fake_start LAYOUT MODE... - a fake-registry on 127.0.0.1:$port; its requests go to $requests.
fake_start() {
	local dir=$1 out
	shift
	requests=$BATS_TEST_TMPDIR/requests-$RANDOM
	out=$requests.port
	: >"$requests"
	"$LASH_TOP/tests/lib/fake-registry" "$dir" "$requests" "$@" >"$out" 2>"$requests.err" 3>&- &
	fake_pid=$!
	daemons+=($!)
	wait_for 20 test -s "$out"
	port=$(cat "$out")
}
