#!/bin/sh
# imgpull - a pull from a docker-registry on loopback into an OCI layout, against skopeo, and against curl fetching the
# same blobs with nothing verified; then a pull of what is there already.
set -eu

cat >"$work/config.yml" <<END
version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: 127.0.0.1:5000}
END
docker-registry serve "$work/config.yml" >/dev/null 2>&1 &
mkdir "$work/root"
umoci init --layout "$work/src"
umoci new --image "$work/src:v1"
for n in 1 2 3 4 5; do
	head -c 40000000 /dev/urandom >"$work/root/file$n"
	umoci insert --rootless --image "$work/src:v1" "$work/root/file$n" "/file$n" >/dev/null 2>&1
done
skopeo copy -q --dest-tls-verify=false "oci:$work/src:v1" docker://127.0.0.1:5000/app:1

urls=$(imgctl inspect --manifest "$work/src:v1" |
	jq -r '.config, .layers[] | "url = http://127.0.0.1:5000/v2/app/blobs/\(.digest)\noutput = \(.digest)"')
printf '%s\n' "$urls" >"$work/curl.rc"

interleave -n "$ROUNDS" -b 'pull 200 MB in 5 layers' -j "$BENCH_JSON" \
	-p "rm -rf $work/out $work/curl; mkdir $work/curl; sync" \
	"lash=imgpull -q 127.0.0.1:5000/app:1 $work/out:v1" \
	"skopeo=skopeo copy -q --src-tls-verify=false docker://127.0.0.1:5000/app:1 oci:$work/out:v1" \
	"curl-unverified=cd $work/curl && curl -sZ --parallel-max 5 -K ../curl.rc"

imgpull -q "127.0.0.1:5000/app:1" "$work/out:v1" >/dev/null
interleave -n "$ROUNDS" -b 'pull what is there' -j "$BENCH_JSON" \
	"lash=imgpull -q 127.0.0.1:5000/app:1 $work/out:v1" \
	"skopeo=skopeo copy -q --src-tls-verify=false docker://127.0.0.1:5000/app:1 oci:$work/out:v1"
