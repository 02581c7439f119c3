#!/usr/bin/env bats
# Whiteouts that aim at what they may not have, and those that tools get wrong.

load lib/common
load lib/unpacked

setup() {
	unpacked_setup
}

teardown() {
	unpacked_teardown
}

base="layer(tar(folder('a'), folder('a/sub'), entry('a/old', '1'), entry('a/sub/x', '2'), entry('f', '3')))"

# over PROGRAM-FRAGMENT... - the base and one more layer of these entries.
over() {
	make_image <<-PY
		image($base, layer(tar($1)))
	PY
	accept
}

@test "whiteout: deletes a file and a directory" {
	over "whiteout('.wh.f'), folder('a'), whiteout('a/.wh.sub')"
	[ "$(cd flat && find . | sort | tr '\n' ' ')" = '. ./a ./a/old ' ]
}

@test "whiteout: names that mean the directory itself or its parent, and devices that would be one, are refused" {
	refuse_each "image($base, layer(tar(folder('a'), @)), tag=t)" <<-'CASES'
		imgunpack: unpack '.wh.': no valid whiteout|entry('.wh.')
		imgunpack: unpack '.wh..': no valid whiteout|entry('.wh..')
		imgunpack: unpack '.wh...': no valid whiteout|entry('.wh...')
		imgunpack: unpack 'a/.wh.': no valid whiteout|entry('a/.wh.')
		imgunpack: unpack 'a/.wh..': no valid whiteout|entry('a/.wh..')
		imgunpack: unpack 'a/.wh...': no valid whiteout|entry('a/.wh...')
		imgunpack: unpack '.wh.a/x': no valid whiteout|entry('.wh.a/x')
		imgunpack: unpack 'f': character device 0:0|entry('f', kind='3')
		imgunpack: link 'b' to 'f': No such file or directory|whiteout('.wh.f'), hardlink('b', 'f')
	CASES
}

@test "whiteout: through a link deletes inside only" {
	make_image <<-PY
		image(layer(tar(symlink('out', '$BATS_TEST_TMPDIR/outside'), symlink('b', '/a'), folder('a'), entry('a/x', '1'), entry('a/y', '2'))),
		      layer(tar(whiteout('out/.wh.file'), whiteout('out/.wh..wh..opq'), whiteout('b/.wh.x'))))
	PY
	accept
	[ "$(ls flat/a)" = y ]
}

@test "whiteout: never deletes what its own layer has, whichever comes first" {
	over "entry('f', 'new'), whiteout('.wh.f'), whiteout('a/.wh.old'), entry('a/old', 'new')"
	[ "$(cat flat/f flat/a/old)" = newnew ]
}

@test "whiteout: of a directory that the same layer makes anew leaves only the new" {
	over "whiteout('.wh.a'), folder('a'), entry('a/new', 'x')"
	[ "$(ls flat/a)" = new ]
	umount mounted
	rm -rf l flat store c
	over "folder('a'), entry('a/new', 'x'), whiteout('.wh.a')"
	[ "$(ls flat/a)" = new ]
	umount mounted
	rm -rf l flat store c
	over "entry('a/new', 'x'), whiteout('.wh.a')"
	[ "$(ls flat/a)" = new ]
}

@test "whiteout: opaque hides the lower layers' entries, not the layer's own, whichever comes first" {
	over "folder('a'), entry('a/new', 'x'), whiteout('a/.wh..wh..opq')"
	[ "$(ls flat/a)" = new ]
	umount mounted
	rm -rf l flat store c
	over "folder('a'), whiteout('a/.wh..wh..opq'), entry('a/new', 'x')"
	[ "$(ls flat/a)" = new ]
}

@test "whiteout: opaque at the root empties it" {
	over "whiteout('.wh..wh..opq'), entry('new', 'x')"
	[ "$(ls flat)" = new ]
}

@test "whiteout: leaves no ghost in a directory that no lower layer has" {
	over "folder('nope'), whiteout('nope/.wh.zz'), whiteout('gone/.wh.zz')"
	[ -z "$(ls -A mounted/nope)" ]
	[ ! -e mounted/gone ]
	rm -r mounted/nope
}

@test "whiteout: leaves no ghost below an opaque directory" {
	over "folder('a'), whiteout('a/.wh..wh..opq'), whiteout('a/.wh.old'), folder('a/sub'), whiteout('a/sub/.wh.x')"
	[ -z "$(ls -A mounted/a/sub)" ]
	[ "$(ls -A mounted/a)" = sub ]
}

@test "whiteout: in the lowest layer means nothing" {
	make_image <<-'PY'
		image(layer(tar(whiteout('.wh.x'), folder('d'), whiteout('d/.wh.y'), whiteout('.wh..wh..opq'), entry('z', '1'))))
	PY
	accept
	[ "$(ls mounted mounted/d | tr '\n' ' ')" = 'mounted: d z  mounted/d: ' ]
}

@test "whiteout: of a parent and of something in it" {
	over "whiteout('.wh.a'), whiteout('a/.wh.old')"
	[ "$(ls flat)" = f ]
}

@test "whiteout: of something missing is nothing" {
	over "whiteout('.wh.nothing'), whiteout('a/.wh.nothing')"
}

