#!/bin/sh
# runc - our runc against Debian's runc, crun and the floor (what such a container costs anybody, see floor.c):
# run, exec and every other verb, many containers at once, memory, size and system calls.
#
# The config is `runc spec`'s with Docker's seccomp profile. crun refuses hybrid hosts, and to limit devices
# where it may not raise RLIMIT_MEMLOCK: it is met on a view of v2 alone, without device rules.
set -eu
: "${work:?}" "${ROUNDS:?}" "${BENCH_JSON:?}" "${LASH_BUILD:?}"

bundle=$work/bundle
floor=$LASH_BUILD/tests/bench/floor
few=$(((ROUNDS + 4) / 5))
ours=lash-test-bench
theirs=lash-test-peer

mkdir -p "$bundle/rootfs/bin"
cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
ln -s busybox "$bundle/rootfs/bin/true"
ln -s busybox "$bundle/rootfs/bin/sleep"
for dir in proc dev sys; do
	mkdir "$bundle/rootfs/$dir"
done
bundle create --no-image true | jq .linux.seccomp >"$work/profile.json"
"$floor" -c "$work/profile.json" >"$work/filter"

# configure FILTER COMMAND... - the config every contender gets; no limits, since not every machine may set them.
configure() {
	filter=$1
	shift
	rm -f "$bundle/config.json"
	runc spec -b "$bundle"
	jq --arg cmd "$*" --slurpfile seccomp "$work/profile.json" '.ociVersion = "1.0.2" | .process.terminal = false |
		.process.args = ($cmd | split(" ")) | .process.rlimits = [] | .root.readonly = false |
		.linux.seccomp = $seccomp[0] | '"$filter" "$bundle/config.json" >"$work/new"
	mv "$work/new" "$bundle/config.json"
}

# peers - those of the others that can run the config here, one a line.
peers() {
	for peer in /usr/sbin/runc /usr/bin/crun; do
		if "$peer" --root /run/theirs run -b "$bundle" "$theirs" >/dev/null 2>&1; then
			echo "$peer"
		fi
	done
}

# measure TITLE ROUNDS PREPARE OURS THEIRS [NAME=COMMAND...] - OURS and THEIRS are the arguments of each runtime.
measure() {
	title=$1 rounds=$2 prepare=$3 ours_args=$4 theirs_args=$5
	shift 5
	for peer in $found; do
		set -- "$@" "debian-${peer##*/}=$peer --root /run/theirs $theirs_args"
	done
	interleave -n "$rounds" -b "$title" -p "$prepare" -j "$BENCH_JSON" "lash=runc --root /run/ours $ours_args" "$@"
}

# script NAME - make an executable of the text on stdin, to be PREPARE or a command.
script() {
	{
		echo '#!/bin/sh'
		cat
	} >"$work/$1"
	chmod +x "$work/$1"
}

configure . true
found=$(peers)
measure 'runc run /bin/true' "$ROUNDS" true "run -b $bundle $ours" "run -b $bundle $theirs" \
	"floor=$floor -s $work/filter $bundle/rootfs /bin/true" \
	"floor-bare=$floor -b $bundle/rootfs /bin/true"

# count NAME COMMAND... - the system calls of one run, the container's own included.
count() {
	name=$1
	shift
	strace -f -c -o "$work/strace" "$@" >/dev/null 2>&1
	awk -v name="$name" '$NF == "total" {
		printf "  %-20s %7d system calls a run\n", name, $4
		printf "{\"title\":\"system calls of a run\",\"name\":\"%s\",\"calls\":%d}\n", name, $4 >>ENVIRON["BENCH_JSON"]
	}' "$work/strace"
}

# size NAME PROGRAM
size() {
	strip -o "$work/stripped" "$2"
	bytes=$(stat -c %s "$work/stripped")
	printf '  %-20s %7d bytes stripped\n' "$1" "$bytes"
	printf '{"title":"size","name":"%s","bytes":%d}\n' "$1" "$bytes" >>"$BENCH_JSON"
}

