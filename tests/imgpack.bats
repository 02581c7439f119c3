#!/usr/bin/env bats
# imgpack: what it packs is what there was, the same each time, and strangers read it.

load lib/common
load lib/unpacked

setup() {
	unpacked_setup
}

teardown() {
	unpacked_teardown
}

# small_tree DIR
small_tree() {
	mkdir -p "$1/bin" "$1/etc/b" "$1/etc-b" "$1/$(printf 'd%.0s' {1..120})"
	cp "$(command -v busybox)" "$1/bin/busybox"
	ln "$1/bin/busybox" "$1/bin/sh"
	ln -s sh "$1/bin/ash"
	ln -s "$(printf 't%.0s' {1..120})" "$1/long"
	echo x >"$1/etc/b/file"
	echo y >"$1/etc/a"
	echo z >"$1/etc-b/z"
	chmod 4711 "$1/etc-b/z"
	chown 70000:3000000 "$1/etc-b/z"
	mknod "$1/null" c 1 3
	mkfifo "$1/fifo"
	setfattr -n user.note -v "$(printf 'a\nb')" "$1/etc/a"
	setfattr -n trusted.host -v only "$1/etc/a"
	chmod 1777 "$1/etc/b"
	touch -h -d @1000000000 "$1/long" "$1/bin/ash" "$1/etc/a" "$1/etc" "$1/bin"
	find "$1" -depth -exec touch -h -d @1500000000 {} +
}

