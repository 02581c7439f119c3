#!/bin/sh
# containerd - ctr run through our shim and through containerd-shim-runc-v2, the runtime being the same; memory
# of each with a container that idles, and output through them to a file and to ctr.
set -eu

dir=/run/cd
mkdir -p "$dir" "$work/bin"
# The first on containerd's PATH is whichever runtime both are to use: ours unless told.
ln -s "${BENCH_RUNTIME:-$(command -v runc)}" "$work/bin/runc"
cat >"$dir/config.toml" <<END
version = 2
root = "$dir/root"
state = "$dir/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$dir/cd.sock"
END
PATH=$work/bin:$PATH containerd -c "$dir/config.toml" >"$dir/log" 2>&1 &
containerd=$!
trap 'kill $containerd; wait $containerd || :' EXIT
c() {
	ctr -a "$dir/cd.sock" "$@"
}
until c version >/dev/null 2>&1; do sleep 0.1; done

rootfs=$dir/rootfs
mkdir -p "$rootfs/bin" "$rootfs/proc" "$rootfs/sys" "$rootfs/dev"
cp "$(command -v busybox)" "$rootfs/bin/"
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "%099d\n", i }' >"$dir/L100"
imgpack new --layer "$rootfs" --cmd sh "$dir/layout:box:latest" >/dev/null
tar -C "$dir/layout" -cf "$dir/box.tar" .
c images import "$dir/box.tar" >/dev/null

# by RUNTIME [OPTION]... IMAGE ID COMMAND...
cat >"$work/by" <<SCRIPT
#!/bin/sh
runtime=\$1
shift
exec ctr -a $dir/cd.sock run --runtime "\$runtime" "\$@"
SCRIPT
chmod +x "$work/by"
lash=io.containerd.lash.v2 theirs=io.containerd.runc.v2
mount="--mount type=bind,src=$dir,dst=/data,options=rbind"

interleave -n "$ROUNDS" -b 'ctr run --rm, true' -j "$BENCH_JSON" \
	"shim-lash=$work/by $lash --rm box:latest bench /bin/busybox true" \
	"shim-runc=$work/by $theirs --rm box:latest bench /bin/busybox true"

interleave -n 5 -b '100 MB of output to ctr' -j "$BENCH_JSON" \
	"shim-lash=$work/by $lash --rm $mount box:latest bench /bin/busybox cat /data/L100" \
	"shim-runc=$work/by $theirs --rm $mount box:latest bench /bin/busybox cat /data/L100"

# memory NAME PATTERN - the mean over all processes of that program.
memory() {
	for pid in /proc/[0-9]*; do
		case $(readlink "$pid/exe" 2>/dev/null) in
		*"$2") awk -v t="$(awk '/^Threads/ { print $2 }' "$pid/status")" '/^Pss:/ { p = $2 } /^Rss:/ { r = $2 }
			/^Anonymous:/ { a = $2 } END { print a, p, r, t }' "$pid/smaps_rollup" ;;
		esac
	done | awk -v name="$1" '{ a += $1; p += $2; r += $3; t += $4; n++ } END {
		printf "%-10s %d containers: anonymous %5d kB   pss %5d kB   rss %5d kB   threads %4.1f each\n", name, n, a/n, p/n, r/n, t/n
		printf "{\"bench\":\"memory of an idle shim\",\"name\":\"%s\",\"containers\":%d,\"anonymous_kb\":%d,\"pss_kb\":%d,\"rss_kb\":%d,\"threads\":%.1f}\n", name, n, a/n, p/n, r/n, t/n >>ENVIRON["BENCH_JSON"] }'
}

echo
echo 'memory of an idle shim'
for n in 1 2 3 4 5; do
	"$work/by" $lash -d box:latest "l$n" /bin/busybox sleep 1000
	"$work/by" $theirs -d box:latest "r$n" /bin/busybox sleep 1000
done
memory shim-lash /containerd-shim-lash-v2
memory shim-runc /containerd-shim-runc-v2
for id in l1 l2 l3 l4 l5 r1 r2 r3 r4 r5; do
	c tasks kill -s KILL "$id"
done
for id in l1 l2 l3 l4 l5 r1 r2 r3 r4 r5; do
	c tasks delete "$id" >/dev/null 2>&1 || c tasks delete -f "$id" >/dev/null 2>&1 || :
	c containers delete "$id"
done
