#!/usr/bin/env bats
# imgunpack: flat and as overlays, against what umoci makes of the same image.

load lib/common
load lib/unpacked

setup() {
	unpacked_setup
}

teardown() {
	unpacked_teardown
}

# umoci_image - layout l with two layers by umoci, the second with deletions and replacements, and a third by GNU tar.
umoci_image() {
	umoci init --layout l
	umoci new --image l:t
	umoci unpack --image l:t bundle
	odd_tree bundle/rootfs one
	umoci repack --image l:t bundle
	rm -rf bundle
	umoci unpack --image l:t bundle
	rm -r bundle/rootfs/gone bundle/rootfs/gone-file bundle/rootfs/fifo
	echo two >bundle/rootfs/etc/name
	rm bundle/rootfs/dangling
	mkdir bundle/rootfs/dangling
	echo new >bundle/rootfs/etc/new
	rm -r bundle/rootfs/etc/deep/er
	ln -s /tmp bundle/rootfs/etc/deep/er
	umoci repack --image l:t bundle
	mkdir third
	truncate -s 1m third/holes
	echo end >>third/holes
	tar --format=posix --sparse -C third --mtime=@1234567890.5 -cf third.tar holes
	umoci raw add-layer --image l:t third.tar
	rm -rf bundle third third.tar
} >/dev/null 2>&1

@test "imgunpack: has help, and misuse is one line and 2" {
	run --separate-stderr imgunpack --help
	assert_status 0
	assert_line "usage: imgunpack *IMAGE ROOTFS"
	for args in "" "l:t" "l:t a b" "--overlay" "--max-size x l:t a" "--max-size -1 l:t a" "--platform x l:t a"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgunpack $args
		[ "$status" -eq 2 ] || [ "$args" = "--platform x l:t a" ] || fail "imgunpack $args: $status"
		assert_one_line "imgunpack: *"
	done
	[ -z "$(ls -A)" ]
}

@test "imgunpack: prints the configuration byte for byte and makes what umoci makes" {
	need umoci
	umoci_image
	umoci unpack --image l:t reference >/dev/null
	imgunpack l:t flat >config 2>err
	assert_empty "$(cat err)" stderr
	[ "sha256:$(sha256sum <config | cut -c -64)" = "$(skopeo inspect --raw oci:l:t | jq -r .config.digest)" ]
	same_trees reference/rootfs flat
	[ "$(stat -c %b flat/holes)" -lt 100 ]
}

@test "imgunpack --overlay: shows what the flat form has" {
	need umoci
	umoci_image
	accept
	[ "$(stat -c %a store)" = 700 ]
}

@test "imgunpack: gzip, zstd and plain layers are the same image" {
	need umoci skopeo
	umoci_image
	imgunpack l:t flat >/dev/null
	skopeo copy -q --dest-compress-format zstd oci:l:t oci:z:t
	imgunpack z:t flat-z >/dev/null
	same_trees flat flat-z
	imgunpack --layers store --overlay c l:t mounted >/dev/null
	find store -maxdepth 1 -name 'sha*' -printf '%f %i\n' | sort >before
	imgunpack --layers store --overlay c-z z:t mounted-z >/dev/null
	find store -maxdepth 1 -name 'sha*' -printf '%f %i\n' | sort >after
	diff before after
}

@test "imgunpack: an image by digest, by tag, and alone in its layout" {
	make_image <<-'PY'
		image(layer(tar(entry('x', '1'))), tag='t')
	PY
	digest=$(jq -r '.manifests[0].digest' l/index.json)
	for name in l l:t "l@$digest"; do
		run --separate-stderr imgunpack "$name" flat
		assert_status 0
		[ "$(cat flat/x)" = 1 ]
		rm -r flat
	done
}

@test "imgunpack: an unknown image, layout or tag is one line" {
	make_image <<-'PY'
		image(layer(tar(entry('x', '1'))), tag='t')
	PY
	for name in l:u nothing:t "l@sha256:$(printf '0%.0s' {1..64})" "l@sha256:xyz"; do
		run --separate-stderr imgunpack "$name" flat
		assert_status 1
		assert_one_line "imgunpack: *"
		[ ! -e flat ]
	done
}

