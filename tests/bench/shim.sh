#!/bin/sh
# shim - the price of a parent: start over a bare create, log throughput, memory while idle; against conmon
# with the same runtime, logs on tmpfs.
set -eu

# shellcheck disable=SC2154 # set by tests/bench/run
runtime=${BENCH_RUNTIME:-/usr/sbin/runc}
dir=/run/bench-shim
export LASH_RUN="$dir/run"
mkdir -p "$dir/rootfs/bin" "$dir/exits"
cp "$(command -v busybox)" "$dir/rootfs/bin/"
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "%099d\n", i }' >"$dir/rootfs/L100"
head -c 100000000 "$dir/rootfs/L100" | tr '\n' x >"$dir/rootfs/NZ"
yes | head -c 4000000 >"$dir/rootfs/L2"

# bundle NAME ARGS-JSON
bundle() {
	mkdir -p "$dir/$1"
	cat >"$dir/$1/config.json" <<-END
		{"ociVersion": "1.0.2", "process": {"terminal": false, "cwd": "/", "user": {"uid": 0, "gid": 0},
		"args": $2, "env": []}, "root": {"path": "$dir/rootfs"},
		"mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
		"linux": {"cgroupsPath": "/lash-test-bench-shim", "resources": {},
		"namespaces": [{"type": "mount"}, {"type": "pid"}]}}
	END
}

cat >"$work/byshim" <<SCRIPT
#!/bin/sh
# byshim make|run BUNDLE FORMAT
set -eu
shim -b "$dir/\$2" -l "\$3" --runtime "$runtime" bench
[ "\$1" = make ] && exit
"$runtime" start bench
shim wait bench
SCRIPT
# conmon tells of the container on a descriptor; --sync keeps it until the end.
cat >"$work/byconmon" <<SCRIPT
#!/bin/sh
# byconmon make|run BUNDLE FORMAT
set -eu
rm -f "$work/sync"
mkfifo "$work/sync"
_OCI_SYNCPIPE=3 conmon \$([ "\$1" = make ] || echo --sync) --api-version 1 -c bench -u bench -r "$runtime" \\
	-b "$dir/\$2" -p "$dir/pid" --exit-dir "$dir/exits" -l "\$3" --full-attach 3>"$work/sync" &
read -r x <"$work/sync"
[ "\$1" = make ] && exit
"$runtime" start bench
wait
SCRIPT
chmod +x "$work/byshim" "$work/byconmon"

bundle idle '["/bin/busybox", "sleep", "1000"]'
for payload in L100 NZ L2; do
	bundle "$payload" "[\"/bin/busybox\", \"cat\", \"/$payload\"]"
done
clean="$runtime delete --force bench; rm -f $dir/*.log"

interleave -n "$ROUNDS" -b 'create, and a parent that stays' -p "$clean" -j "$BENCH_JSON" \
	"shim=$work/byshim make idle json-file:$dir/j.log" \
	"bare=$runtime create -b $dir/idle bench </dev/null" \
	"conmon=$work/byconmon make idle k8s-file:$dir/k.log"

# throughput PAYLOAD WHAT
throughput() {
	interleave -n 5 -b "log of $2, to tmpfs" -p "$clean" -j "$BENCH_JSON" \
		"shim-k8s-file=$work/byshim run $1 k8s-file:$dir/k.log" \
		"shim-json-file=$work/byshim run $1 json-file:$dir/j.log" \
		"shim-none=$work/byshim run $1 none" \
		"conmon-k8s-file=$work/byconmon run $1 k8s-file:$dir/c.log"
}

throughput L100 '100 MB in lines of 100 bytes'
throughput NZ '100 MB without a newline'
throughput L2 '4 MB in lines of 2 bytes'

# Nothing lost.
sh -c "$clean"
"$work/byshim" run L100 "json-file:$dir/j.log" >/dev/null
shim logs "$dir/j.log" | cmp - "$dir/rootfs/L100"

# memory NAME PID
memory() {
	awk -v name="$1" '/^Pss:/ { p = $2 } /^Rss:/ { r = $2 } /^Anonymous:/ { a = $2 }
		END { printf "%-10s anonymous %5d kB   pss %5d kB   rss %5d kB\n", name, a, p, r
		printf "{\"bench\":\"memory of an idle parent\",\"name\":\"%s\",\"anonymous_kb\":%d,\"pss_kb\":%d,\"rss_kb\":%d}\n", name, a, p, r >>ENVIRON["BENCH_JSON"] }' \
		"/proc/$2/smaps_rollup"
}

echo
echo 'memory of an idle parent'
sh -c "$clean"
"$work/byshim" make idle "json-file:$dir/j.log"
memory shim "$(cat "$LASH_RUN/shim/bench/shim-pid")"
sh -c "$clean"
"$work/byconmon" make idle "k8s-file:$dir/k.log"
memory conmon "$(pgrep -x conmon)"
sh -c "$clean"
rmdir /sys/fs/cgroup/*/lash-test-bench-shim 2>/dev/null || :
