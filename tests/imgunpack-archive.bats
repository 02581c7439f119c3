#!/usr/bin/env bats
# imgunpack: images in archives, by docker, podman, skopeo and tar, and archives nobody should make.

load lib/common
load lib/unpacked

setup() {
	unpacked_setup
	export LASH_ROOT=$PWD/root
}

teardown() {
	unpacked_teardown
}

# leaves_nothing - no temporary layout is left.
leaves_nothing() {
	[ -z "$(find root/tmp -mindepth 1 2>/dev/null)" ]
}

@test "imgunpack: reads what skopeo and podman save and tars of layouts, compressed or on standard input" {
	need skopeo zstd
	make_image <<-'PY'
		shared = layer(tar(folder('d'), entry('d/x', '1')))
		image(shared, layer(tar(whiteout('d/.wh.x'), entry('d/y', '2'))), shared, tag='t', config={'created': '2001-02-03T04:05:06Z'})
	PY
	imgunpack l:t flat >config
	skopeo copy -q oci:l:t docker-archive:docker.tar:some/name:v1
	skopeo copy -q oci:l:t oci-archive:oci.tar:v2
	tar -C l -cf layout.tar .
	tar -C l -czf layout.tar.gz index.json oci-layout blobs
	zstd -q docker.tar
	for image in docker.tar docker.tar:docker.io/some/name:v1 docker.tar.zst oci.tar oci.tar:v2 layout.tar:t layout.tar.gz; do
		run --separate-stderr imgunpack "$image" got
		assert_status 0
		assert_empty "$stderr"
		same_trees flat got
		rm -r got
		leaves_nothing
	done
	imgunpack - got <docker.tar >/dev/null
	same_trees flat got
	imgunpack --overlay c -- -:t mounted <layout.tar >got.config
	same_trees flat mounted
	cmp config got.config
	podman --root "$PWD/p" --runroot "$PWD/r" --storage-driver vfs load -q -i docker.tar >/dev/null
	podman --root "$PWD/p" --runroot "$PWD/r" --storage-driver vfs save -q some/name:v1 >podman.tar
	imgunpack podman.tar got-too >/dev/null
	same_trees flat got-too
	leaves_nothing
	run --separate-stderr imgunpack docker.tar:other x
	assert_status 1
	assert_one_line "imgunpack: no image 'other' in this layout"
	leaves_nothing
}

@test "imgunpack: an archive that goes outside, says a thing twice, breaks off or lies is refused" {
	cat >archives.py <<-'PY'
		import hashlib, io, json, os, sys, tarfile
		def member(t, name, data=b'', kind=tarfile.REGTYPE, link=''):
		    m = tarfile.TarInfo(name); m.size = len(data); m.type = kind; m.linkname = link
		    t.addfile(m, io.BytesIO(data))
		layer = io.BytesIO()
		with tarfile.open(fileobj=layer, mode='w') as t:
		    member(t, 'x', b'1')
		layer = layer.getvalue()
		config = json.dumps({'os': 'linux', 'architecture': 'amd64', 'rootfs': {'type': 'layers',
		                     'diff_ids': ['sha256:' + hashlib.sha256(layer).hexdigest()]}}).encode()
		def archive(name, fn, manifest=None, layers=['l/layer.tar']):
		    with tarfile.open(name, 'w') as t:
		        member(t, 'config.json', config)
		        member(t, 'l/layer.tar', layer)
		        fn(t)
		        if manifest is not False:
		            member(t, 'manifest.json', manifest or json.dumps([{'Config': 'config.json', 'Layers': layers}]).encode())
		archive('good', lambda t: None)
		archive('linked', lambda t: member(t, 'm/layer.tar', kind=tarfile.SYMTYPE, link='../l/./layer.tar'), layers=['m/layer.tar'])
		archive('out', lambda t: member(t, 'm/layer.tar', kind=tarfile.SYMTYPE, link='../../../outside/file'), layers=['m/layer.tar'])
		archive('abs', lambda t: None, layers=[os.getcwd() + '/../outside/file'])
		archive('up', lambda t: member(t, '../../outside/new', b'x'), layers=['../../outside/file'])
		archive('loop', lambda t: [member(t, 'a', kind=tarfile.SYMTYPE, link='b'), member(t, 'b', kind=tarfile.SYMTYPE, link='a')], layers=['a'])
		archive('twice', lambda t: member(t, 'manifest.json', b'[]'))
		archive('none', lambda t: None, manifest=False)
		archive('keys', lambda t: None, manifest=b'[{"Config":"config.json","Config":"x","Layers":[]}]')
		archive('object', lambda t: None, manifest=b'{}')
		archive('more', lambda t: None, layers=['l/layer.tar'] * 2)
		archive('lie', lambda t: None, layers=['config.json'])
		archive('deep', lambda t: None, layers=['l/layer.tar'] * 501)
		def tags(n, images=1):
		    return json.dumps([{'Config': 'config.json', 'Layers': ['l/layer.tar'], 'RepoTags': ['a:%d' % i for i in range(n)]}] * images).encode()
		archive('tags', lambda t: None, manifest=tags(201))
		archive('images', lambda t: None, manifest=tags(0, 1001))
		archive('big', lambda t: None, manifest=b'[' + b' ' * (5 << 20) + b']')
		open('cut', 'wb').write(open('good', 'rb').read()[:1800])
		open('empty', 'wb')
		open('text', 'w').write('no archive ' * 100)
	PY
	python3 archives.py
	for good in good linked; do
		imgunpack $good flat >/dev/null
		[ "$(cat flat/x)" = 1 ]
		rm -r flat
	done
	# what is no layer takes space, too
	run --separate-stderr imgunpack --max-size 10200 good flat
	assert_status 1
	assert_one_line "imgunpack: read 'good': its members are larger than --max-size"
	leaves_nothing
	while IFS='|' read -r file pattern; do
		run --separate-stderr imgunpack "$file" flat
		assert_status 1
		assert_one_line "$pattern"
		[ ! -e flat ]
		leaves_nothing
		untouched
	done <<-'CASES'
		out|imgunpack: read 'out': manifest.json: layer 'm/layer.tar' is not in the archive
		abs|imgunpack: read 'abs': manifest.json: layer '*/outside/file' is not in the archive
		up|imgunpack: read 'up': manifest.json: layer '../../outside/file' is not in the archive
		loop|imgunpack: read 'loop': manifest.json: layer 'a' is not in the archive
		twice|imgunpack: read 'twice': two members 'manifest.json'
		none|imgunpack: read 'none': no image: neither index.json nor manifest.json
		keys|imgunpack: read 'keys': manifest.json: duplicate key 'Config'
		object|imgunpack: read 'object': manifest.json: no array
		more|imgunpack: image *: 2 layers, but 1 diff_ids
		lie|imgunpack: unpack layer *
		deep|imgunpack: read 'deep': manifest.json: more than 500 layers
		tags|imgunpack: read 'tags': manifest.json: more than 200 tags
		images|imgunpack: read 'images': manifest.json: more than 1000 images
		big|imgunpack: read 'big': 'manifest.json' is larger than 4 MiB
		cut|imgunpack: read 'cut': the archive ends within an entry
		empty|imgunpack: *
		text|imgunpack: read 'text': *
	CASES
}

