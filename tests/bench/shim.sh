#!/bin/sh
# shim - the price of a parent: start over a bare create, log throughput, memory while idle, echo through
# attach; against conmon with the same runtime and dockerd. WHERE: what to log to (disk large small); IDLE: so
# many idle containers held at once (0: none).
set -eu

# shellcheck disable=SC2154 # set by tests/bench/run
runtime=${BENCH_RUNTIME:-/usr/sbin/runc}
dir=/run/bench-shim
export LASH_RUN="$dir/run"
mkdir -p "$dir/rootfs/bin" "$dir/exits" "$dir/small" "$dir/large" "$work/disk"
# Where logs go: the disk, or a file system in memory that takes a page at a time or 2 MB.
ln -s "$work/disk" "$dir/disk"
mount -t tmpfs small "$dir/small"
mount -t tmpfs -o huge=within_size large "$dir/large"
# A guest's kernel may give 2 MB that are free back to the host, who gives them anew at ten times the price of
# writing to them: by chance one writer or the other would pay. What is free between pages that are in use stays.
head -c 1600M /dev/zero >"$dir/held"
i=0
while [ "$i" -lt 1600 ]; do
	fallocate --punch-hole --offset "$((i * 1024 + 4))K" --length 1020K "$dir/held"
	i=$((i + 1))
done
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

# make CONTENDER BUNDLE LOG [own [CONMON-OPTION]] - a created container whose parent is told in $dir/parent; own:
# by our own runtime, whose records are elsewhere.
cat >"$work/make" <<SCRIPT
#!/bin/sh
set -eu
runtime=$runtime root=/run/runc
[ "\${4-}" != own ] || runtime=\$(command -v runc) root=$dir/own
case \$1 in
shim*)
	shim -b "$dir/\$2" -l "\$3" --runtime "\$runtime" --runtime-root "\$root" bench
	cat "$LASH_RUN/shim/bench/shim-pid" >"$dir/parent"
	;;
conmon*)
	rm -f "$work/sync"
	mkfifo "$work/sync"
	_OCI_SYNCPIPE=3 conmon --api-version 1 -c bench -u bench -r "\$runtime" --runtime-arg "--root=\$root" \\
		-b "$dir/\$2" -p "$dir/pid" -P "$dir/parent" --exit-dir "$dir/exits" -l "\$3" --full-attach \${5-} \\
		3>"$work/sync" &
	read -r x <"$work/sync"
	;;
