#!/bin/sh
# shim - the price of a parent: start over a bare create, log throughput, memory while idle, echo through
# attach; against conmon with the same runtime and dockerd, logs on tmpfs. IDLE: so many idle containers held
# at once (0: none).
set -eu

# shellcheck disable=SC2154 # set by tests/bench/run
runtime=${BENCH_RUNTIME:-/usr/sbin/runc}
dir=/run/bench-shim
export LASH_RUN="$dir/run"
mkdir -p "$dir/rootfs/bin" "$dir/exits"
cp "$(command -v busybox)" "$dir/rootfs/bin/"
awk 'BEGIN { for (i = 0; i < 3000000; i++) printf "%099d\n", i }' >"$dir/rootfs/L100"
head -c 300000000 "$dir/rootfs/L100" | tr '\n' x >"$dir/rootfs/NZ"
yes | head -c 20000000 >"$dir/rootfs/L2"
head -c 4000000 "$dir/rootfs/L2" >"$dir/rootfs/L2short"

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
# dockerd has its own everything, on the same tmpfs. What starting a container costs it is subtracted nowhere.
cat >"$work/bydocker" <<SCRIPT
#!/bin/sh
# bydocker run PAYLOAD
set -eu
export DOCKER_HOST=unix://$dir/docker.sock
docker wait "\$(docker run -d --name bench --network none --log-driver json-file payload /bin/busybox cat "/\$2")"
SCRIPT
cat >"$work/undocker" <<SCRIPT
#!/bin/sh
DOCKER_HOST=unix://$dir/docker.sock docker rm -f bench >/dev/null 2>&1 || :
SCRIPT
chmod +x "$work/byshim" "$work/byconmon" "$work/bydocker" "$work/undocker"
dockerd --host "unix://$dir/docker.sock" --data-root "$dir/docker" --exec-root "$dir/exec" --pidfile "$dir/docker.pid" \
	--bridge none --iptables=false --ip6tables=false --storage-driver vfs --cgroup-parent /lash-test-bench-docker \
	--exec-opt native.cgroupdriver=cgroupfs >"$work/docker.log" 2>&1 &
trap 'kill "$(cat "$dir/docker.pid")" || :' EXIT

until docker -H "unix://$dir/docker.sock" version >/dev/null 2>&1; do sleep 0.2; done
tar -C "$dir/rootfs" -c . | docker -H "unix://$dir/docker.sock" import - payload >/dev/null

bundle echo '["/bin/busybox", "cat"]'
bundle idle '["/bin/busybox", "sleep", "1000"]'
for payload in L100 NZ L2 L2short; do
	bundle "$payload" "[\"/bin/busybox\", \"cat\", \"/$payload\"]"
done
clean="$runtime delete --force bench; rm -f $dir/*.log"

interleave -n "$ROUNDS" -b 'create, and a parent that stays' -p "$clean" -j "$BENCH_JSON" \
	"shim=shim -b $dir/idle -l json-file:$dir/j.log --runtime $runtime bench </dev/null" \
	"bare=$runtime create -b $dir/idle bench </dev/null" \
	"conmon=$work/byconmon make idle k8s-file:$dir/k.log"

sh -c "$clean"
interleave -n "$ROUNDS" -b 'the same over our own runc' -p "runc --root $dir/own delete --force bench; rm -f $dir/*.log" -j "$BENCH_JSON" \
	"shim=shim -b $dir/idle -l json-file:$dir/j.log --runtime-root $dir/own bench </dev/null" \
	"bare=runc --root $dir/own create -b $dir/idle bench </dev/null"

runc --root "$dir/own" delete --force bench

# throughput PAYLOAD WHAT
throughput() {
	interleave -n 5 -b "log of $2, to tmpfs" -p "$clean" -j "$BENCH_JSON" \
		"shim-k8s-file=$work/byshim run $1 k8s-file:$dir/k.log" \
		"shim-json-file=$work/byshim run $1 json-file:$dir/j.log" \
		"shim-none=$work/byshim run $1 none" \
		"conmon-k8s-file=$work/byconmon run $1 k8s-file:$dir/c.log"
}