@test "imgunpack: large layers are read where they are in an archive, and no less is asked of them" {
	need skopeo
	make_image <<-'PY'
		import random
		noise = random.Random(1).randbytes(5 << 20)
		image(layer(tar(entry('x', noise), folder('d'))), layer(tar(entry('y', noise[1:]), whiteout('.wh.d'))), tag='t')
	PY
	imgunpack l:t flat >/dev/null
	skopeo copy -q oci:l:t docker-archive:docker.tar:name:v1
	tar -C l -cf oci.tar .
	gzip -1 -k docker.tar
	(
		printf 'something in front'
		cat docker.tar
	) >behind
	mkdir root
	mount -t tmpfs -o size=2m tmpfs root
	for image in docker.tar oci.tar; do
		imgunpack "$image" got >/dev/null
		same_trees flat got
		rm -r got
		leaves_nothing
	done
	imgunpack - got <docker.tar >/dev/null
	same_trees flat got
	{
		head -c 18 >/dev/null
		imgunpack - too >/dev/null
	} <behind
	same_trees flat too
	run --separate-stderr imgunpack docker.tar.gz not
	assert_status 1
	assert_one_line "imgunpack: read 'docker.tar.gz': No space left on device"
	run --separate-stderr imgunpack --max-size 9000000 docker.tar not
	assert_status 1
	assert_one_line "imgunpack: read 'docker.tar': its members are larger than --max-size"
	leaves_nothing
	umount root
	# what cannot be read anywhere is copied
	rm -r got too
	imgunpack docker.tar.gz got >/dev/null
	cat docker.tar | imgunpack - too >/dev/null
	same_trees flat got
	same_trees flat too
}

