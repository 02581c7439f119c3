#!/usr/bin/env bats
# Blobs that lie about themselves, break off, never end, or fill the disk; unpackers at the same time.

load lib/common
load lib/unpacked

setup() {
	unpacked_setup
}

teardown() {
	unpacked_teardown
}

ok="tar(folder('a'), entry('a/x', 'x' * 100000), entry('y', 'y'))"

@test "stream: a blob that lies about itself, breaks off or is damaged is refused" {
	refuse_each 'image(@, tag=t)' "ok = $ok
gz = layer(ok)['blob']
zst = layer(ok, codec='zstd')['blob']
flipped = lambda b: b[:len(b) // 2] + bytes([b[len(b) // 2] ^ 0xff]) + b[len(b) // 2 + 1:]" <<-'CASES'
		imgunpack: unpack layer 'sha256:000*': the blob is not what its digest says|layer(ok, digest='sha256:' + '0' * 64)
		imgunpack: unpack layer 'sha256:*': the blob is not what its digest says|layer(ok, digest=sha(ok))
		imgunpack: unpack layer 'sha256:000*': the blob is not what its digest says|layer(ok, codec='none', digest='sha256:' + '0' * 64)
		imgunpack: unpack layer 'sha256:000*': the content is not what the image's diff_ids say|layer(ok, codec='none', digest='sha256:' + '0' * 64, diff_id='sha256:' + '0' * 64)
		imgunpack: unpack layer 'sha256:*': the blob is longer than its descriptor says|layer(ok, codec='none', size=len(ok) - 1)
		imgunpack: unpack layer 'sha256:*': the blob is shorter than its descriptor says|layer(ok, codec='none', size=len(ok) + 1)
		imgunpack: unpack layer *: the blob is longer than its descriptor says|layer(ok, size=100)
		imgunpack: unpack layer *: the blob is shorter than its descriptor says|layer(ok, size=100000)
		imgunpack: unpack layer *: the content is not what the image's diff_ids say|layer(ok, diff_id='sha256:' + '1' * 64)
		imgunpack: unpack layer *: the content is not what the image's diff_ids say|layer(ok + b'trailing', diff_id=sha(ok))
		imgunpack: image *: 2 layers, but 1 diff_ids|layer(ok), layer(tar(entry('z'))), diff_ids=[sha(ok)]
		imgunpack: image *: 1 layers, but 2 diff_ids|layer(ok), diff_ids=[sha(ok), sha(b'')]
		imgunpack: unpack layer *: the compressed stream is truncated|layer(ok, blob=gz[:len(gz) // 2])
		imgunpack: unpack layer *: the compressed stream is truncated|layer(ok, codec='zstd', blob=zst[:len(zst) // 2])
		imgunpack: unpack layer *: the archive ends within an entry|layer(ok[:50000], codec='none')
		imgunpack: unpack layer *|layer(ok, blob=flipped(gz))
		imgunpack: unpack layer *|layer(ok, codec='zstd', blob=flipped(zst))
		imgunpack: unpack layer *: the compressed stream is *|layer(ok, blob=gz + b'junk')
		imgunpack: unpack layer *: the compressed stream is *|layer(ok, blob=gz + b'\0\0junk')
		imgunpack: unpack layer *: the compressed stream is *|layer(ok, blob=gz + gzip.compress(b'')[:5])
		imgunpack: unpack layer *: the compressed stream is broken|layer(ok, codec='zstd', blob=b'\x28\xb5\x2f\xfd\0' + bytes([18 << 3]) + b'\1\0\0')
	CASES
}

@test "stream: what follows the end of the archive counts for the DiffID, and is not unpacked" {
	make_image <<-PY
		image(layer($ok + b'\0' * 10240 + tar(entry('second', 'x'))))
	PY
	accept
	[ ! -e flat/second ]
}

@test "stream: a missing blob is named" {
	make_image <<-PY
		image(layer($ok))
		import shutil; [os.remove(os.path.join('l/blobs/sha256', f)) for f in os.listdir('l/blobs/sha256')
		                if open('l/blobs/sha256/' + f, 'rb').read(2) == b'\x1f\x8b']
	PY
	refuse "imgunpack: open layer 'sha256:*': No such file or directory"
}

@test "stream: many gzip members and zstd frames are one stream" {
	make_image <<-PY
		d = $ok
		cut = [d[i:i + 10000] for i in range(0, len(d), 10000)]
		skippable = b'\x50\x2a\x4d\x18\x04\0\0\0junk'
		image(layer(d, blob=b''.join(gzip.compress(c) for c in cut)))
		image(layer(d, codec='zstd', blob=skippable + b''.join(zstd(c) + skippable for c in cut)), tag='z')
	PY
	accept
	imgunpack l:z flat-z
	same_trees flat flat-z
}

@test "stream: NULs behind the last member are ignored" {
	make_image <<-PY
		image(layer($ok, blob=gzip.compress($ok) + b'\0' * 1000))
	PY
	accept
}

@test "stream: a wrong media type is read for what it is, with a warning" {
	local is called
	make_image <<-PY
		for codec in ('none', 'gzip', 'zstd'):
		    for called in ('', '+gzip', '+zstd'):
		        image(layer($ok, codec=codec, media=MEDIA + called), tag=codec + called[1:])
	PY
	for is in none gzip zstd; do
		for called in '' gzip zstd; do
			rm -rf flat
			run --separate-stderr imgunpack "l:$is$called" flat
			assert_status 0
			if [ "$is" = "${called:-none}" ]; then
				assert_empty "$stderr"
			else
				assert_one_line "imgunpack: layer 'sha256:*' is called *tar${called:+?$called} but its compression is $is"
			fi
		done
	done
	rm -rf l
	make_image <<-PY
		image(layer($ok, media='application/vnd.example.squashfs'))
	PY
	rm -rf flat
	refuse "imgunpack: image 'sha256:*': layers[[]0].mediaType: 'application/vnd.example.squashfs' is no layer"
}

@test "stream: things readers of tar disagree about are refused" {
	refuse_each "image(layer(tar(entry('before', 'x'), @, entry('after', 'x'))), tag=t)" < <(sed 's/^/imgunpack: unpack layer *: /' <<-'CASES'
		a body behind something that is no file|entry('l', b'data', kind='2', link='x')
		a body behind something that is no file|entry('d', b'data', kind='5')
		both a GNU and a pax name for one entry|header('././@LongLink', 'L', 5) + pad(b'name\0') + pax({'path': 'x'}) + entry('y')
		two long names for one entry|(header('././@LongLink', 'L', 5) + pad(b'name\0')) * 2 + entry('y')
		two pax headers for one entry|pax({'path': 'x'}) + pax({'path': 'y'}) + entry('z')
		a malformed pax record|pax(b'99 path=x\n') + entry('y')
		a malformed pax record|pax(b'11 path=x\n') + entry('y')
		a malformed pax record|pax(b'path=x\n') + entry('y')
		a malformed pax record|pax(b'5 =x\n') + entry('y')
		a NUL within a pax path|pax({'path': b'a\0b'}) + entry('y')
		a pax size that is no number|pax({'size': '-1'}) + entry('y')
		an owner outside 0 to 4294967294|entry('y', uid=4294967295)
		an owner outside 0 to 4294967294|entry('y', gid=-1)
		a pax uid outside 0 to 4294967294|pax({'uid': '4294967295'}) + entry('y')
		a global pax header that sets path or size|pax({'path': 'x'}, kind='g')
		an extension header that is too long|header('x', 'x', 2 << 20) + b'\0' * (2 << 20) + entry('y')
		a header whose checksum is wrong|entry('y', checksum=1)
		something behind a single zero block|b'\0' * 512
		an entry of a type that images do not have|entry('y', kind='M')
		an entry of a type that images do not have|entry('y', kind='S')
		an entry of a type that images do not have|entry('y', kind='V')
		an entry of a type that images do not have|entry('y', kind='Z')
		an entry without a name|entry('')
		a link to nothing|entry('y', kind='1')
		a broken sparse map|pax({'GNU.sparse.map': '0,1,2'}) + entry('y', 'x')
		a sparse map that does not fit its file|pax({'GNU.sparse.map': '5,1,0,1', 'GNU.sparse.size': '10'}) + entry('y', 'xy')
		a sparse map that does not fit its file|pax({'GNU.sparse.map': '0,9', 'GNU.sparse.size': '10'}) + entry('y', 'xy')
		a sparse map of too many pieces|pax({'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9'}) + entry('y', '65537\n')
		a broken sparse map|pax({'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9'}) + entry('y', '9' * 40 + '\n')
		a broken sparse map|pax({'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9'}) + entry('y', '2\n0\n1\n')
		a sparse map that does not fit its file|pax({'GNU.sparse.map': '9223372036854775807,9', 'GNU.sparse.size': '9'}) + entry('y', 'x' * 9)
		a sparse size that is no number|pax({'GNU.sparse.size': '9223372036854775808'}) + entry('y')
		an extension header that is too long|header('x', 'L', 2 << 20) + b'a' * (2 << 20) + entry('y')
		a malformed long name|header('x', 'L', 4) + pad(b'a\0b\0') + entry('y')
		an extension header without an entry|pax({'path': 'x'}) + b'\0' * 1024
		a size that is no number|header('y', '0', -1)
		the archive ends within an entry|pax({'size': str(2**62)}) + header('y', '0', 0)
		a device number out of range|entry('y', kind='3', major=1 << 20, minor=1)
		too many or too long extended attributes|pax([('SCHILY.xattr.user.%d' % i, 'x') for i in range(129)]) + entry('y')
		too many or too long extended attributes|pax({'SCHILY.xattr.user.a': b'x' * 65537}) + entry('y')
		too many or too long extended attributes|pax({'SCHILY.xattr.user.' + 'a' * 256: b'x'}) + entry('y')
	CASES
	)
}

@test "stream: the size of a pax header wins, so that nothing can be smuggled" {
	make_image <<-'PY'
		hidden = entry('smuggled', 'x')
		image(layer(tar(pax({'size': str(len(hidden))}) + header('outer', '0', 0) + hidden, entry('after', 'x'))))
	PY
	accept
	[ "$(ls flat | tr '\n' ' ')" = 'after outer ' ]
}

@test "limit: --max-entries, --max-depth, --max-size, --max-ratio" {
	make_image <<-'PY'
		image(layer(tar(*[entry('f%d' % i) for i in range(100)])))
	PY
	refuse "imgunpack: unpack 'f*': more than 99 entries (--max-entries)" --max-entries 99
	rm -rf l
	# Of all layers of a tree together; of layers that are shared, of each.
	make_image <<-'PY'
		image(*[layer(tar(*[entry('f%d' % i, str(j)) for i in range(10)])) for j in range(3)])
	PY
	run --separate-stderr imgunpack --max-entries 29 l:t flat
	assert_status 1
	assert_one_line "imgunpack: unpack '*': more than 29 entries (--max-entries)"
	[ ! -e flat ]
	imgunpack --max-entries 30 l:t flat >/dev/null
	imgunpack --max-entries 10 --layers store --overlay c l:t mounted >/dev/null
	umount mounted
	rm -rf l flat store c mounted
	make_image <<-'PY'
		image(layer(tar(pax({'path': '/'.join('d' * 600)}), entry('x'))))
	PY
	refuse "imgunpack: unpack 'd/*': more than 512 levels deep (--max-depth)"
	rm -rf l
	make_image <<-'PY'
		image(layer(tar(*[entry('zeros%d' % i, b'\0' * (7 << 20)) for i in range(10)])))
	PY
	refuse "imgunpack: unpack layer *: it unpacks to more than --max-size" --max-size 8m
	refuse "imgunpack: unpack layer *: it unpacks to more than --max-ratio times its size" --max-ratio 100
	imgunpack --max-size 71m --max-ratio 2000 l:t flat
}

@test "limit: a sparse file of any size costs what it holds" {
	make_image <<-'PY'
		image(layer(tar(pax({'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'sparse',
		                     'GNU.sparse.realsize': str(1 << 40)}) +
		                entry('GNUSparseFile.0/sparse', pad(b'2\n512\n3\n%d\n1\n' % ((1 << 40) - 1)) + b'abcz'))))
	PY
	run --separate-stderr imgunpack l:t flat
	assert_status 0
	[ "$(stat -c %s flat/sparse)" -eq $((1 << 40)) ]
	[ "$(stat -c %b flat/sparse)" -lt 100 ]
	[ "$(tail -c 1 flat/sparse)" = z ]
	[ "$(dd if=flat/sparse bs=512 skip=1 count=1 status=none | head -c 3)" = abc ]
	rm -r flat
	refuse "imgunpack: unpack 'sparse': larger than --max-size" --max-size 1g
}

@test "disk: a full one is said in one line and nothing is left on it" {
	make_image <<-'PY'
		image(layer(tar(*[entry('f%d' % i, os.urandom(100000)) for i in range(100)])))
	PY
	mkdir small
	mount -t tmpfs -o size=2m tmpfs small
	mkdir small/bundle
	run --separate-stderr imgunpack l:t small/bundle/flat
	assert_status 1
	assert_one_line "imgunpack: write 'f*': No space left on device"
	run --separate-stderr imgunpack --layers small/store --overlay c l:t mounted
	assert_status 1
	assert_one_line "imgunpack: write 'f*': No space left on device"
	run find small -type f -o -name '.*'
	assert_empty "$output"
	run --separate-stderr imgunpack l:t small/bundle
	assert_status 1
	[ -z "$(ls -A small/bundle)" ]
	umount small
}

@test "race: unpackers at the same time make each layer once and all succeed" {
	make_image <<-'PY'
		image(*[layer(tar(folder('d%d' % j), *[entry('d%d/f%d' % (j, i), os.urandom(3000)) for i in range(60)]))
		        for j in range(3)], layer(tar(entry('d1/odd', 'x'), whiteout('d2/.wh.f7'))))
	PY
	imgunpack l:t reference >/dev/null
	for i in 1 2 3; do
		imgunpack --layers store --overlay "c$i" l:t "mounted$i" >/dev/null 2>"err$i" 3>&- &
	done
	wait
	for i in 1 2 3; do
		assert_empty "$(cat "err$i")" "stderr of $i"
		same_trees reference "mounted$i"
	done
	[ "$(ls store | wc -l)" -eq 4 ]
}
