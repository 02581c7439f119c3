#!/bin/sh
# imgunpack - a Debian image of 700 MB and 30,000 files in six layers: unpacked flat and as layers, gzip and zstd,
# against umoci, docker load and containerd's import; packed, against umoci, buildah and tar.
#
# Every run gets a file system of its own: ext4 looks for free inodes past those freed in the last minutes, so that
# unpacking after rm takes several times as long and measures only that. Layers above Debian's are this machine's own
# files.
set -eu

# shellcheck disable=SC2154 # set by tests/bench/run
fs=$work/fs
mkdir "$work/memory" "$fs"
mount -t tmpfs -o size=10g tmpfs "$work/memory"
fresh=$LASH_TOP/tests/bench/fresh

few=$((ROUNDS < 5 ? ROUNDS : 5))
image=$work/memory/gzip:debian
zstd=$work/memory/zstd:debian
"$LASH_TOP/tests/lib/large-image" "$work/memory/gzip"
skopeo copy -q --dest-compress-format zstd "oci:$image" "oci:$zstd"
skopeo copy -q "oci:$image" "docker-archive:$work/memory/docker.tar:bench:x"
tar -C "$work/memory/gzip" -cf "$work/memory/oci.tar" .
imgctl du "$work/memory/gzip"

interleave -n "$few" -b 'unpack 700 MB' -j "$BENCH_JSON" -p "$fresh" \
	"lash=imgunpack $image $fs/rootfs" \
	"lash-zstd=imgunpack $zstd $fs/rootfs" \
	"lash-overlay=imgunpack --layers $fs/layers --overlay $fs/c $image $fs/rootfs" \
	"lash-overlay-zstd=imgunpack --layers $fs/layers --overlay $fs/c $zstd $fs/rootfs" \
	"umoci=umoci unpack --image $image $fs/bundle"
interleave -n "$few" -b 'import 700 MB' -j "$BENCH_JSON" -p "$fresh docker containerd" \
	"lash-overlay=imgunpack --layers $fs/layers --overlay $fs/c $image $fs/rootfs" \
	"docker-load=docker -H unix:///run/docker.sock load -q -i $work/memory/docker.tar" \
	"ctr-import=ctr -a /run/containerd-bench.sock images import $work/memory/oci.tar"

"$fresh"
imgunpack --layers "$fs/layers" --overlay "$fs/first" "$image" "$fs/other" >/dev/null
interleave -n "$ROUNDS" -b 'the same layers once more' -j "$BENCH_JSON" \
	-p "! mountpoint -q $fs/rootfs || umount $fs/rootfs; rm -rf $fs/c" \
	"lash-overlay=imgunpack --layers $fs/layers --overlay $fs/c --volatile $image $fs/rootfs"
interleave -n "$few" -b 'pack 700 MB' -j "$BENCH_JSON" -p "rm -rf $work/memory/image $work/memory/tar" \
	"lash=imgpack new --layer $fs/other $work/memory/image:t" \
	"lash-zstd=imgpack new --compress zstd --layer $fs/other $work/memory/image:t" \
	"tar-gzip-1=tar -C $fs/other -c . | gzip -1 >$work/memory/tar" \
	"tar-only=tar -C $fs/other -cf $work/memory/tar ."
umount "$fs/other"

# One changed file: umoci hashes the tree again, buildah's overlay knows.
"$fresh"
umoci unpack --image "$image" "$fs/bundle" >/dev/null
echo changed >"$fs/bundle/rootfs/etc/changed"
imgctl mount --layers "$fs/layers" "$image" "$fs/m"
interleave -n "$few" -b 'pack one changed file' -j "$BENCH_JSON" \
	"lash=imgpack add --since $fs/m --layer $fs/bundle/rootfs --tag changed $image" \
	"umoci=umoci repack --image $work/memory/gzip:again $fs/bundle"
imgctl umount --layers "$fs/layers" "$fs/m"
"$fresh"