esac
SCRIPT
cat >"$work/clean" <<SCRIPT
#!/bin/sh
$runtime delete --force bench
runc --root $dir/own delete --force bench
DOCKER_HOST=unix://$dir/docker.sock docker rm -f bench >/dev/null 2>&1
rm -f $dir/*.log $dir/disk/* $dir/small/* $dir/large/*
SCRIPT
# ready WHERE PAYLOAD - what is needed to let $CONTENDER's payload go.
cat >"$work/ready" <<SCRIPT
#!/bin/sh
set -eu
"$work/clean"
case \$CONTENDER in
shim-json-file) "$work/make" shim "\$2" "json-file:$dir/\$1/j" own ;;
shim-k8s-file) "$work/make" shim "\$2" "k8s-file:$dir/\$1/k" own ;;
shim-none) "$work/make" shim "\$2" none own ;;
conmon-k8s-file) "$work/make" conmon "\$2" "k8s-file:$dir/\$1/c" own --no-sync-log ;;
dockerd-json-file)
	DOCKER_HOST=unix://$dir/docker.sock docker create --name bench --network none --log-driver json-file \\
		payload /bin/busybox cat "/\$2"
	;;
esac
SCRIPT
# The log is written when the parent has gone.
cat >"$work/go" <<SCRIPT
#!/bin/sh
runc --root $dir/own start bench
exec "$LASH_BUILD/tests/bench/gone" "\$(cat "$dir/parent")"
SCRIPT
# dockerd has its own everything.
cat >"$work/godocker" <<SCRIPT
#!/bin/sh
set -eu
export DOCKER_HOST=unix://$dir/docker.sock
docker start bench
docker wait bench
SCRIPT
chmod +x "$work/make" "$work/clean" "$work/ready" "$work/go" "$work/godocker"
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

interleave -n "$ROUNDS" -b 'create, and a parent that stays' -p "$work/clean" -j "$BENCH_JSON" \
	"shim=shim -b $dir/idle -l json-file:$dir/j.log --runtime $runtime bench </dev/null" \
	"bare=$runtime create -b $dir/idle bench </dev/null" \
	"conmon=$work/make conmon idle k8s-file:$dir/k.log"

interleave -n "$ROUNDS" -b 'the same over our own runc' -p "$work/clean" -j "$BENCH_JSON" \
	"shim=shim -b $dir/idle -l json-file:$dir/j.log --runtime-root $dir/own bench" \
	"bare=runc --root $dir/own create -b $dir/idle bench" \
	"conmon=$work/make conmon idle k8s-file:$dir/k.log own"

interleave -n "$ROUNDS" -b 'until it runs, over our own runc' -p "$work/clean" -j "$BENCH_JSON" \
	"shim=shim -b $dir/idle -l json-file:$dir/j.log --runtime-root $dir/own bench && runc --root $dir/own start bench" \
	"create-start=runc --root $dir/own create -b $dir/idle bench && runc --root $dir/own start bench" \
	"run=: && runc --root $dir/own run -d -b $dir/idle bench"

# throughput WHERE PAYLOAD WHAT
throughput() {
	place="$1, $(df --output=fstype "$dir/$1/" | tail -n 1)"
	interleave -n 9 -b "log of $3 ($place)" -p "$work/ready $1 $2" -j "$BENCH_JSON" \
		"shim-json-file=$work/go" "shim-k8s-file=$work/go" "conmon-k8s-file=$work/go" "shim-none=$work/go"
}

# against_docker PAYLOAD WHAT
against_docker() {
	interleave -n 3 -b "json-file of $2, against dockerd" -p "$work/ready disk $1" -j "$BENCH_JSON" \
		"shim-json-file=$work/go" "dockerd-json-file=$work/godocker"
}

for where in ${WHERE-disk large small}; do
	throughput "$where" L100 '300 MB in lines of 100 bytes'
	throughput "$where" L2 '20 MB in lines of 2 bytes'
done
throughput disk NZ '300 MB without a newline'
against_docker L100 '300 MB in lines of 100 bytes'
against_docker L2short '4 MB in lines of 2 bytes'

# Nothing lost: what was logged is what was written, by the same sum.
for payload in L100 L2 NZ; do
	sum=$(sha256sum <"$dir/rootfs/$payload")
	for log in shim-json-file shim-k8s-file conmon-k8s-file; do
		CONTENDER=$log "$work/ready" disk "$payload" >/dev/null
		"$work/go"
		[ "$(shim logs "$dir"/disk/? | sha256sum)" = "$sum" ] || {
			echo "bench: $log lost some of $payload" >&2
			exit 1
		}
		echo "$payload through $log: sha256 as written"
	done
done
"$work/clean"

# memory NAME PID
memory() {
	awk -v name="$1" '/^Pss:/ { p = $2 } /^Rss:/ { r = $2 } /^Anonymous:/ { a = $2 }
		END { printf "%-10s anonymous %5d kB   pss %5d kB   rss %5d kB\n", name, a, p, r
		printf "{\"bench\":\"memory of an idle parent\",\"name\":\"%s\",\"anonymous_kb\":%d,\"pss_kb\":%d,\"rss_kb\":%d}\n", name, a, p, r >>ENVIRON["BENCH_JSON"] }' \
		"/proc/$2/smaps_rollup"
}

echo
echo 'memory of an idle parent'
"$work/make" shim idle "json-file:$dir/j.log"
sleep 4 # it has cooled down
memory shim "$(cat "$LASH_RUN/shim/bench/shim-pid")"
"$work/clean"
"$work/make" conmon idle "k8s-file:$dir/k.log"
memory conmon "$(cat "$dir/parent")"
"$work/clean"

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
	"$work/clean"
	"$work/make" conmon echo none theirs -i
	"$runtime" start bench
	echo_of conmon "$dir/echo/attach"
	"$work/clean"
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
