#!/bin/sh
# imgunpack - a Debian image, gzip and zstd, against umoci; then a container on layers that are there already.
#
# Every run gets a file system of its own: ext4 looks for free inodes past those freed in the last minutes, so that
# unpacking after rm takes several times as long and measures only that.
set -eu

# shellcheck disable=SC2154 # set by tests/bench/run
fs=$work/fs
mkdir "$work/memory" "$fs"
mount -t tmpfs -o size=6g tmpfs "$work/memory"
cat >"$work/fresh" <<SCRIPT
#!/bin/sh
set -eu
! mountpoint -q "$fs/rootfs" || umount "$fs/rootfs"
! mountpoint -q "$fs" || umount "$fs"
rm -f "$work/memory/disk"
truncate -s 5g "$work/memory/disk"
mkfs.ext4 -q -F "$work/memory/disk"
mount -o loop,noinit_itable "$work/memory/disk" "$fs"
SCRIPT
chmod +x "$work/fresh"

few=$((ROUNDS < 7 ? ROUNDS : 7))
image=$LASH_DEBIAN:debian
zstd=$work/memory/zstd:debian
skopeo copy -q --dest-compress-format zstd "oci:$image" "oci:$zstd"

interleave -n "$few" -b 'unpack a Debian image' -j "$BENCH_JSON" -p "$work/fresh" \
	"lash=imgunpack $image $fs/rootfs" \
	"lash-zstd=imgunpack $zstd $fs/rootfs" \
	"lash-overlay=imgunpack --layers $fs/layers --overlay $fs/c $image $fs/rootfs" \
	"umoci=umoci unpack --image $image $fs/bundle" \
	"umoci-raw=umoci raw unpack --image $image $fs/rootfs"

"$work/fresh"
imgunpack --layers "$fs/layers" --overlay "$fs/first" "$image" "$fs/other" >/dev/null
interleave -n "$ROUNDS" -b 'the same layers once more' -j "$BENCH_JSON" \
	-p "! mountpoint -q $fs/rootfs || umount $fs/rootfs; rm -rf $fs/c" \
	"lash-overlay=imgunpack --layers $fs/layers --overlay $fs/c --volatile $image $fs/rootfs"

rm -rf "$work/image"
interleave -n "$few" -b 'pack a Debian tree' -j "$BENCH_JSON" -p "rm -rf $work/memory/image $work/memory/tar" \
	"lash=imgpack new --layer $fs/other $work/memory/image:t" \
	"lash-zstd=imgpack new --compress zstd --layer $fs/other $work/memory/image:t" \
	"tar-gzip-1=tar -C $fs/other -c . | gzip -1 >$work/memory/tar" \
	"tar-only=tar -C $fs/other -cf $work/memory/tar ."
umount "$fs/other"
