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

@test "path: '..' is refused wherever it stands" {
	for name in ../outside/x ../../outside/x a/../../outside/x a/.. .. /../../outside/x; do
		rm -rf l
		make_image <<-PY
			image(layer(tar(folder('a'), entry('$name', 'x'))))
		PY
		refuse "imgunpack: unpack '*': '..' in an entry's path"
	done
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

@test "path: a parent that is a link to nothing inside is refused" {
	make_image <<-PY
		image(layer(tar(symlink('out', '$PWD/../outside'), entry('out/file', 'pwned'))))
	PY
	refuse "imgunpack: unpack 'out/file': *"
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

@test "path: a hard link to a file outside is refused" {
	for target in ../outside/file ../../../../../../../etc/passwd; do
		rm -rf l
		make_image <<-PY
			image(layer(tar(hardlink('x', '$target'))))
		PY
		refuse "imgunpack: link 'x' to '$target': not a path within the image"
	done
	rm -rf l
	make_image <<-PY
		image(layer(tar(hardlink('x', '$PWD/../outside/file'))))
	PY
	refuse "imgunpack: link 'x' to '*': *"
}

@test "path: a hard link through a symbolic link stays inside" {
	make_image <<-PY
		image(layer(tar(symlink('out', '$BATS_TEST_TMPDIR/outside'), hardlink('x', 'out/file'))))
	PY
	refuse "imgunpack: link 'x' to 'out/file': No such file or directory"
}

@test "path: a hard link to a symbolic link is the link itself, and its mode goes nowhere" {
	make_image <<-PY
		image(layer(tar(symlink('s', '$BATS_TEST_TMPDIR/outside/file'), hardlink('h', 's', mode=0o777, uid=5))))
	PY
	accept
	[ -L flat/h ]
}

@test "path: the root can be described, but not replaced" {
	for what in "symlink('.', '/tmp')" "symlink('./', '/tmp')" "entry('/', 'x')" "hardlink('.', 'a')" "entry('.', kind='3', major=1, minor=3)"; do
		rm -rf l
		make_image <<-PY
			image(layer(tar(entry('a', 'x'), $what)))
		PY
		refuse "imgunpack: unpack *: *"
	done
	rm -rf l
	make_image <<-'PY'
		image(layer(tar(folder('./', mode=0o750, uid=7, gid=8, mtime=77))))
	PY
	accept
	[ "$(stat -c '%a %u %g %Y' flat mounted)" = $'750 7 8 77\n750 7 8 77' ]
}

@test "path: names of 255 bytes are fine, longer ones and paths above 4095 are refused" {
	make_image <<-'PY'
		image(layer(tar(pax({'path': 'a' * 255}), entry('x', 'y'))))
	PY
	accept
	umount mounted
	rm -rf l flat store c
	make_image <<-'PY'
		image(layer(tar(pax({'path': 'a' * 256}), entry('x', 'y'))))
	PY
	refuse "imgunpack: unpack '*': component longer than 255 bytes"
	rm -rf l
	make_image <<-'PY'
		image(layer(tar(pax({'path': '/'.join(['a' * 200] * 21)}), entry('x', 'y'))))
	PY
	refuse "imgunpack: unpack '*': path longer than 4095 bytes"
}

@test "path: control bytes in a name do not reach the terminal" {
	make_image <<-'PY'
		image(layer(tar(entry('a\033[31m\n/../b', 'x'))))
	PY
	refuse "imgunpack: unpack 'a?\[31m?/../b': '..' in an entry's path"
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

@test "path: --no-devices leaves devices out and the rest in" {
	make_image <<-'PY'
		image(layer(tar(entry('null', kind='3', major=1, minor=3), entry('sda', kind='4', major=8, minor=0),
		                entry('x', 'y'))))
	PY
	run --separate-stderr imgunpack --no-devices l:t flat
	assert_status 0
	[ "$(ls flat)" = x ]
}

@test "path: a file where a directory is needed is an error in one layer, gives way when it is a lower one's" {
	make_image <<-'PY'
		image(layer(tar(entry('a', 'file'), entry('a/b', 'x'))))
	PY
	refuse "imgunpack: unpack 'a/b': Not a directory"
	rm -rf l
	make_image <<-'PY'
		image(layer(tar(entry('a', 'file'))), layer(tar(entry('a/b', 'x'))))
	PY
	accept
	[ "$(cat flat/a/b)" = x ]
}
