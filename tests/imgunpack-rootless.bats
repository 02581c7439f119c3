#!/usr/bin/env bats
# imgunpack without root: as a user, and as root of a user namespace; and with mapped ids.

load lib/common
load lib/unpacked

setup() {
	need root python3
	# /run is the sandbox's own, and others can get in
	dir=$(mktemp -d /run/XXXXXX)
	chmod 755 "$dir"
	cd "$dir" || return
	make_image <<-'PY'
		import struct
		cap = pax({'SCHILY.xattr.security.capability': struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0)})
		image(layer(tar(folder('./', mode=0o711), folder('d', mode=0o500, uid=5, gid=300), entry('d/x', '1', mode=0o400, uid=7),
		                folder('locked', mode=0), entry('locked/y', '2', mode=0, gid=9), symlink('s', 'd'),
		                entry('su', 'x', mode=0o4755, uid=1000), cap + entry('ping', 'p'), folder('o'), entry('o/old'),
		                pax({'SCHILY.xattr.user.a': 'b'}) + entry('attr', 'a', mode=0o444), entry('tty', kind='3', major=5))),
		      layer(tar(folder('locked', mode=0), entry('locked/z', '3', uid=7), whiteout('d/.wh.x'), folder('o'),
		                whiteout('o/.wh..wh..opq'), entry('o/new', 'n'))))
	PY
}

teardown() {
	cd / || return
	awk -v dir="$dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | xargs -r umount -l
	rm -rf "$dir"
}

user() {
	setpriv --reuid 1234 --regid 1234 --clear-groups "$@"
}

# in_userns COMMAND... - as root of a namespace whose ids are 100000 and up.
in_userns() {
	local holder status=0
	unshare -U -m --propagation private sleep 600 3>&- &
	holder=$!
	wait_for 20 other_userns $holder
	echo 0 100000 65536 >/proc/$holder/uid_map
	echo 0 100000 65536 >/proc/$holder/gid_map
	# shellcheck disable=SC2016 # for the inner shell
	nsenter -t $holder -U -m -S 0 -G 0 sh -c 'cd "$0" && exec "$@"' "$PWD" "$@" || status=$?
	kill $holder
	wait $holder || :
	return $status
}

other_userns() {
	[ "$(readlink /proc/self/ns/user)" != "$(readlink "/proc/$1/ns/user")" ]
}

@test "imgunpack: a user gets files of their own, and notes of whose they should be" {
	mkdir mine
	chown 1234 mine
	cd mine
	run --separate-stderr user imgunpack ../l:t flat
	assert_status 0
	[[ $stderr == *"1 devices were left out: only root can make them"*"1 attributes were left out: only root can set them" ]]
	[ "$(find flat ! -uid 1234)" = "" ]
	(cd flat && find . -printf '%p %m\n' | LC_ALL=C sort | tr '\n' ' ') >modes
	[ "$(cat modes)" = '. 711 ./attr 444 ./d 500 ./locked 0 ./locked/y 0 ./locked/z 644 ./o 755 ./o/new 644 ./ping 644 ./s 777 ./su 4755 ' ]
	[ "$(getfattr -n user.rootlesscontainers --only-values flat/d | od -An -tx1 | tr -d ' ')" = 080510ac02 ]
	# imgpack reads them
	imgpack new --rootless --root --layer flat p:t >/dev/null
	imgunpack p:t real >/dev/null
	imgunpack ../l:t want >/dev/null
	rm want/tty
	setfattr -x security.capability want/ping
	touch -d @0 real want
	same_trees want real
	run --separate-stderr user imgunpack --keep-ids ../l:t kept
	assert_status 1
	assert_one_line "imgunpack: set attributes of *: Operation not permitted"
	[ ! -e kept ] && [ ! -e .kept.unpack ]
	run --separate-stderr user imgunpack --layers store --overlay c ../l:t mounted
	assert_status 1
	assert_one_line "imgunpack: --overlay needs root, be it that of a user namespace (unshare -r)"
}