@test "imgunpack: a large layer in an archive that is not what somebody says is refused" {
	cat >archives.py <<-'PY'
		import hashlib, io, json, random, tarfile
		def member(t, name, data):
		    m = tarfile.TarInfo(name); m.size = len(data)
		    t.addfile(m, io.BytesIO(data))
		def layer(seed):
		    out = io.BytesIO()
		    with tarfile.open(fileobj=out, mode='w') as t:
		        member(t, 'x', random.Random(seed).randbytes(5 << 20))
		    return out.getvalue()
		def sha(data):
		    return hashlib.sha256(data).hexdigest()
		def config(*ids):
		    return json.dumps({'os': 'linux', 'architecture': 'amd64', 'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + i for i in ids]}}).encode()
		one, two = layer(1), layer(2)
		def docker(name, images, members):
		    with tarfile.open(name, 'w') as t:
		        for n, data in members.items():
		            member(t, n, data)
		        member(t, 'manifest.json', json.dumps([{'Config': c, 'RepoTags': [c + ':v'], 'Layers': l} for c, l in images]).encode())
		def oci(name, digest, data, size, pad=b''):
		    c = config(sha(one)) + pad
		    m = json.dumps({'schemaVersion': 2, 'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': 'sha256:' + sha(c), 'size': len(c)},
		                    'layers': [{'mediaType': 'application/vnd.oci.image.layer.v1.tar', 'digest': 'sha256:' + digest, 'size': size}]}).encode()
		    with tarfile.open(name, 'w') as t:
		        member(t, 'oci-layout', b'{"imageLayoutVersion": "1.0.0"}')
		        for digest, data in (digest, data), (sha(c), c), (sha(m), m):
		            member(t, 'blobs/sha256/' + digest, data)
		        member(t, 'index.json', json.dumps({'schemaVersion': 2, 'manifests': [{'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'digest': 'sha256:' + sha(m), 'size': len(m)}]}).encode())
		docker('good', [('a', ['l.tar']), ('b', ['l.tar'])], {'a': config(sha(one)), 'b': config(sha(one)), 'l.tar': one})
		docker('lie', [('a', ['l.tar'])], {'a': config(sha(two)), 'l.tar': one})
		docker('none', [('a', ['l.tar', 'l.tar'])], {'a': config(sha(one)), 'l.tar': one})
		docker('both', [('a', ['l.tar']), ('b', ['l.tar'])], {'a': config(sha(one)), 'b': config(sha(two)), 'l.tar': one})
		docker('config', [('l.tar', [])], {'l.tar': one})
		docker('no-json', [('a', ['l.tar'])], {'a': b'{', 'l.tar': one})
		docker('name', [('a', ['blobs/sha256/' + sha(two)])], {'a': config(sha(one)), 'blobs/sha256/' + sha(two): one})
		oci('oci-good', sha(one), one, len(one))
		oci('oci-config', sha(one), one, len(one), b' ' * (5 << 20))
		oci('oci-lie', sha(one), two, len(one))
		oci('oci-more', sha(one), one + b'\0' * 512, len(one))
		oci('oci-less', sha(one), one[:-512], len(one))
		oci('oci-size', sha(one), one, len(one) + 512)
		open('cut', 'wb').write(open('good', 'rb').read()[:3 << 20])
		open('oci-cut', 'wb').write(open('oci-good', 'rb').read()[:3 << 20])
		with open('hole', 'wb') as f: f.write(b'x' * 512); f.seek(6 << 20); f.write(b'x')
	PY
	python3 archives.py
	tar --format=posix --sparse -cf sparse --transform 's/hole/l.tar/' hole
	for image in good:a:v good:b:v oci-good; do
		imgunpack "$image" "got-$image" >/dev/null
		[ "$(stat -c %s "got-$image/x")" -eq $((5 << 20)) ]
	done
	while IFS='|' read -r image pattern; do
		run --separate-stderr imgunpack "$image" flat
		assert_status 1
		assert_one_line "$pattern"
		[ ! -e flat ]
		leaves_nothing
		untouched
	done <<-'CASES'
		lie|imgunpack: unpack layer 'sha256:*': the content is not what the image's diff_ids say
		none|imgunpack: read 'none': manifest.json: layer 'l.tar' has no diff_id
		both:a:v|imgunpack: read 'both': manifest.json: layer 'l.tar' has two diff_ids
		config|imgunpack: read 'config': manifest.json: config 'l.tar' is larger than 4 MiB
		no-json|imgunpack: read 'no-json': config 'a': *
		name|imgunpack: unpack layer 'sha256:*': the blob is not what its digest says
		oci-config|imgunpack: read blob 'sha256:*': a document of more than 4 MiB
		oci-lie|imgunpack: unpack layer 'sha256:*': the *
		oci-more|imgunpack: unpack layer 'sha256:*': the blob is longer than its descriptor says
		oci-less|imgunpack: unpack layer 'sha256:*'*
		oci-size|imgunpack: unpack layer 'sha256:*': the blob is shorter than its descriptor says
		cut|imgunpack: read 'cut': the archive ends within an entry
		oci-cut|imgunpack: read 'oci-cut': the archive ends within an entry
		sparse|imgunpack: read 'sparse': 'l.tar' is sparse
	CASES
}

@test "imgunpack: what a killed one read of an archive the next one removes" {
	make_image <<-'PY'
		image(layer(tar(entry('x', '1'))))
	PY
	tar -C l -cf l.tar .
	killat --root change 40 imgunpack l.tar flat >/dev/null 2>&1 || :
	imgunpack l.tar again >/dev/null
	leaves_nothing
	# and leaves alone what those that run have made
	for i in 1 2 3 4 5 6; do
		imgunpack l.tar "at-once-$i" >/dev/null 3>&- &
		pids[i]=$!
	done
	for i in 1 2 3 4 5 6; do
		wait "${pids[i]}"
	done
	leaves_nothing
}