echo 'system calls and size'
size lash "$LASH_BUILD/runc/runc"
count lash runc --root /run/ours run -b "$bundle" "$ours"
count floor "$floor" -s "$work/filter" "$bundle/rootfs" /bin/true
for peer in $found; do
	size "debian-${peer##*/}" "$peer"
	count "debian-${peer##*/}" "$peer" --root /run/theirs run -b "$bundle" "$theirs"
done

script many <<END
# many RUNTIME ROOT - 200 containers by 4 callers at once; fails when one fails or anything is left.
set -eu
for caller in 1 2 3 4; do
	(for n in \$(seq 50); do
		"\$1" --root "\$2" run -b "$bundle" "lash-test-many-\$caller-\$n" </dev/null || echo "\$caller-\$n" >>"$work/failed"
	done) &
done
wait
[ ! -e "$work/failed" ]
[ -z "\$(ls "\$2")" ]
[ -z "\$(find /sys/fs/cgroup -maxdepth 2 -name 'lash-test-many-*')" ]
END
set -- "lash=$work/many runc /run/ours"
for peer in $found; do
	set -- "$@" "debian-${peer##*/}=$work/many $peer /run/theirs"
done
interleave -n "$(((few + 1) / 2))" -b '200 containers by 4 callers, none lost or left' -j "$BENCH_JSON" "$@"

# lives - write the scripts that remove and make a container of each runtime in $found.
lives() {
	script clear <<-END
		runc --root /run/ours delete -f $ours
		for peer in $found; do
			"\$peer" --root /run/theirs delete -f $theirs 2>/dev/null
		done
		:
	END
	script create <<-END
		"$work/clear"
		runc --root /run/ours create -b "$bundle" $ours </dev/null >/dev/null 2>&1
		for peer in $found; do
			"\$peer" --root /run/theirs create -b "$bundle" $theirs </dev/null >/dev/null 2>&1
		done
	END
}

# running - a container of each runtime that runs until `clear`.
running() {
	"$work/create"
	runc --root /run/ours start "$ours"
	for peer in $found; do
		"$peer" --root /run/theirs start "$theirs"
	done
}

configure . sleep 1000
found=$(echo "$found" | head -n 1)
lives
measure 'runc create' "$few" "$work/clear" "create -b $bundle $ours" "create -b $bundle $theirs"
measure 'runc start' "$few" "$work/create" "start $ours" "start $theirs"
measure 'runc delete --force' "$few" "$work/create" "delete -f $ours" "delete -f $theirs"
running
measure 'runc exec /bin/true' "$ROUNDS" true "exec $ours /bin/true" "exec $theirs /bin/true"
measure 'runc state' "$ROUNDS" true "state $ours" "state $theirs"
measure 'runc kill' "$ROUNDS" true "kill $ours CONT" "kill $theirs CONT"
for n in $(seq 499); do
	cp -r "/run/ours/$ours" "/run/ours/$ours-$n"
	cp -r "/run/theirs/$theirs" "/run/theirs/$theirs-$n"
done
measure 'runc list, 500 containers' "$few" true list list
rm -rf /run/ours/$ours-* /run/theirs/$theirs-*
"$work/clear"

# The rest is about v2; with nothing else mounted it has been measured.
[ ! -e /sys/fs/cgroup/cgroup.controllers ] && [ -d /sys/fs/cgroup/unified ] || exit 0
mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
configure 'del(.linux.resources)' true
found=$(peers)
measure 'v2 alone, no device rules: runc run /bin/true' "$ROUNDS" true "run -b $bundle $ours" "run -b $bundle $theirs" \
	"floor=$floor -d -s $work/filter $bundle/rootfs /bin/true"
echo 'system calls, v2 alone'
count lash runc --root /run/ours run -b "$bundle" "$ours"
for peer in $found; do
	count "debian-${peer##*/}" "$peer" --root /run/theirs run -b "$bundle" "$theirs"
done
configure 'del(.linux.resources)' sleep 1000
found=$(echo "$found" | grep crun) || exit 0
lives
running
measure 'v2 alone: runc exec /bin/true' "$ROUNDS" true "exec $ours /bin/true" "exec $theirs /bin/true"
"$work/clear"
