#!/bin/sh
# imgunpack - a Debian image of 700 MB and 30,000 files in six layers: unpacked flat and as layers, gzip and zstd,
# against umoci, docker load, containerd's import and the floor (unpackfloor.c); packed, against umoci, buildah and tar.
# The last table is what was asked for.
#
# docker load is given the image as docker saves it, its layers as plain tars, and with its layers compressed.
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
imgctl save -o "$work/memory/docker-gzip.tar" "$image"
for codec in gzip zstd; do
	tar -C "$work/memory/$codec" -cf "$work/memory/oci-$codec.tar" .
done
imgctl du "$work/memory/gzip"

# blobs LAYOUT - the files of its layers.
blobs() {
	imgctl inspect --manifest "$1:debian" | jq -r --arg dir "$1" '.layers[].digest | "\($dir)/blobs/sha256/\(.[7:])"' | paste -sd ' '
}

floor_gzip=$(blobs "$work/memory/gzip")
floor_zstd=$(blobs "$work/memory/zstd")
interleave -n "$few" -b 'unpack 700 MB' -j "$BENCH_JSON" -p "$fresh" \
	"lash=imgunpack $image $fs/rootfs" \
	"lash-zstd=imgunpack $zstd $fs/rootfs" \
	"lash-overlay=imgunpack --layers $fs/layers --overlay $fs/c $image $fs/rootfs" \
	"lash-overlay-zstd=imgunpack --layers $fs/layers --overlay $fs/c $zstd $fs/rootfs" \
	"umoci=umoci unpack --image $image $fs/bundle" \
	"one-core-floor=unpackfloor $fs/floor $floor_gzip" \
	"one-core-floor-zstd=unpackfloor $fs/floor $floor_zstd"
interleave -n "$few" -b 'import 700 MB' -j "$BENCH_JSON" -p "$fresh docker containerd" \
	"lash-overlay=imgunpack --layers $fs/layers --overlay $fs/c $image $fs/rootfs" \
	"lash-overlay-zstd=imgunpack --layers $fs/layers --overlay $fs/c $zstd $fs/rootfs" \
	"lash-overlay-plain=imgunpack --layers $fs/layers --overlay $fs/c $work/memory/docker.tar $fs/rootfs" \
	"docker-load-plain=docker -H unix:///run/docker.sock load -q -i $work/memory/docker.tar" \
	"docker-load-gzip=docker -H unix:///run/docker.sock load -q -i $work/memory/docker-gzip.tar" \
	"ctr-import=ctr -a /run/containerd-bench.sock images import $work/memory/oci-gzip.tar" \
	"ctr-import-zstd=ctr -a /run/containerd-bench.sock images import $work/memory/oci-zstd.tar"

"$fresh"
imgunpack --layers "$fs/layers" --overlay "$fs/first" "$image" "$fs/other" >/dev/null
interleave -n "$ROUNDS" -b 'the same layers once more' -j "$BENCH_JSON" \
	-p "! mountpoint -q $fs/rootfs || umount $fs/rootfs; rm -rf $fs/c" \
	"lash-overlay=imgunpack --layers $fs/layers --overlay $fs/c --volatile $image $fs/rootfs"

# The same tree for all: umoci's bundle and buildah's container have it as what was added to nothing.
buildah="buildah --root $fs/buildah --runroot /run/buildah-bench --storage-driver overlay"
umoci init --layout "$work/memory/umoci"
umoci new --image "$work/memory/umoci:none"
umoci unpack --image "$work/memory/umoci:none" "$fs/bundle" >/dev/null
cp -a "$fs/other/." "$fs/bundle/rootfs/"
container=$($buildah from scratch)
cp -a "$fs/other/." "$($buildah mount "$container")/"
interleave -n "$few" -b 'pack 700 MB' -j "$BENCH_JSON" -p "rm -rf $work/memory/image $work/memory/tar $work/memory/buildah" \
	"lash=imgpack new --layer $fs/other $work/memory/image:t" \
	"lash-zstd=imgpack new --compress zstd --layer $fs/other $work/memory/image:t" \
	"umoci=umoci repack --image $work/memory/umoci:t $fs/bundle" \
	"buildah=$buildah commit -q --disable-compression=false $container oci:$work/memory/buildah:t" \
	"tar-gzip-1=tar -C $fs/other -c . | gzip -1 >$work/memory/tar" \
	"tar-only=tar -C $fs/other -cf $work/memory/tar ."
