#!/usr/bin/env bats
# Layers whose names try to get out of the root file system.

load lib/common
load lib/unpacked

setup() {
	unpacked_setup
}

teardown() {
	unpacked_teardown
}

@test "path: what would leave the root, replace it or be no name is refused" {
	refuse_each "image(layer(tar(folder('a'), entry('f', 'x'), @)), tag=t)" "cwd = '$PWD'" <<-'CASES'
		imgunpack: unpack '*': '..' in an entry's path|entry('../outside/x', 'x')
		imgunpack: unpack '*': '..' in an entry's path|entry('../../outside/x', 'x')
		imgunpack: unpack '*': '..' in an entry's path|entry('a/../../outside/x', 'x')
		imgunpack: unpack '*': '..' in an entry's path|entry('a/..', 'x')
		imgunpack: unpack '*': '..' in an entry's path|entry('..', 'x')
		imgunpack: unpack '*': '..' in an entry's path|entry('/../../outside/x', 'x')
		imgunpack: unpack 'a?\[31m?/../b': '..' in an entry's path|entry('a\033[31m\n/../b', 'x')
		imgunpack: unpack 'out/file': No such file or directory|symlink('out', cwd + '/../outside'), entry('out/file', 'pwned')
		imgunpack: link 'x' to '../outside/file': not a path within the image|hardlink('x', '../outside/file')
		imgunpack: link 'x' to '*/etc/passwd': not a path within the image|hardlink('x', '../../../../../../../etc/passwd')
		imgunpack: link 'x' to '*': No such file or directory|hardlink('x', cwd + '/../outside/file'.replace('/..', ''))
		imgunpack: link 'x' to 'out/file': No such file or directory|symlink('out', cwd + '/../outside'), hardlink('x', 'out/file')
		imgunpack: link 'x' to 'later': No such file or directory|hardlink('x', 'later'), entry('later')
		imgunpack: link 'x' to 'x': No such file or directory|hardlink('x', 'x')
		imgunpack: link 'x' to 'a': Operation not permitted|hardlink('x', 'a')
		imgunpack: unpack *: the root is no directory|symlink('.', '/tmp')
		imgunpack: unpack *: the root is no directory|symlink('./', '/tmp')
		imgunpack: unpack *: the root is no directory|entry('/', 'x')
		imgunpack: unpack *: the root is no directory|hardlink('.', 'f')
		imgunpack: unpack *: the root is no directory|entry('.', kind='3', major=1, minor=3)
		imgunpack: unpack '*': component longer than 255 bytes|pax({'path': 'a' * 256}), entry('x', 'y')
		imgunpack: unpack '*': path longer than 4095 bytes|pax({'path': '/'.join(['a' * 200] * 21)}), entry('x', 'y')
		imgunpack: unpack 'f/b': Not a directory|entry('f/b', 'x')
		imgunpack: unpack 'c': character device 0:0|entry('c', kind='3')
	CASES
}

@test "path: a leading slash means the root" {
	make_image <<-'PY'
		image(layer(tar(folder('/a/'), entry('/a/x', 'x'), entry('./b', 'y'), entry('a//./c', 'z'))))
	PY
	accept
	[ "$(cat flat/a/x flat/b flat/a/c)" = xyz ]
}

@test "path: absolute and relative symbolic links as parents resolve inside" {
	make_image <<-PY
		image(layer(tar(folder('tmp'), symlink('abs', '$PWD/../outside'), symlink('rel', '../../../../tmp'),
		                entry('rel/file', 'in'))))
	PY
	accept
	[ "$(cat flat/tmp/file)" = in ]
}

@test "path: a link swapped in for a directory of an earlier entry is followed inside only" {
	make_image <<-PY
		image(layer(tar(folder('d'), folder('e'), entry('d/a', '1'), symlink('d', '../../../../e'),
		                entry('d/file', 'in'))))
	PY
	run --separate-stderr imgunpack l:t flat
	assert_status 0
	assert_one_line "imgunpack: 1 paths are in one layer twice; the last was taken"
	[ "$(cat flat/e/file)" = in ]
	untouched
}

@test "path: a lower layer's link is not a way out for the next layer" {
	make_image <<-PY
		image(layer(tar(folder('in'), symlink('out', '$PWD/../outside'), symlink('up', '/../../../in'))),
		      layer(tar(entry('up/file', 'x'), entry('out', 'now a file'))))
	PY
	accept
	[ "$(cat flat/in/file)" = x ]
	[ "$(cat flat/out)" = 'now a file' ]
}

@test "path: a last component that is a link is replaced, not written through" {
	make_image <<-PY
		image(layer(tar(symlink('file', '$PWD/../outside/file'))), layer(tar(entry('file', 'x'))))
	PY
	accept
	[ "$(cat flat/file)" = x ]
}

@test "path: a hard link to a symbolic link is the link itself, and its mode goes nowhere" {
	make_image <<-PY
		image(layer(tar(symlink('s', '$BATS_TEST_TMPDIR/outside/file'), hardlink('h', 's', mode=0o777, uid=5))))
	PY
	accept
	[ -L flat/h ]
}

@test "path: the root can be described, and names may have 255 bytes" {
	make_image <<-'PY'
		image(layer(tar(folder('./', mode=0o750, uid=7, gid=8, mtime=77), pax({'path': 'a' * 255}), entry('x', 'y'))))
	PY
	accept
	[ "$(stat -c '%a %u %g %Y' flat mounted)" = $'750 7 8 77\n750 7 8 77' ]
}

@test "path: devices and links are made, never opened" {
	make_image <<-'PY'
		image(layer(tar(entry('null', kind='3', major=1, minor=3, mode=0o666),
		                entry('sda', kind='4', major=8, minor=0, mode=0o660, gid=6),
		                entry('pipe', kind='6', mode=0o600))),
		      layer(tar(entry('null', 'file'), entry('pipe', 'file'), entry('sda', 'file'))), tag='t')
	PY
	accept
	[ "$(cat flat/null flat/pipe flat/sda)" = filefilefile ]
}

@test "path: a tree that links make deeper than any path is unpacked, replaced, refused and removed" {
	make_image <<-'PY'
		parts, top = [folder('a')], 'a'
		for i in range(3):
		    for j in range(400):
		        parts.append(pax({'path': top + '/d' * (j + 1)}) + folder('x'))
		    parts.append(pax({'linkpath': top + '/d' * 400}) + symlink('l%d' % i, 'x'))
		    top = 'l%d' % i
		deep = layer(tar(*parts))
		image(deep, layer(tar(entry('a', 'file'))))
		image(deep, layer(tar(whiteout('.wh.a'))), tag='w')
	PY
	run --separate-stderr imgunpack l:t flat
	assert_status 0
	[ "$(cat flat/a)" = file ]
	imgunpack l:w gone >/dev/null
	[ ! -e gone/a ] && [ -L gone/l0 ]
	rm -r gone
	run --separate-stderr taskset -c "$(one_processor)" imgunpack l:w refused
	assert_status 1
	assert_one_line "imgunpack: remove what a whiteout names: more than 1024 levels deep"
	[ "$(ls -A | tr '\n' ' ')" = 'flat l ' ]
	imgunpack --layers store --overlay c l:t mounted >/dev/null
	umount mounted
	rm -r l c
	mkdir l
	printf '{"imageLayoutVersion":"1.0.0"}' >l/oci-layout
	printf '{"schemaVersion":2,"manifests":[]}' >l/index.json
	imgctl gc --layers store l
	[ -z "$(find store -mindepth 1 -maxdepth 1 -name '*sha256*' ! -name '.root*')" ]
	untouched
}

@test "path: --no-devices leaves devices out and the rest in" {
	make_image <<-'PY'
		image(layer(tar(entry('null', kind='3', major=1, minor=3), entry('sda', kind='4', major=8, minor=0),
		                entry('x', 'y'))))
	PY
	run --separate-stderr imgunpack --no-devices l:t flat
	assert_status 0
	[ "$(ls flat)" = x ]
}

@test "path: a file where a directory is needed gives way when it is a lower layer's" {
	make_image <<-'PY'
		image(layer(tar(entry('a', 'file'))), layer(tar(entry('a/b', 'x'))))
	PY
	accept
	[ "$(cat flat/a/b)" = x ]
}

@test "path: a name that comes twice in a layer is its last, with a warning" {
	make_image <<-'PY'
		image(layer(tar(entry('x', 'first'), folder('d'), entry('d/y'), entry('x', 'last', mode=0o600), symlink('d', 'x'))))
	PY
	for form in flat "--layers store --overlay c mounted"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgunpack l:t $form
		assert_status 0
		assert_one_line "imgunpack: 2 paths are in one layer twice; the last was taken"
	done
	same_trees flat mounted
	[ "$(cat flat/x flat/d)" = lastlast ]
}

@test "entry: what is odd but harmless is taken as everybody else takes it" {
	make_image <<-'PY'
		image(layer(tar(pax({'comment': 'git commit'}, kind='g'), entry('contiguous', 'c', kind='7'), header('v7/', b'\0', 0, magic=b'\0' * 8),
		                pax({'mtime': '-5.5'}) + entry('past'), pax({'mtime': '1' + '0' * 14}) + entry('future'),
		                pax({'SCHILY.xattr.security.selinux': 'label', 'SCHILY.xattr.system.nfs4_acl': 'x',
		                     'SCHILY.xattr.security.ima': 'x', 'LIBARCHIVE.xattr.user.a': 'YQ=='}) + entry('labelled'),
		                entry('owned', uid=2**32 - 2, gid=2**31 + 5), end=b'')), )
	PY
	accept
	[ "$(stat -c %.Y flat/past)" = -5.500000000 ] || [ "$(stat -c %.1Y flat/past)" = -5.5 ]
	[ "$(stat -c %Y flat/future)" -gt 9999999999 ]
	[ "$(stat -c '%u %g' flat/owned)" = '4294967294 2147483653' ]
	[ "$(cat flat/contiguous)" = c ] && [ -d flat/v7 ]
	run getfattr -d -m - --absolute-names "$PWD/flat/labelled"
	assert_empty "$output"
}

@test "entry: user attributes of a link cannot be, which is said" {
	make_image <<-'PY'
		image(layer(tar(pax({'SCHILY.xattr.user.a': 'b', 'SCHILY.xattr.trusted.a': 'b'}) + symlink('s', 'x'))))
	PY
	for form in flat "--layers store --overlay c mounted"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgunpack l:t $form
		assert_status 0
		assert_one_line "imgunpack: 'user.a' cannot be on 's', which is no file"
	done
	same_trees flat mounted
	getfattr -h -n trusted.a --only-values flat/s | grep -q '^b$'
}
