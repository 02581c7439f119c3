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
		new --clear nonsense l:t
		new --health-interval soon l:t
		new --health-retries -1 l:t
		new --shell sh l:t
		new --since tree l:t
		new --merged tree l:t
		index l:t
		squash
		squash --compress lzma l:t
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

@test "imgpack new: a layer of many blocks is the same from one thread as from several, and others read it" {
	need skopeo zstd taskset
	mkdir tree full
	python3 -c 'import random; r = random.Random(1); print("\n".join(str(r.getrandbits(r.randrange(1, 200))) for _ in range(400000)))' >tree/numbers
	head -c 5000000 tree/numbers >tree/some
	head -c 3000000 /dev/zero >tree/zeros
	for codec in gzip zstd none; do
		imgpack new --compress $codec --layer tree several:$codec >digest
		taskset -c "$(one_processor)" imgpack new --compress $codec --layer tree one:$codec | cmp - digest
		skopeo copy -q --dest-decompress oci:several:$codec dir:$codec
		layer=$(jq -r '.layers[0].digest | sub("sha256:"; "")' $codec/manifest.json)
		[ "$(imgctl inspect several:$codec | jq -r '.rootfs.diff_ids[0]')" = "sha256:$(sha256sum <"$codec/$layer" | cut -d ' ' -f 1)" ]
		tar -xf "$codec/$layer" --to-stdout some | cmp - tree/some
	done
	imgctl verify several
	# whoever cannot write stops them all
	mount -t tmpfs -o size=2m tmpfs full
	for codec in gzip zstd none; do
		run --separate-stderr imgpack new --compress $codec --layer tree full/l:t
		assert_status 1
		assert_one_line "imgpack new: write *: No space left on device"
		[ -z "$(find full -size +8k)" ]
	done
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
	assert_one_line "imgpack new: pack 'renamed': its content is in a lower layer (overlay redirect; --merged)"
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

# changed_tree DIR - what small_tree made, with one of every kind of change.
changed_tree() {
	rm -r "$1/etc/b" "$1/null"
	mkdir "$1/etc/b"
	echo new >"$1/etc/b/new"
	rm -r "$1/etc-b"
	ln -s bin "$1/etc-b"
	mv "$1/fifo" "$1/moved"
	mkdir -p "$1/deep/er"
	echo x >"$1/deep/er/file"
	ln "$1/etc/a" "$1/deep/er/link"
	setfattr -n user.note -v other "$1/bin/busybox"
	chmod 700 "$1/$(printf 'd%.0s' {1..120})"
	chmod 711 "$1"
	find "$1" -depth -newermt @1500000001 -exec touch -h -d @1600000000 {} +
}

@test "imgpack --since: what differs from an old tree, and nothing else, makes the new one" {
	small_tree tree
	imgpack new --root --layer tree l:t >/dev/null
	imgctl mount --layers store l:t old
	imgunpack l:t new >/dev/null
	# nothing
	imgpack add --since old --layer new --tag same l:t >/dev/null
	[ "$(imgunpack l:same flat-same | jq -r '.rootfs.diff_ids[1]')" = "sha256:$(head -c 1024 /dev/zero | sha256sum | cut -c -64)" ]
	changed_tree new
	imgpack add --since old --layer new --tag changed l:t >/dev/null
	imgunpack l:changed flat >/dev/null
	same_trees new flat
	imgpack layer --since old new >layer.tar
	[ "$(tar -tf layer.tar | grep -c '^bin/ash')" -eq 0 ]
	# every name of a file that changed, and of one that got a name
	[ "$(tar -tf layer.tar | grep -Ec '^(bin/busybox|bin/sh|etc/a|deep/er/link)$')" -eq 4 ]
	# edits that keep size and time are seen when asked
	printf Y | dd of=new/etc-b/../etc/a conv=notrunc status=none
	touch -d @1500000000 new/etc/a
	imgunpack l:changed again >/dev/null
	[ "$(imgpack layer --since again new | wc -c)" -eq 1024 ]
	[ "$(imgpack layer --content --since again new | tar -t | grep -c '^etc/a$')" -eq 1 ]
	imgctl umount --layers store old
}

@test "imgpack --since: one changed file is a stat walk, nothing else is read" {
	small_tree tree
	cp -a tree old
	echo changed >tree/etc/a
	run --separate-stderr strace -f -o trace -e trace=openat,read imgpack layer --since old tree
	assert_status 0
	[ "$(grep -c 'openat.*"busybox"' trace)" -eq 0 ]
	[ "$(grep -c 'openat.*"a", ' trace)" -eq 1 ]
}

@test "imgpack --upper --merged: what overlayfs only renamed is read where it is mounted" {
	mkdir -p low/d/sub low/kept up work merged
	echo x >low/d/file
	echo y >low/d/sub/file
	echo big >low/meta
	echo old >low/kept/old
	mount -t overlay -o lowerdir=low,upperdir=up,workdir=work,redirect_dir=on,metacopy=on overlay merged
	mv merged/d merged/renamed
	rm -r merged/kept
	mv merged/renamed/sub merged/kept
	echo more >merged/renamed/more
	chmod 600 merged/meta
	imgpack new --layer low l:t >/dev/null
	imgpack add --merged merged --upper up --tag changed l:t >/dev/null
	imgunpack l:changed flat >/dev/null
	touch -d @1500000000 flat
	(cd merged && find . -mindepth 1 -printf '%p %y %m %Ts\n' | sort; cat renamed/file renamed/more kept/file meta) >want
	(cd flat && find . -mindepth 1 -printf '%p %y %m %Ts\n' | sort; cat renamed/file renamed/more kept/file meta) >have
	umount merged
	diff want have
}

@test "imgpack squash: one layer, the same tree, a history of steps without layers" {
	small_tree tree
	imgpack new --root --layer tree --cmd sh l:t >/dev/null
	imgunpack --layers store --overlay c l:t mounted >/dev/null
	changed_tree mounted
	umount mounted
	imgpack add --upper c/upper --tag two l:t >/dev/null
	imgunpack l:two flat >/dev/null
	for i in 1 2; do
		imgpack squash --tag "one$i" l:two >"digest$i"
	done
	cmp digest1 digest2
	config=$(imgunpack l:one1 squashed)
	[ "$(jq -c '[.config.Cmd, (.rootfs.diff_ids | length), [.history[] | .empty_layer // false]]' <<<"$config")" = \
		'[["sh"],1,[true,true,false]]' ]
	same_trees flat squashed
	[ -z "$(find l/tmp -mindepth 1)" ]
	umoci unpack --image l:one1 theirs >/dev/null
	same_trees theirs/rootfs squashed
}

@test "imgpack index: one image for several platforms, that strangers read" {
	for arch in amd64 arm64; do
		mkdir $arch
		echo $arch >$arch/arch
		imgpack new --platform linux/$arch --layer $arch l:$arch >$arch.digest
	done
	run --separate-stderr imgpack index l:all amd64 "@$(cat arm64.digest)"
	assert_status 0
	for arch in amd64 arm64; do
		imgunpack --platform linux/$arch l:all "flat-$arch" >/dev/null
		[ "$(cat "flat-$arch/arch")" = $arch ]
		skopeo inspect --override-arch $arch oci:l:all | jq -e --arg a $arch '.Architecture == $a'
	done
	skopeo copy -q --all oci:l:all oci:copy:all
	run --separate-stderr imgpack index l:twice amd64 amd64
	assert_status 1
	assert_one_line "imgpack index: two images for linux/amd64"
	run --separate-stderr imgpack index l:x nothing
	assert_status 1
	assert_one_line "imgpack index: no image 'nothing' in this layout"
	run --separate-stderr imgpack index l amd64
	assert_status 2
}

@test "imgpack: health checks, build steps, and what is forgotten again" {
	mkdir tree
	imgpack new --layer tree --health-cmd 'test -e /x' --health-interval 1m30s --health-timeout 5 --health-start-period 250ms \
		--health-retries 3 --shell '["/bin/ash","-c"]' --onbuild 'RUN a' --onbuild 'RUN b' --cmd x -u 1 l:t >/dev/null
	[ "$(imgctl inspect l:t | jq -Sc .config)" = "$(jq -Sc . <<-'JSON'
		{"Healthcheck":{"Test":["CMD-SHELL","test -e /x"],"Interval":90000000000,"Timeout":5000000000,"StartPeriod":250000000,
		 "Retries":3},"Shell":["/bin/ash","-c"],"OnBuild":["RUN a","RUN b"],"Cmd":["x"],"User":"1"}
	JSON
	)" ]
	imgpack add --clear shell --clear onbuild --clear cmd --clear user --health-cmd '["/bin/check","me"]' l:t >/dev/null
	[ "$(imgctl inspect l:t | jq -c '[.config.Healthcheck.Test, (.config | keys), .history[1].empty_layer]')" = \
		'[["CMD","/bin/check","me"],["Healthcheck"],true]' ]
	imgpack add --no-healthcheck l:t >/dev/null
	[ "$(imgctl inspect l:t | jq -c .config.Healthcheck.Test)" = '["NONE"]' ]
	skopeo inspect --config oci:l:t | jq -e '.config' >/dev/null
}