@test "imgunpack: fills an empty directory or a mount point, refuses any other" {
	make_image <<-'PY'
		image(layer(tar(entry('x', '1'))))
	PY
	mkdir empty full mnt
	touch full/file
	mount -t tmpfs tmpfs mnt
	run --separate-stderr imgunpack l:t full
	assert_status 1
	assert_one_line "imgunpack: unpack to 'full': it is not empty"
	for dir in empty mnt; do
		run --separate-stderr imgunpack l:t "$dir"
		assert_status 0
		[ "$(cat "$dir/x")" = 1 ]
		run --separate-stderr imgunpack l:t "$dir"
		assert_status 1
	done
	run --separate-stderr imgunpack l:t missing/dir
	assert_status 1
	assert_one_line "imgunpack: open the directory of 'missing/dir': No such file or directory"
	touch file
	run --separate-stderr imgunpack l:t file
	assert_status 1
	assert_one_line "imgunpack: open 'file': Not a directory"
}

@test "imgunpack --overlay: keeps what a container changed, refuses a second mount" {
	make_image <<-'PY'
		image(layer(tar(folder('./', mode=0o751), folder('d'), entry('d/x', '1'))))
	PY
	imgunpack --layers store --overlay c l:t mounted >/dev/null
	[ "$(stat -c %a mounted)" = 751 ]
	run --separate-stderr imgunpack --layers store --overlay c l:t mounted
	assert_status 1
	assert_one_line "imgunpack: mount on 'mounted': something is mounted there"
	echo changed >mounted/d/x
	rm -r mounted/d/x
	echo new >mounted/new
	umount mounted
	imgunpack --layers store --overlay c l:t mounted >/dev/null
	[ ! -e mounted/d/x ]
	[ "$(cat mounted/new)" = new ]
}

@test "imgunpack --overlay: many layers" {
	make_image <<-'PY'
		image(*[layer(tar(folder('d'), entry('d/f%d' % i, 'x'), entry('top', str(i))), codec='none') for i in range(130)])
	PY
	accept
	[ "$(ls mounted/d | wc -l)" -eq 130 ]
	[ "$(cat mounted/top)" = 129 ]
}

@test "imgunpack --overlay: LASH_ROOT holds the store, --volatile and --sync are taken" {
	make_image <<-'PY'
		image(layer(tar(entry('x', '1'))))
	PY
	LASH_ROOT=$PWD/root imgunpack --sync --volatile --overlay c l:t mounted >/dev/null
	[ "$(ls root/layers | wc -l)" -eq 1 ]
	grep -q " $PWD/mounted .*volatile" /proc/self/mountinfo
	umount mounted
	LASH_ROOT=$PWD/root run --separate-stderr imgunpack --overlay c l:t mounted
	assert_status 1
	assert_one_line "imgunpack: mount an overlay again that was volatile: '*'"
}

@test "imgunpack --overlay: a store with blanks, commas and colons in its name" {
	make_image <<-'PY'
		image(layer(tar(folder('d'), entry('d/x', '1'))), layer(tar(entry('d/y', '2'))))
	PY
	imgunpack --layers 'a store, with: all' --overlay 'c o,n:t' l:t mounted >/dev/null
	[ "$(cat mounted/d/x mounted/d/y)" = 12 ]
}

@test "imgunpack: default ACLs are not inherited by what has none" {
	need setfacl
	make_image <<-'PY'
		import struct
		acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *x) for x in
		      [(1, 7, 2**32-1), (2, 7, 1234), (4, 5, 2**32-1), (0x10, 7, 2**32-1), (0x20, 5, 2**32-1)])
		image(layer(tar(pax({'SCHILY.xattr.system.posix_acl_default': acl}), folder('d'), entry('d/x', '1', mode=0o600),
		                folder('d/e'))),
		      layer(tar(folder('d/f', mode=0o700), entry('d/y', '1', mode=0o4711))))
	PY
	accept
	[ "$(stat -c %a flat/d/x flat/d/e flat/d/f flat/d/y | tr '\n' ' ')" = '600 755 700 4711 ' ]
	[ "$(getfacl -c -p flat/d/x flat/d/f | grep -c 1234)" -eq 0 ]
	[ "$(getfacl -c -p flat/d | grep -c 1234)" -eq 1 ]
}

