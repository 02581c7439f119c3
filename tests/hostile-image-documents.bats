#!/usr/bin/env bats
# Manifests, configurations and indexes that mean two things, lie, or never end; blobs that are no files.

load lib/common
load lib/unpacked

setup() {
	unpacked_setup
}

teardown() {
	unpacked_teardown
}

@test "document: one that could be read in two ways, or is no such document, is refused" {
	refuse_each 'image(ok, tag=t, @)' "ok = layer(tar(entry('x', '1')))
more = lambda members: lambda s: s[:-1] + ',' + members + '}'
one = lambda **kw: {'layers': [{**ok['descriptor'], **kw}]}" <<-'CASES'
		imgunpack: manifest 'sha256:*': duplicate key 'layers'|text=more('"layers":[]')
		imgunpack: manifest 'sha256:*': member 'Layers' differs from 'layers' in case only|text=more('"Layers":[]')
		imgunpack: manifest 'sha256:*': * trailing garbage|text=lambda s: s + '{}'
		imgunpack: manifest 'sha256:*': a manifest that is an index, too|text=more('"manifests":[{}]')
		imgunpack: manifest 'sha256:*': Docker's schema 1 is not supported|text=more('"fsLayers":[{}]')
		imgunpack: manifest 'sha256:*': mediaType: '*index*' does not match '*manifest*'|manifest={'mediaType': INDEX}
		imgunpack: index 'sha256:*': an index that is a manifest, too|entry_={'mediaType': INDEX}, config={'author': 'a'}
		imgunpack: image 'sha256:*': 0 layers, but 1 diff_ids|manifest={'layers': None}
		imgunpack: blob 'sha256:*' does not match its digest and size|entry_={'size': 1}, config={'author': 'b'}
		imgunpack: manifest 'sha256:*': layers[[]0].digest: malformed|manifest=one(digest='sha256:../../../../outside/file')
		imgunpack: manifest 'sha256:*': layers[[]0].digest: malformed|manifest=one(digest='sha256:' + 'A' * 64)
		imgunpack: manifest 'sha256:*': layers[[]0].digest: unsupported algorithm|manifest=one(digest='sha512:' + 'a' * 128)
		imgunpack: manifest 'sha256:*': layers[[]0].size: negative|manifest=one(size=-1)
		imgunpack: manifest 'sha256:*': layers[[]0].size: not a whole number in range|manifest=one(size=1.5)
		imgunpack: manifest 'sha256:*': layers[[]0].size: out of range|manifest=one(size=2**63)
		imgunpack: image 'sha256:*': layers[[]0].mediaType: '*squashfs' is no layer|manifest=one(mediaType='application/vnd.example.squashfs')
		imgunpack: manifest 'sha256:*': layers: more than 500|manifest={'layers': [ok['descriptor']] * 501}
		imgunpack: read blob 'sha256:*': File too large|manifest={'annotations': {'a': 'x' * (5 << 20)}}
		imgunpack: config 'sha256:*': rootfs.type: 'other' is not supported|config={'rootfs': {'type': 'other', 'diff_ids': [ok['diff_id']]}}
		imgunpack: config 'sha256:*': duplicate key 'rootfs'|config_text=more('"rootfs":{}')
		imgunpack: config 'sha256:*': member 'RootFS' differs from 'rootfs' in case only|config_text=more('"RootFS":{}')
		imgunpack: config 'sha256:*': * trailing garbage|config_text=lambda s: s + 'x'
		imgunpack: config 'sha256:*': * premature EOF|config_text=lambda s: s[:-1]
		imgunpack: config 'sha256:*': * nested too deeply|config_text=more('"x":' + '[' * 2000 + ']' * 2000)
		imgunpack: config 'sha256:*': * invalid bytes in UTF8 string*|config_text=lambda s: s.encode().replace(b'amd64', b'\xff\xfe')
		imgunpack: image 'sha256:*': is for windows (--platform)|config={'os': 'windows'}
		imgunpack: config 'sha256:*': rootfs.diff_ids[[]0]: malformed or unsupported digest|diff_ids=['sha256:xyz']
		imgunpack: config 'sha256:*': rootfs.diff_ids[[]0]: malformed or unsupported digest|diff_ids=['sha512:' + 'a' * 128]
		imgunpack: manifest 'sha256:*': object wanted, array found|text=lambda s: '[]'
		imgunpack: manifest 'sha256:*': * premature EOF|text=lambda s: ''
	CASES
}

@test "document: an index that goes outside, or goes on for ever" {
	make_image <<-'PY'
		image(layer(tar(entry('x'))), entry_={'digest': 'sha256:../../../../outside/file'})
	PY
	refuse "imgunpack: index.json: manifests[[]0].digest: malformed"
	rm -rf l
	make_image <<-'PY'
		def index(entries):
		    doc = json.dumps({'schemaVersion': 2, 'manifests': entries}).encode()
		    put(doc)
		    return descriptor(INDEX, doc), doc
		# five levels of 4000 entries are more than anybody can visit
		one = {**descriptor(MANIFEST, b'nothing'), 'platform': {'os': 'plan9', 'architecture': 'vax'}}
		for i in range(5):
		    one, doc = index([one] * 4000)
		listed(INDEX, doc, 'wide')
		one, doc = index([])
		for i in range(10):
		    one, doc = index([one])
		listed(INDEX, doc, 'deep')
	PY
	refused "imgunpack: no image for platform 'linux/*', only for: plan9/vax*" l:wide
	refused "imgunpack: indexes nested more than 4 deep" l:deep
	timeout 60 imgctl gc l
	timeout 60 imgctl verify l
	timeout 60 imgctl du l >/dev/null
	untouched
}

@test "blob: a pipe, a directory, a device or a link that leads nowhere is no blob, and nobody waits for it" {
	make_image <<-'PY'
		image(layer(tar(entry('x'))))
	PY
	export blob=l/blobs/sha256/$(imgctl inspect --manifest l:t | jq -r '.layers[0].digest' | cut -c 8-)
	for make in 'mkfifo "$blob"' 'mkdir "$blob"' 'ln -s /dev/zero "$blob"' 'mknod "$blob" c 1 5' 'ln -s loop "$blob"'; do
		rm -rf "$blob"
		sh -c "$make"
		refused "imgunpack: open layer 'sha256:*': *" l:t
		run timeout 20 imgctl verify l
		[ "$status" -ne 124 ]
	done
	untouched
}