imgpack new --layer "$fs/other" "$work/memory/image:t" >/dev/null
rm -rf "$work/memory/tar"
$buildah commit -q --disable-compression=false "$container" "oci:$work/memory/buildah:t" >/dev/null
printf 'sizes in MB: lash %s, umoci %s, buildah %s\n' \
	"$(du -sm "$work/memory/image" | cut -f 1)" "$(du -sm "$work/memory/umoci" | cut -f 1)" \
	"$(du -sm "$work/memory/buildah" | cut -f 1)"
$buildah umount "$container" >/dev/null
umount "$fs/other"

# One changed file: umoci hashes the tree again, a stat walk of both trees would do.
"$fresh"
umoci unpack --image "$image" "$fs/bundle" >/dev/null
echo changed >"$fs/bundle/rootfs/etc/changed"
imgctl mount --layers "$fs/layers" "$image" "$fs/m"
interleave -n "$few" -b 'pack one changed file' -j "$BENCH_JSON" \
	"lash=imgpack add --since $fs/m --layer $fs/bundle/rootfs --tag changed $image" \
	"umoci=umoci repack --image $work/memory/gzip:again $fs/bundle" \
	"stat-walk=find $fs/m $fs/bundle/rootfs -printf %s%T@%m%U%G"
imgctl umount --layers "$fs/layers" "$fs/m"
"$fresh"

jq -rs --argjson cores "$(nproc)" '
	(map({(.title): (.results | map({(.name): .}) | add)}) | add) as $all
	| def ms($title; $name): $all[$title][$name].median_ms;
	  def cell: tostring | if length < 44 then . + " " * (44 - length) else . end;
	  def row($what; $value; $aim): "  \($what | cell) \($value * 1000 | round / 1000) (at most \($aim))";
	  def floor($name): $all["unpack 700 MB"][$name].cpu_ms / $cores;
	"what was asked for",
	(["lash", "lash-zstd", "lash-overlay", "lash-overlay-zstd"][] as $n
	 | ("one-core-floor" + (if $n | endswith("zstd") then "-zstd" else "" end)) as $f
	 | row("\($n) / umoci unpack"; ms("unpack 700 MB"; $n) / ms("unpack 700 MB"; "umoci"); 0.15),
	   row("\($n) / floor on \($cores) processors"; ms("unpack 700 MB"; $n) / floor($f); 1.25)),
	([["lash-overlay", "docker-load-gzip"], ["lash-overlay-plain", "docker-load-plain"], ["lash-overlay", "docker-load-plain"],
	  ["lash-overlay", "ctr-import"], ["lash-overlay-zstd", "ctr-import-zstd"], ["lash-overlay-zstd", "docker-load-plain"]][]
	 | row("\(.[0]) / \(.[1])"; ms("import 700 MB"; .[0]) / ms("import 700 MB"; .[1]); 0.2)),
	(["lash", "lash-zstd"][] as $n | ["umoci", "buildah"][] as $p
	 | row("imgpack \($n) / \($p)"; ms("pack 700 MB"; $n) / ms("pack 700 MB"; $p); 0.25)),
	row("one changed file / umoci repack"; ms("pack one changed file"; "lash") / ms("pack one changed file"; "umoci"); 0.25),
	row("one changed file / stat walk"; ms("pack one changed file"; "lash") / ms("pack one changed file"; "stat-walk"); "-"),
	row("largest process of ours, MB"; [$all[] | to_entries[] | select(.key | startswith("lash")) | .value.max_rss_kb] | max / 1024; 64)
' "$BENCH_JSON"