@test "imgunpack --overlay: kernels that take layers as one string only show the same" {
	need strace
	make_image <<-'PY'
		image(*[layer(tar(folder('d'), entry('d/f%d' % i, 'x'), entry('top', str(i))), codec='none') for i in range(250)],
		      layer(tar(entry('d/odd/new', 'x'), whiteout('d/.wh.f7'), hardlink('link', 'top'))))
	PY
	imgunpack l:t flat >/dev/null
	# Linux before 6.7 (Debian 12 has 6.1) knows no "lowerdir+"
	strace --seccomp-bpf -f -qq -o /dev/null -e trace=fsconfig -e inject=fsconfig:error=EINVAL \
		imgunpack --layers 'a store, old' --overlay 'c o,n:t' l:t mounted >/dev/null
	same_trees flat mounted
	[ -z "$(find 'a store, old' -name '.view*')" ]
	[ ! -e mounted/d/f7 ]
	rm -r mounted/d
	[ "$(ls mounted | tr '\n' ' ')" = 'link top ' ]
}

@test "imgunpack: a link that its file has no room for becomes a copy with all that the file has" {
	need strace
	make_image <<-'PY'
		import struct
		cap = pax({'SCHILY.xattr.security.capability': struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0),
		           'SCHILY.xattr.user.a': 'b'})
		image(layer(tar(cap + entry('f', 'x' * 70000, mode=0o4750, uid=3, gid=4), hardlink('l', 'f'), symlink('s', 'f'))))
	PY
	# ext4 has room for 65000
	strace --seccomp-bpf -f -qq -o /dev/null -e trace=linkat -e inject=linkat:error=EMLINK imgunpack l:t flat >/dev/null
	[ "$(stat -c %h flat/f flat/l | tr '\n' ' ')" = '1 1 ' ]
	ln -f flat/f f-too
	mv flat/l l-too
	diff <("$LASH_TOP/tests/lib/treewalk" l-too) <("$LASH_TOP/tests/lib/treewalk" f-too)
	make_image <<<"image(layer(tar(symlink('s', 'f'), hardlink('l', 's'))), tag='s')"
	run --separate-stderr strace --seccomp-bpf -f -qq -o /dev/null -e trace=linkat -e inject=linkat:error=EMLINK imgunpack l:s x
	assert_status 1
	assert_one_line "imgunpack: link 'l' to 's': Too many links"
}

# dialects DIR - DIR as everybody writes tars, into tars/.
dialects() {
	local format
	mkdir tars
	# v7 knows neither devices nor pipes
	tar -C "$1" --format=v7 --sort=name --exclude=./fifo --exclude=./null --exclude=./disk -cf tars/gnu-v7 .
	for format in oldgnu gnu ustar posix; do
		tar -C "$1" --format=$format --sort=name -cf tars/gnu-$format .
	done
	tar -C "$1" --format=posix --xattrs --sparse --sort=name -cf tars/gnu-sparse .
	for format in 0.0 0.1 1.0; do
		tar -C "$1" --format=posix --sparse --sparse-version=$format --sort=name -cf tars/gnu-sparse-$format .
	done
	busybox tar -C "$1" -cf tars/busybox .
	python3 - "$1" <<-'PY'
		import sys, tarfile
		for name in ('USTAR', 'GNU', 'PAX'):
		    with tarfile.open('tars/python-' + name, 'w', format=getattr(tarfile, name + '_FORMAT')) as t:
		        t.add(sys.argv[1], '.')
	PY
}

@test "imgunpack: a tree as GNU tar, busybox and Python write it is the same tree" {
	need busybox
	mkdir -p tree/dir "tree/$(printf 'd%.0s' {1..60})/$(printf 'e%.0s' {1..30})"
	echo x >tree/dir/file
	ln tree/dir/file tree/hard
	ln -s dir/file tree/link
	mkfifo tree/fifo
	mknod tree/null c 1 3
	mknod tree/disk b 8 1
	echo deep >"tree/$(printf 'd%.0s' {1..60})/$(printf 'e%.0s' {1..30})/f"
	truncate -s 1m tree/holes
	printf end >>tree/holes
	chmod 4711 tree/hard
	chown -h 12:34 tree/link tree/dir
	find tree -depth -exec touch -h -d @1500000000 {} +
	dialects tree
	walk tree >want
	for file in tars/*; do
		imgpack new --tar "$file" "l:${file##*/}" >/dev/null
		run --separate-stderr imgunpack "l:${file##*/}" flat
		assert_status 0
		assert_empty "$stderr" "stderr of $file"
		[ "$file" != tars/gnu-v7 ] || cp -a tree/fifo tree/null tree/disk flat/
		touch -d @1500000000 flat
		diff <(walk flat) want >difference || :
		[ ! -s difference ] || fail "$file:" "$(cat difference)"
		rm -r flat
	done
	[ "$(find tars -type f | wc -l)" -eq 13 ]
}