@test "imgunpack: root of a user namespace unpacks and mounts with that namespace's ids" {
	need kernel:userns
	chown 100000:100000 .
	run --separate-stderr in_userns sh -c 'imgunpack l:t flat >/dev/null &&
		imgunpack --layers store --overlay c l:t mounted >/dev/null && imgctl mount --layers store l:t view &&
		chmod 711 flat && tree="$0" && for t in flat mounted view; do "$tree" $t | grep -v "^\./tty" >$t.tree; done' \
		"$LASH_TOP/tests/lib/treewalk"
	assert_status 0
	[[ $stderr == *"1 devices were left out"* ]]
	diff flat.tree mounted.tree
	diff flat.tree view.tree
	[ "$(stat -c '%u %g' flat/d flat/su | tr '\n' ' ')" = '100005 100300 101000 100000 ' ]
	[ "$(ls flat/o)" = new ]
	# root of the namespace may set capabilities; they are worth something there only
	getcap -n flat/ping | grep -q 'rootid=100000'
	# nobody outside would see what is opaque in these layers
	run --separate-stderr imgunpack --layers store --overlay c2 l:t m2
	assert_status 1
	assert_one_line "imgunpack: layer store 'store': it belongs to a user namespace"
	make_image <<-'PY'
		image(layer(tar(entry('x', uid=65536))), tag='far')
	PY
	run --separate-stderr in_userns imgunpack l:far far
	assert_status 1
	assert_one_line "imgunpack: unpack 'x': owner 65536:0 is not mapped in this user namespace"
}

@test "imgunpack --uid-map --gid-map: files, capabilities and ACLs get the mapped ids" {
	make_image <<-'PY'
		import struct
		acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *x) for x in
		      [(1, 7, 2**32-1), (2, 7, 12), (4, 5, 2**32-1), (8, 7, 34), (0x10, 7, 2**32-1), (0x20, 5, 2**32-1)])
		image(layer(tar(pax({'SCHILY.xattr.system.posix_acl_access': acl}) + entry('acl', uid=3, gid=4))), tag='acl')
		def cap(tag, revision, *root):
		    value = struct.pack('<IIIII', revision << 24 | 1, 1 << 13, 0, 0, 0) + b''.join(struct.pack('<I', r) for r in root)
		    image(layer(tar(pax({'SCHILY.xattr.security.capability': value}) + entry('ping', 'p'))), tag=tag)
		cap('mapped', 3, 7)
		cap('alien', 3, 5000)
		cap('bare', 3)
		cap('long', 2, 0)
		cap('old', 1)
	PY
	run --separate-stderr imgunpack --uid-map 0:100000:2000 --gid-map 0:200000:1 --gid-map 1:300000:999 l:t flat
	assert_status 0
	[ "$(stat -c '%u %g' flat/d flat/su flat/s | tr '\n' ' ')" = '100005 300299 101000 200000 100000 200000 ' ]
	getcap -n flat/ping | grep -q 'rootid=100000'
	imgunpack --uid-map 0:100000:2000 l:mapped mapped >/dev/null
	getcap -n mapped/ping | grep -q 'rootid=100007'
	for image in alien bare long old; do
		run --separate-stderr imgunpack --uid-map 0:100000:2000 l:$image x
		assert_status 1
		assert_one_line "imgunpack: unpack 'ping': its capabilities cannot be mapped (--uid-map)"
		[ ! -e x ]
	done
	imgunpack --uid-map 0:100000:2000 --gid-map 0:200000:2000 l:acl acl >/dev/null
	getfacl -n -c -p acl/acl | grep -q '^user:100012:rwx'
	getfacl -n -c -p acl/acl | grep -q '^group:200034:rwx'
	run --separate-stderr imgunpack --uid-map 0:100000:7 l:t small
	assert_status 1
	assert_one_line "imgunpack: unpack '*': owner 7:0 is not mapped (--uid-map, --gid-map)"
	[ ! -e small ]
	for map in 0:1 0:1:0 a:b:c 0:1:2:3; do
		run --separate-stderr imgunpack --uid-map $map l:t x
		assert_status 2
		assert_one_line "imgunpack: --uid-map '$map' is no INSIDE:OUTSIDE:COUNT*"
	done
}
