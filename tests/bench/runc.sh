#!/bin/sh
# runc - our runc against Debian's runc, crun and the floor (what such a container costs anybody, see floor.c):
# run, exec and every other verb, many containers at once, memory, size and system calls. BENCH_SHORT=1 leaves out
# all but run, exec, state and kill.
#
# The config is `runc spec`'s with Docker's seccomp profile. crun refuses hybrid hosts, and to limit devices
# where it may not raise RLIMIT_MEMLOCK: it is met on a view of v2 alone, without device rules.
set -eu
: "${work:?}" "${ROUNDS:?}" "${BENCH_JSON:?}" "${LASH_BUILD:?}"

bundle=$work/bundle
floor=$LASH_BUILD/tests/bench/floor
few=$(((ROUNDS + 4) / 5))

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

# script NAME - make an executable of the text on stdin, to be PREPARE, or a contender.
script() {
	{
		echo '#!/bin/sh'
		cat
	} >"$work/$1"
	chmod +x "$work/$1"
}

# name PROGRAM, and call PROGRAM ARG...: the command line, with the container's name for @.
name() {
	case $1 in
	runc) echo lash ;;
	*) echo "debian-${1##*/}" ;;
	esac
}

call() {
	program=$1
	shift
	echo "$program --root /run/bench/$(name "$program") $*" | sed "s/@/lash-test-$(name "$program")/g"
}

# find_runtimes - those that can run the config here go to $runtimes, ours first.
find_runtimes() {
	runtimes=runc
	for peer in /usr/sbin/runc /usr/bin/crun; do
		if sh -c "$(call "$peer" run -b "$bundle" @)" >/dev/null 2>&1; then
			runtimes="$runtimes $peer"
		fi
	done
}

# measure TITLE ROUNDS PREPARE ARGS [NAME=COMMAND...] - ARGS are each runtime's, with @ for the container.
measure() {
	title=$1 rounds=$2 prepare=$3 args=$4
	shift 4
	others=$#
	for program in $runtimes; do
		set -- "$@" "$(name "$program")=$(call "$program" "$args")"
	done
	while [ "$others" -gt 0 ]; do
		first=$1 others=$((others - 1))
		shift
		set -- "$@" "$first"
	done
	interleave -n "$rounds" -b "$title" -p "$prepare" -j "$BENCH_JSON" "$@"
}

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

count_all() {
	for program in $runtimes; do
		# shellcheck disable=SC2046 # words
		count "$(name "$program")" $(call "$program" run -b "$bundle" @)
	done
}

# lives - the scripts that remove and make a container of each runtime.
lives() {
	script clear <<-END
		$(for program in $runtimes; do echo "$(call "$program" delete -f @) 2>/dev/null"; done)
		:
	END
	script create <<-END
		"$work/clear"
		$(for program in $runtimes; do echo "$(call "$program" create -b "$bundle" @) </dev/null >/dev/null 2>&1"; done)
	END
	script run <<-END
		"$work/create"
		$(for program in $runtimes; do call "$program" start @; done)
	END
}

# many - 200 containers by 4 callers at once; it fails when one fails or anything is left.
many() {
	script many <<-END
		set -eu
		for caller in 1 2 3 4; do
			(for n in \$(seq 50); do
				"\$1" --root "\$2" run -b "$bundle" "lash-test-many-\$caller-\$n" </dev/null || echo "\$n" >>"$work/failed"
			done) &
		done
		wait
		[ ! -e "$work/failed" ]
		[ -z "\$(ls "\$2")" ]
		[ -z "\$(find /sys/fs/cgroup -maxdepth 2 -name 'lash-test-many-*')" ]
	END
	set --
	for program in $runtimes; do
		set -- "$@" "$(name "$program")=$work/many $program /run/many/$(name "$program")"
	done
	interleave -n "$(((few + 1) / 2))" -b '200 containers by 4 callers, none lost or left' -j "$BENCH_JSON" "$@"
}

# list - copies of one container's record are as much work to list as so many containers.
list() {
	for program in $runtimes; do
		dir=/run/bench/$(name "$program")
		for n in $(seq 499); do
			cp -r "$dir/lash-test-$(name "$program")" "$dir/copy-$n"
		done
	done
	measure 'runc list, 500 containers' "$few" true list
	rm -rf /run/bench/*/copy-*
}

configure . true
find_runtimes
measure 'runc run /bin/true' "$ROUNDS" true "run -b $bundle @"
interleave -n "$ROUNDS" -b 'runc run /bin/true, and what it costs anybody' -j "$BENCH_JSON" \
	"lash=$(call runc run -b "$bundle" @)" \
	"floor=$floor -s $work/filter $bundle/rootfs /bin/true" \
	"floor-bare=$floor -b $bundle/rootfs /bin/true"
echo 'system calls and size'
count_all
count floor "$floor" -s "$work/filter" "$bundle/rootfs" /bin/true
[ -n "${BENCH_SHORT-}" ] || {
	size lash "$LASH_BUILD/runc/runc"
	for peer in ${runtimes#runc}; do
		size "$(name "$peer")" "$peer"
	done
	many
}

configure . sleep 1000
lives
[ -n "${BENCH_SHORT-}" ] || {
	measure 'runc create' "$few" "$work/clear" "create -b $bundle @"
	measure 'runc start' "$few" "$work/create" 'start @'
	measure 'runc delete --force' "$few" "$work/create" 'delete -f @'
}
"$work/run"
measure 'runc exec /bin/true' "$ROUNDS" true 'exec @ /bin/true'
measure 'runc state' "$few" true 'state @'
measure 'runc kill' "$few" true 'kill @ CONT'
[ -n "${BENCH_SHORT-}" ] || list
"$work/clear"

# The rest is about v2; with nothing else mounted it has been measured.
[ ! -e /sys/fs/cgroup/cgroup.controllers ] && [ -d /sys/fs/cgroup/unified ] || exit 0
mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
configure 'del(.linux.resources)' true
find_runtimes
measure 'v2 alone, no device rules: runc run /bin/true' "$ROUNDS" true "run -b $bundle @" \
	"floor=$floor -d -s $work/filter $bundle/rootfs /bin/true"
echo 'system calls, v2 alone'
count_all
configure 'del(.linux.resources)' sleep 1000
lives
"$work/run"
measure 'v2 alone: runc exec /bin/true' "$ROUNDS" true 'exec @ /bin/true'
"$work/clear"