@test "imgpack: has help, and misuse is one line, 2, and writes nothing" {
	run --separate-stderr imgpack --help
	assert_status 0
	assert_line "usage: imgpack VERB *"
	mkdir tree
	while read -r args; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgpack $args
		assert_status 2
		assert_one_line "imgpack*: *"
	done <<-'CASES'

		nonsense
		new
		new a b
		new --compress lzma l:t
		new --env novalue l:t
		new --env =x l:t
		new --label =x l:t
		new --expose 0 l:t
		new --expose 80/icmp l:t
		new --volume data l:t
		new --workdir tmp l:t
		new --stop-signal NOPE l:t
		new --cmd [nonsense l:t
		new --cmd [1] l:t
		layer
		layer tree tree
	CASES
	run --separate-stderr imgpack new --layer missing l:t
	assert_status 1
	assert_one_line "imgpack new: open 'missing': No such file or directory"
	run --separate-stderr imgpack add --layer tree missing:t
	assert_status 1
	assert_one_line "imgpack add: open image layout 'missing': No such file or directory"
	[ "$(ls -A)" = tree ]
}

@test "imgpack new: unpacks to what was packed" {
	small_tree tree
	for codec in gzip zstd none; do
		imgpack new --compress $codec --layer tree l:$codec
		imgunpack l:$codec "flat-$codec" >/dev/null
		touch -d @1500000000 "flat-$codec"
		diff <(walk tree) <(walk "flat-$codec")
	done
}

@test "imgpack new: two runs, wherever, are bit-identical" {
	small_tree tree
	cp -a tree copy
	for codec in gzip zstd none; do
		imgpack new --compress $codec --layer tree --cmd sh -e A=b one:$codec >out-one
		TZ=Asia/Tokyo LC_ALL=C.UTF-8 imgpack new --compress $codec --layer copy --cmd sh -e A=b two:$codec >out-two
		diff out-one out-two
	done
	diff -r one two
}

@test "imgpack new: SOURCE_DATE_EPOCH bounds every time" {
	small_tree tree
	touch tree/etc/now
	SOURCE_DATE_EPOCH=1400000000 imgpack new --layer tree l:t >/dev/null
	[ "$(imgunpack l:t flat | jq -r '.created, .history[0].created' | uniq)" = 2014-05-13T16:53:20Z ]
	[ "$(find flat -mindepth 1 -printf '%Ts\n' | sort -u)" = 1400000000 ]
}

@test "imgpack new: the configuration is what the options say" {
	mkdir tree
	imgpack new --layer tree --entrypoint /bin/app --cmd one --cmd 'two words' -e A=1 -e B=2 -e A=3 -u 1:2 -w /srv \
		-l a=b -l c --expose 80 --expose 53/udp --volume /data --stop-signal SIGINT --author me --comment why \
		--created-by how --platform linux/arm64 l:t >/dev/null
	config=$(imgunpack --platform linux/arm64 l:t flat)
	[ "$(jq -Sc .config <<<"$config")" = "$(jq -Sc . <<-'JSON'
		{"Entrypoint":["/bin/app"],"Cmd":["one","two words"],"Env":["A=3","B=2"],"User":"1:2","WorkingDir":"/srv",
		 "Labels":{"a":"b","c":""},"ExposedPorts":{"80/tcp":{},"53/udp":{}},"Volumes":{"/data":{}},"StopSignal":"SIGINT"}
	JSON
	)" ]
	[ "$(jq -c '[.os, .architecture, .author, .history[0].author, .history[0].comment, .history[0].created_by]' <<<"$config")" = \
		'["linux","arm64","me","me","why","how"]' ]
}

@test "imgpack add: a layer, a configuration, another tag; the base stays" {
	small_tree tree
	mkdir -p more/etc
	echo new >more/etc/new
	imgpack new --layer tree --cmd sh l:base >/dev/null
	cp -r l before
	imgpack add --layer more --compress zstd --tag more l:base >/dev/null
	imgpack add --cmd '["a","b c"]' --tag config l:more >/dev/null
	[ "$(skopeo inspect --raw oci:l:base)" = "$(skopeo inspect --raw oci:before:base)" ]
	config=$(imgunpack l:config flat)
	[ "$(cat flat/etc/new flat/etc/a)" = $'new\ny' ]
	[ "$(jq -c '[.config.Cmd, (.rootfs.diff_ids | length), [.history[] | .empty_layer // false]]' <<<"$config")" = \
		'[["a","b c"],2,[false,false,true]]' ]
	# the compression of the last layer goes on
	[ "$(skopeo inspect --raw oci:l:config | jq -r '.layers[].mediaType')" = "application/vnd.oci.image.layer.v1.tar+gzip
application/vnd.oci.image.layer.v1.tar+zstd" ]
	imgpack add --layer tree l:config >/dev/null
	[ "$(skopeo inspect --raw oci:l:config | jq -r '.layers[2].mediaType')" = application/vnd.oci.image.layer.v1.tar+zstd ]
}

@test "imgpack add --upper: what a container changed is what the new image has" {
	small_tree tree
	imgpack new --layer tree l:t >/dev/null
	imgunpack --layers store --overlay c l:t mounted >/dev/null
	rm -r mounted/etc/b mounted/null
	mkdir mounted/etc/b
	echo changed >mounted/etc/b/new
	rm -r mounted/etc-b
	ln -s bin mounted/etc-b
	mv mounted/fifo mounted/moved
	mkdir -p mounted/deep/er
	touch mounted/deep/er/file
	find mounted -depth -newermt @1500000001 -exec touch -h -d @1600000000 {} +
	imgpack add --upper c/upper --tag changed l:t >/dev/null
	imgunpack l:changed flat >/dev/null
	touch -d @1500000000 flat mounted
	same_trees mounted flat
	[ "$(cat flat/etc/b/new)" = changed ]
	[ "$(ls flat/etc/b)" = new ]
}

@test "imgpack --upper: content that is in a lower layer is refused" {
	mkdir -p low/d low/e up work merged
	echo x >low/d/file
	mount -t overlay -o lowerdir=low,upperdir=up,workdir=work,redirect_dir=on overlay merged
	mv merged/d merged/renamed
	run --separate-stderr imgpack new --upper up l:t
	umount merged
	assert_status 1
	assert_one_line "imgpack new: pack 'renamed': its content is in a lower layer (overlay redirect)"
}

@test "imgpack: names of whiteouts are refused, sockets left out, other file systems not entered" {
	mkdir -p tree/mnt
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
	mount -t tmpfs tmpfs tree/mnt
	touch tree/mnt/file
	run --separate-stderr imgpack new --layer tree l:t
	assert_status 0
	assert_one_line "imgpack new: 'socket' is a socket: left out"
	imgunpack l:t flat >/dev/null
	[ "$(cd flat && find . | sort | tr '\n' ' ')" = '. ./mnt ' ]
	touch tree/.wh.x
	run --separate-stderr imgpack new --layer tree l:u
	assert_status 1
	[[ $stderr == *"pack '/.wh.x': names with .wh. cannot be in an image" ]]
}

@test "imgpack --tar: takes a tar as it is, compressed or not" {
	small_tree tree
	tar -C tree -cf plain.tar .
	gzip -k plain.tar
	imgpack new --tar plain.tar l:plain >/dev/null
	imgpack new --tar - l:gz >/dev/null <plain.tar.gz
	[ "$(imgunpack l:plain a | jq -r '.rootfs.diff_ids[]')" = "sha256:$(sha256sum <plain.tar | cut -c -64)" ]
	[ "$(imgunpack l:gz b | jq -r '.rootfs.diff_ids[]')" = "sha256:$(sha256sum <plain.tar | cut -c -64)" ]
	head -c 3000 plain.tar >cut.tar
	run --separate-stderr imgpack new --tar cut.tar l:cut
	assert_status 1
	assert_one_line "imgpack new: read 'cut.tar': *"
	run --separate-stderr imgpack new --tar "$(command -v busybox)" l:cut
	assert_status 1
	assert_one_line "imgpack new: read '*': a header whose checksum is wrong"
	[ -z "$(find l -path '*tmp*' -type f)" ]
}

@test "imgpack layer: is a tar that GNU tar agrees with, in order, hashing to the DiffID" {
	small_tree tree
	imgpack layer tree >layer.tar
	imgpack layer tree | cmp layer.tar -
	mkdir gnu
	tar --xattrs --xattrs-include='user.*' -C gnu -xpf layer.tar
	rm tree/fifo gnu/fifo
	diff <(walk tree | grep -v '^\.	') <(walk gnu | grep -v '^\.	')
	[ "$(tar -tf layer.tar | head -n 8 | tr '\n' ' ')" = 'bin/ bin/ash bin/busybox bin/sh '"$(printf 'd%.0s' {1..120})"'/ etc/ etc/a etc/b/ ' ]
	small_tree again
	imgpack new --layer again l:t >/dev/null
	[ "$(imgunpack l:t flat | jq -r '.rootfs.diff_ids[]')" = "sha256:$(imgpack layer again | sha256sum | cut -c -64)" ]
}

@test "imgpack: skopeo, umoci and podman read the image and agree on what is in it" {
	need skopeo umoci
	small_tree tree
	mkdir -p more/etc
	echo new >more/etc/new
	touch -d @1500000000 more/etc more/etc/new
	imgpack new --layer tree --cmd sh -e A=b l:t >/dev/null
	imgpack add --layer more l:t >/dev/null
	imgunpack l:t flat >/dev/null
	umoci unpack --image l:t theirs >/dev/null
	touch -d @1500000000 flat theirs/rootfs
	same_trees theirs/rootfs flat
	[ "$(skopeo inspect oci:l:t | jq -c .Env)" = '["A=b"]' ]
	skopeo copy -q oci:l:t docker-archive:archive.tar:x:y
	podman --root "$PWD/podman" --runroot "$PWD/run" --storage-driver vfs load -q -i archive.tar
	[ "$(podman --root "$PWD/podman" --runroot "$PWD/run" --storage-driver vfs image inspect x:y | jq -c '.[0].Config.Cmd')" = '["sh"]' ]
}

@test "imgpack add: on an image of umoci's and one of Docker's types" {
	need skopeo umoci
	small_tree tree
	umoci init --layout l
	umoci new --image l:t
	umoci unpack --image l:t bundle >/dev/null
	cp -a tree/. bundle/rootfs/
	umoci repack --image l:t bundle >/dev/null
	skopeo copy -q --format v2s2 oci:l:t dir:docker
	skopeo copy -q dir:docker oci:d:t
	for layout in l d; do
		imgpack add --layer tree --cmd true $layout:t >/dev/null
		umoci unpack --image $layout:t "theirs-$layout" >/dev/null
		imgunpack $layout:t "flat-$layout" >/dev/null
		touch -d @1500000000 "theirs-$layout/rootfs" "flat-$layout"
		same_trees "theirs-$layout/rootfs" "flat-$layout"
	done
}

@test "imgpack: one that is killed leaves an index that works and no blob that lies" {
	small_tree tree
	head -c 20m /dev/urandom >tree/big
	imgpack new --layer tree l:t >/dev/null
	touch tree/new
	for i in $(seq 1 10); do
		timeout -s KILL "0.$(printf %03d $((i * 12)))" imgpack add --layer tree --tag "k$i" l:t >/dev/null || :
		jq -e .manifests l/index.json >/dev/null
		for blob in l/blobs/sha256/*; do
			[ "$(sha256sum <"$blob" | cut -c -64)" = "${blob##*/}" ]
		done
	done
	imgpack add --layer tree --tag last l:t >/dev/null
	imgunpack l:last flat >/dev/null
}
