#!/bin/sh
# runc - `runc run` of /bin/true from the default config, against the floor (clone, mounts, pivot and execve alone, see
# floor.c), Debian's runc and crun; then exec into a running container.
set -eu
: "${work:?}" "${ROUNDS:?}" "${BENCH_JSON:?}" "${LASH_BUILD:?}"

bundle=$work/bundle
mkdir -p "$bundle/rootfs/bin"
cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
ln -s busybox "$bundle/rootfs/bin/true"
ln -s busybox "$bundle/rootfs/bin/sleep"
for dir in proc dev sys; do
	mkdir "$bundle/rootfs/$dir"
done

# configure COMMAND... - the config every contender gets; the limits are what this machine lets everybody set.
configure() {
	rm -f "$bundle/config.json"
	runc spec -b "$bundle"
	jq --arg cmd "$*" '.process.terminal = false | .process.args = ($cmd | split(" ")) | .process.rlimits = []
		| .root.readonly = false' "$bundle/config.json" >"$work/new"
	mv "$work/new" "$bundle/config.json"
}

configure true
set -- "lash=runc --root /run/ours run -b $bundle lash-test-bench" \
	"floor=$LASH_BUILD/tests/bench/floor $bundle/rootfs /bin/true"
for runtime in /usr/sbin/runc /usr/bin/crun; do
	if "$runtime" --root /run/theirs run -b "$bundle" lash-test-peer >/dev/null 2>&1; then
		set -- "$@" "debian-${runtime##*/}=$runtime --root /run/theirs run -b $bundle lash-test-peer"
	fi
done
interleave -n "$ROUNDS" -b 'runc run /bin/true' -j "$BENCH_JSON" "$@"

configure sleep 1000
runc --root /run/ours run -d -b "$bundle" lash-test-bench </dev/null >/dev/null 2>&1
/usr/sbin/runc --root /run/theirs run -d -b "$bundle" lash-test-peer </dev/null >/dev/null 2>&1
interleave -n "$ROUNDS" -b 'runc exec /bin/true' -j "$BENCH_JSON" \
	"lash=runc --root /run/ours exec lash-test-bench /bin/true" \
	"debian-runc=/usr/sbin/runc --root /run/theirs exec lash-test-peer /bin/true"
runc --root /run/ours delete -f lash-test-bench
/usr/sbin/runc --root /run/theirs delete -f lash-test-peer
