#!/usr/bin/env bats
# Images: whoever is killed, wherever, the next run completes; what is there is whole, and nothing is left over.
#
# The kill takes the process that made a step, the command, or all of them, in turn. A step is a system call that can leave
# something behind; a few are taken, evenly spread. LASH_TEST_LONG=1 takes each, for each victim, LASH_TEST_LONG=syscall
# every system call there is.

load lib/common
load lib/unpacked

setup() {
	need killat
	unpacked_setup
}

teardown() {
	unpacked_teardown
}

victims=(--root --tree '')

# kill_once VICTIM WHAT N COMMAND... - false when COMMAND ended before.
kill_once() {
	local status=0
	# shellcheck disable=SC2086 # none is no argument
	timeout 60 killat $1 "${@:2}" >out 2>&1 3>&- || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || fail "killat: $status" "$(cat out)"
	[ "$status" -eq 0 ]
}

# kill_each STRIDE PREPARE CHECK COMMAND... - kill COMMAND, behind PREPARE, at step after step; CHECK what it left.
kill_each() {
	local stride=$1 prepare=$2 check=$3 n=1 victim what=change
	shift 3
	[ "${LASH_TEST_LONG-}" != syscall ] || what=syscall
	if [ -n "${LASH_TEST_LONG-}" ]; then
		for victim in "${victims[@]}"; do
			for ((n = 1; ; n++)); do
				$prepare
				kill_once "$victim" $what $n "$@" || break
				$check || fail "at $what $n, '$victim'"
			done
			[ "$n" -gt 3 ]
			echo "# $n steps, '$victim': $*" >&3
		done
		return
	fi
	while $prepare && kill_once "${victims[n % 3]}" change $n "$@"; do
		$check || fail "at change $n, '${victims[n % 3]}'"
		n=$((n + stride))
	done
	[ "$n" -gt $((3 * stride)) ] || fail "only $n steps"
}

three_layers() {
	make_image <<-'PY'
		image(*[layer(tar(folder('d%d' % j), *[entry('d%d/f%d' % (j, i), 'x') for i in range(4)])) for j in range(2)],
		      layer(tar(entry('d1/odd', 'x'), whiteout('d0/.wh.f1'))))
	PY
	imgunpack l:t reference >/dev/null
}

check_flat() {
	[ ! -e flat ] || same_trees reference flat
	rm -rf flat
	imgunpack l:t flat >/dev/null
	same_trees reference flat
	rm -rf flat
	[ -z "$(find . -maxdepth 1 -name '.*' ! -name .)" ]
}

@test "kill: imgunpack leaves no part of a tree under its name" {
	three_layers
	kill_each 7 true check_flat imgunpack l:t flat
}

# left_in_store - what no run needs.
left_in_store() {
	find store -mindepth 1 -maxdepth 1 -name '.*' ! -name .uses ! -name '.root-*'
}

check_overlay() {
	if mountpoint -q mounted; then
		same_trees reference mounted
		umount mounted
	fi
	imgunpack --layers store --overlay c l:t mounted >/dev/null
	same_trees reference mounted
	umount mounted
	rm -rf c
	imgctl verify --layers store l
	imgctl gc --layers store l
	[ -z "$(left_in_store)" ] || fail "left behind: $(left_in_store)"
	rm -rf store
}

@test "kill: imgunpack --overlay leaves no half layer that is used" {
	three_layers
	kill_each 11 true check_overlay imgunpack --layers store --overlay c l:t mounted
}

unpack_all() {
	imgctl mount --layers store kept:t m
	imgctl umount --layers store m
}

check_gc() {
	imgctl mount --layers store kept:t m
	same_trees reference m
	imgctl umount --layers store m
}

@test "kill: imgctl gc --layers leaves layers that are whole" {
	three_layers
	mv l kept
	mkdir -p l
	cp kept/oci-layout l
	printf '{"schemaVersion":2,"manifests":[]}' >l/index.json
	kill_each 7 unpack_all check_gc imgctl gc --layers store l
	imgctl gc --layers store l
	[ -z "$(find store -name '*sha256*')" ]
}

check_mount() {
	imgctl umount --layers store m
	imgctl mount --layers store l:t m
	same_trees reference m
	imgctl umount --layers store m
	imgctl gc --layers store l
	[ -z "$(left_in_store)" ] || fail "left behind: $(left_in_store)"
	[ -z "$(ls -A store/.uses)" ]
}

@test "kill: imgctl mount leaves nothing that umount does not end" {
	three_layers
	imgctl mount --layers store l:t m
	imgctl umount --layers store m
	kill_each 1 true check_mount imgctl mount --layers store l:t m
}

pristine() {
	rm -rf l
	cp -r kept l
}

# The digest of a second run is that of one that nobody has disturbed.
check_pack() {
	imgctl verify l
	imgunpack l:t flat >/dev/null
	rm -r flat
	[ "$("${again[@]}")" = "$want" ]
	imgctl gc l
	[ -z "$(find l -path '*tmp*' -type f -o -name '.*.new')" ]
	imgunpack l:new flat >/dev/null
	rm -r flat
}

# pack_each STRIDE COMMAND... - of imgpack, on l.
pack_each() {
	again=("${@:2}")
	mv l kept
	pristine
	want=$("${again[@]}")
	kill_each "$1" pristine check_pack "${again[@]}"
	rm -rf l
	mv kept l
}

@test "kill: imgpack leaves an index that works and no blob that lies" {
	export SOURCE_DATE_EPOCH=1000000000
	three_layers
	mkdir tree
	head -c 1m /dev/urandom >tree/big
	pack_each 4 imgpack add --layer tree --tag new l:t
	pack_each 8 imgpack squash --tag new l:t
	pack_each 2 imgpack index l:new t
}