@test "whiteout: the layer below two decides, not the one below one" {
	make_image <<-PY
		image($base, layer(tar(whiteout('.wh.a'))), layer(tar(folder('a'), folder('a/sub'), whiteout('a/sub/.wh.x'))))
	PY
	accept
	[ -z "$(ls -A mounted/a/sub)" ]
}

@test "whiteout: AUFS's own names are skipped" {
	over "folder('.wh..wh.plnk', mode=0o700), entry('.wh..wh.plnk/123', 'x'), entry('.wh..wh.aufs'), entry('n', '1')"
	[ "$(ls -A flat | tr '\n' ' ')" = 'a f n ' ]
}

@test "overlay: a layer cannot forge what is below it by attributes" {
	make_image <<-'PY'
		x = lambda k, v: pax({'SCHILY.xattr.' + k: v})
		image(layer(tar(folder('etc'), entry('etc/secret', 's'), folder('a'), entry('a/old', '1'))),
		      layer(tar(x('trusted.overlay.redirect', '/etc'), folder('b'), x('trusted.overlay.opaque', 'y'), folder('a'),
		                x('user.overlay.opaque', 'y'), folder('etc'), x('trusted.overlay.metacopy', ''), entry('m', ''))))
	PY
	accept
	[ "$(ls mounted/a mounted/b mounted/etc | tr '\n' ' ')" = 'mounted/a: old  mounted/b:  mounted/etc: secret ' ]
	run getfattr -R -d -m '^(trusted|user)' --absolute-names "$PWD/flat"
	assert_empty "$output"
}

@test "overlay: a hard link to a file of a lower layer is one" {
	make_image <<-PY
		image($base, layer(tar(hardlink('hard', 'f'), hardlink('a/hard', 'a/old'))))
	PY
	accept
	[ "$(cat mounted/hard mounted/a/hard)" = 31 ]
	[ "$(stat -c %h mounted/f)" = 2 ]
}

@test "overlay: parents that a layer leaves out keep what the lower layer says of them" {
	make_image <<-'PY'
		image(layer(tar(folder('d', mode=0o700, uid=1000, gid=1000), folder('d/e', mode=0o2711, gid=5))),
		      layer(tar(entry('d/e/new', 'x'), entry('p/q/new', 'x'))))
	PY
	accept
	[ "$(stat -c '%a %u' mounted/d)" = '700 1000' ]
	[ "$(stat -c '%a %Y' mounted/p)" = '755 0' ]
}

@test "overlay: a layer without parents is followed through a lower layer's link" {
	make_image <<-'PY'
		image(layer(tar(folder('usr'), folder('usr/lib'), entry('usr/lib/old', '1'), symlink('lib', 'usr/lib'))),
		      layer(tar(entry('lib/new', '2'))))
	PY
	accept
	[ "$(ls mounted/lib/ | tr '\n' ' ')" = 'new old ' ]
}

@test "overlay: one odd layer on two different images is right on both" {
	make_image <<-'PY'
		odd = layer(tar(entry('d/new', 'x'), whiteout('d/.wh.gone')))
		image(layer(tar(folder('d', mode=0o700), entry('d/gone', '1'))), odd, tag='t')
		image(layer(tar(folder('d', mode=0o711), entry('d/kept', '1'))), odd, tag='u')
		image(odd, tag='v')
	PY
	accept
	for tag in u v; do
		imgunpack l:$tag flat-$tag
		imgunpack --layers store --overlay c-$tag l:$tag mounted-$tag
		same_trees flat-$tag mounted-$tag
	done
	[ "$(stat -c %a mounted/d mounted-u/d mounted-v/d | tr '\n' ' ')" = '700 711 755 ' ]
}

@test "overlay: the same marker on two images, with and without the directory below" {
	make_image <<-'PY'
		plain = layer(tar(folder('d'), whiteout('d/.wh.gone'), entry('d/new', 'x')))
		image(layer(tar(folder('d'), entry('d/gone', '1'))), plain, tag='t')
		image(layer(tar(entry('other', '1'))), plain, tag='u')
	PY
	accept
	imgunpack l:u flat-u
	imgunpack --layers store --overlay c-u l:u mounted-u
	same_trees flat-u mounted-u
	[ "$(ls store | wc -l)" -eq 4 ]
}

@test "overlay: a layer that an image has twice is there twice" {
	make_image <<-'PY'
		twice = layer(tar(folder('./', mode=0o711), folder('d'), entry('d/x', '1'), whiteout('d/.wh.y'), folder('o'),
		                  whiteout('o/.wh..wh..opq'), entry('o/z', '1')))
		image(layer(tar(folder('d'), entry('d/y', '1'), folder('o'), entry('o/old', '1'))), twice,
		      layer(tar(whiteout('d/.wh.x'), entry('d/y', '2'), folder('d/x-too'), entry('o/new', '2'), whiteout('.wh.o'))),
		      layer(tar(folder('d'), entry('d/w', '3'), folder('o'), entry('o/old', '3'))), twice)
	PY
	accept
	[ "$(cd flat && find . ! -type d | LC_ALL=C sort | tr '\n' ' ')" = './d/w ./d/x ./o/z ' ]
	imgctl mount --layers store l:t view
	same_trees flat view
}
