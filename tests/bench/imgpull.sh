#!/bin/sh
# imgpull - a Debian image of 700 MB in six layers from a docker-registry on loopback: into an OCI layout, against
# skopeo and against curl fetching the same blobs with nothing verified; pulled and unpacked, against docker and podman;
# a pull of what is there already. Every pull has a file system of its own (tests/bench/fresh).
set -eu

# shellcheck disable=SC2154 # set by tests/bench/run
fs=$work/fs
mkdir "$work/memory" "$fs"
mount -t tmpfs -o size=10g tmpfs "$work/memory"
fresh=$LASH_TOP/tests/bench/fresh
image=127.0.0.1:5000/app:1
few=$((ROUNDS < 5 ? ROUNDS : 5)) some=$((ROUNDS < 11 ? ROUNDS : 11))

cat >"$work/config.yml" <<END
version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: $work/memory/registry}}
http: {addr: 127.0.0.1:5000}
END
docker-registry serve "$work/config.yml" >/dev/null 2>&1 &
registry=$!
until curl -fsS -o /dev/null http://127.0.0.1:5000/v2/; do sleep 0.1; done 2>/dev/null
"$LASH_TOP/tests/lib/large-image" "$work/memory/src"
imgpush -q "$work/memory/src:debian" "$image" >/dev/null
imgctl du "$work/memory/src"

imgctl inspect --manifest "$work/memory/src:debian" |
	jq -r '.config, .layers[] | "url = http://127.0.0.1:5000/v2/app/blobs/\(.digest)\noutput = \(.digest)"' >"$work/curl.rc"

interleave -n "$some" -b 'pull 700 MB' -j "$BENCH_JSON" -p "$fresh; mkdir $fs/curl" \
	"lash=imgpull -q $image $fs/out:v1" \
	"skopeo=skopeo copy -q --src-tls-verify=false docker://$image oci:$fs/out:v1" \
	"curl-unverified=cd $fs/curl && curl -sZ --parallel-max 5 -K $work/curl.rc 2>/dev/null"
interleave -n "$few" -b 'pull and unpack 700 MB' -j "$BENCH_JSON" -p "$fresh docker" \
	"lash=LASH_ROOT=$fs/lash lash pull -q $image" \
	"docker=docker -H unix:///run/docker.sock pull -q $image" \
	"podman=podman --root $fs/podman --runroot /run/podman-bench --storage-driver overlay pull -q --tls-verify=false $image"

"$fresh"
imgpull -q "$image" "$fs/out:v1" >/dev/null
interleave -n "$ROUNDS" -b 'pull what is there' -j "$BENCH_JSON" \
	"lash=imgpull -q $image $fs/out:v1" \
	"skopeo=skopeo copy -q --src-tls-verify=false docker://$image oci:$fs/out:v1"
"$fresh"
kill "$registry"