# against_docker PAYLOAD WHAT
against_docker() {
	interleave -n 3 -b "json-file of $2, against dockerd" -p "$clean; $work/undocker" -j "$BENCH_JSON" \
		"shim-json-file=$work/byshim run $1 json-file:$dir/j.log" \
		"dockerd-json-file=$work/bydocker run $1"
}

throughput L100 '300 MB in lines of 100 bytes'
throughput NZ '300 MB without a newline'
throughput L2 '20 MB in lines of 2 bytes'
against_docker L100 '300 MB in lines of 100 bytes'
against_docker L2short '4 MB in lines of 2 bytes'

# Nothing lost.
for payload in L100 L2; do
	for format in json-file k8s-file; do
		sh -c "$clean"
		"$work/byshim" run "$payload" "$format:$dir/j.log" >/dev/null
		shim logs "$dir/j.log" | cmp - "$dir/rootfs/$payload"
	done
done
"$work/undocker"

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
sleep 4 # it has cooled down
memory shim "$(cat "$LASH_RUN/shim/bench/shim-pid")"
sh -c "$clean"
"$work/byconmon" make idle "k8s-file:$dir/k.log"
memory conmon "$(pgrep -x conmon)"
sh -c "$clean"

# echo_of NAME SOCKET
echo_of() {
	read -r median late <<-END
		$("$LASH_BUILD/tests/bench/attachecho" "$2" 5000)
	END
	printf '%-10s median %6s us   99%% %6s us\n' "$1" "$median" "$late"
	printf '{"bench":"echo through attach","name":"%s","median_us":%s,"p99_us":%s}\n' "$1" "$median" "$late" >>"$BENCH_JSON"
}

echo
echo 'a line of 32 bytes through attach, cat and back'
for _ in 1 2 3; do
	shim -b "$dir/echo" -i -l none --runtime "$runtime" bench
	"$runtime" start bench
	echo_of shim "$LASH_RUN/shim/bench/attach.sock"
	sh -c "$clean"
	sed -i 's/ --full-attach/ -i --full-attach/' "$work/byconmon"
	"$work/byconmon" make echo none
	"$runtime" start bench
	echo_of conmon "$dir/echo/attach"
	sh -c "$clean"
done

# Many at once, made by our own runc, whose waiting init is small too.
IDLE=${IDLE-1000}
if [ "$IDLE" -gt 0 ]; then
	echo
	echo "$IDLE idle containers at once"
	i=0
	while [ "$i" -lt "$IDLE" ]; do
		mkdir -p "$dir/many.d/$i"
		sed "s|lash-test-bench-shim|&/$i|" "$dir/idle/config.json" >"$dir/many.d/$i/config.json"
		shim -b "$dir/many.d/$i" -l "json-file:$dir/many.$i" --runtime-root "$dir/many" "many$i"
		i=$((i + 1))
	done
	sleep 5 # until all of them have cooled down
	for pid in "$LASH_RUN"/shim/many*/shim-pid; do
		cat "/proc/$(cat "$pid")/smaps_rollup"
	done | awk -v n="$IDLE" '/^Pss:/ { p += $2 } /^Anonymous:/ { a += $2 }
		END { printf "each shim: anonymous %d kB   pss %d kB\n", a / n, p / n
		printf "{\"bench\":\"idle containers\",\"name\":\"shim\",\"n\":%d,\"anonymous_kb\":%d,\"pss_kb\":%d}\n", n, a / n, p / n >>ENVIRON["BENCH_JSON"] }'
	i=0
	while [ "$i" -lt "$IDLE" ]; do
		runc --root "$dir/many" delete --force "many$i"
		rmdir /sys/fs/cgroup/*/lash-test-bench-shim/"$i" 2>/dev/null || :
		i=$((i + 1))
	done
fi
rmdir /sys/fs/cgroup/*/lash-test-bench-docker 2>/dev/null || :
rmdir /sys/fs/cgroup/*/lash-test-bench-shim 2>/dev/null || :
