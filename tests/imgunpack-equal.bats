#!/usr/bin/env bats
# imgunpack: of images that buildah, docker, umoci and we made, all tools make the same tree.
#
# Ours is unpacked flat and mounted, umoci's flat, docker's is what its overlay2 has. docker 20.10 cannot read two
# things umoci writes (a whiteout below one, and below what became a file), so that it sees those trees as imgpack writes
# them. Docker knows nothing of the root directory's own time, nor of those of parents that umoci leaves out.

load lib/common
load lib/unpacked

setup_file() {
	need root umoci skopeo buildah dockerd docker containerd
	# docker syncs every step to disk, which is nothing to wait for here
	mkdir "$BATS_FILE_TMPDIR/data"
	mount -t tmpfs tmpfs "$BATS_FILE_TMPDIR/data"
	dockerd --data-root "$BATS_FILE_TMPDIR/data" --exec-root /run/docker-exec --pidfile /run/docker.pid \
		-H unix:///run/docker.sock --bridge none --iptables=false --ip6tables=false --storage-driver overlay2 \
		--cgroup-parent "/lash-test-equal-$$" >"$BATS_FILE_TMPDIR/dockerd.log" 2>&1 3>&- &
	# the trees, too, and a file system of their own: where others have removed much, making files is slow (ext4)
	truncate -s 4g "$BATS_FILE_TMPDIR/data/disk"
	mkfs.ext4 -q -F "$BATS_FILE_TMPDIR/data/disk"
	mkdir "$BATS_FILE_TMPDIR/trees"
	mount -o loop,noinit_itable "$BATS_FILE_TMPDIR/data/disk" "$BATS_FILE_TMPDIR/trees"
	export DOCKER_HOST=unix:///run/docker.sock DOCKER_BUILDKIT=0
	wait_for 60 docker version >/dev/null 2>&1 3>&- || fail "$(tail -n 5 "$BATS_FILE_TMPDIR/dockerd.log")"
}

setup() {
	mkdir "$BATS_FILE_TMPDIR/trees/$BATS_TEST_NUMBER"
	mount --bind "$BATS_FILE_TMPDIR/trees/$BATS_TEST_NUMBER" "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	unpacked_teardown
	umount "$BATS_TEST_TMPDIR"
}

teardown_file() {
	kill "$(cat /run/docker.pid)"
	wait_for 60 test ! -e /run/docker.pid
	find /sys/fs/cgroup -depth -path "*/lash-test-equal-$$*" -type d -exec rmdir {} + || :
	umount -l "$BATS_FILE_TMPDIR/trees" "$BATS_FILE_TMPDIR/data"
}

# untimed FILE [WHICH] - a walked tree without the times of directories WHICH (a pattern; its root).
untimed() {
	sed -i -E "s#^(${2-\\.}\td [0-7]* [0-9:]*) [0-9.]*#\1#" "$1"
}

same() {
	diff -u "$1" "$2" | head -n 40 >difference || :
	[ ! -s difference ] || fail "$(cat difference)"
}

# ours IMAGE - both forms of IMAGE are one, and umoci's.
ours() {
	imgunpack "$1" flat >/dev/null
	taskset -c "$(one_processor)" imgunpack "$1" in-turn >/dev/null
	same_trees flat in-turn
	rm -rf in-turn
	imgunpack --layers store --overlay c "$1" mounted >/dev/null
	umoci unpack --image "$1" theirs >/dev/null
	"$LASH_TOP/tests/lib/treewalk" flat >flat.tree
	"$LASH_TOP/tests/lib/treewalk" mounted >mounted.tree
	"$LASH_TOP/tests/lib/treewalk" theirs/rootfs >theirs.tree
	same theirs.tree flat.tree
	same flat.tree mounted.tree
}

# docker_mount IMAGE DIR - docker's layers of IMAGE as docker would mount them.
docker_mount() {
	local upper layers
	upper=$(docker image inspect -f '{{.GraphDriver.Data.UpperDir}}' "$1")
	mkdir "$2"
	if [ ! -e "${upper%/diff}/lower" ]; then
		mount --bind "$upper" "$2"
		return
	fi
	layers=l/$(cat "${upper%/diff}/link"):$(cat "${upper%/diff}/lower")
	(cd "$BATS_FILE_TMPDIR/data/overlay2" && mount -t overlay -o "ro,lowerdir=$layers" overlay "$BATS_TEST_TMPDIR/$2")
}

# dockers IMAGE NAME [WHICH] - after ours: docker, which has IMAGE as NAME or is given it, sees the same; WHICH as for
# untimed.
dockers() {
	if ! docker image inspect "$2" >/dev/null 2>&1; then
		skopeo copy -q "oci:$1" "docker-archive:archive.tar:$2"
		docker load -q -i archive.tar >/dev/null
	fi
	docker_mount "$2" docker
	"$LASH_TOP/tests/lib/treewalk" docker >docker.tree
	untimed flat.tree "${@:3}"
	untimed docker.tree "${@:3}"
	same docker.tree flat.tree
}

# umoci_commit IMAGE FUNCTION - FUNCTION changes the tree it is given; umoci makes the difference a layer.
umoci_commit() {
	rm -rf bundle
	umoci unpack --image "$1" bundle >/dev/null
	"$2" bundle/rootfs
	umoci repack --image "$1" bundle >/dev/null
}

umoci_new() {
	[ -e "${1%:*}" ] || umoci init --layout "${1%:*}"
	umoci new --image "$1"
}

# we_commit IMAGE FUNCTION - the same on an overlay, by imgpack.
we_commit() {
	if [ -e "${1%:*}" ]; then
		imgunpack --layers store --overlay up "$1" merged >/dev/null
		"$2" merged
		umount merged
		imgpack add --upper up/upper "$1" >/dev/null
	else
		mkdir merged
		"$2" merged
		imgpack new --layer merged "$1" >/dev/null
	fi
	rm -rf merged up
}

one_of_everything() {
	odd_tree "$1" one
}

much_changed() {
	rm -r "$1/gone" "$1/gone-file" "$1/fifo" "$1/dangling" "$1/etc/deep/er"
	echo two >"$1/etc/name"
	mkdir "$1/dangling"
	ln -s /tmp "$1/etc/deep/er"
	setfattr -x user.dir "$1/etc"
	chmod 700 "$1/tmp"
	echo more >>"$1/bin/su"
	chown 5:6 "$1/null"
	touch -h -d '2001-02-03' "$1/lib"
}

every_kind_everywhere() {
	local d
	for d in keep dir dir/sub dir/sub/deep x/y/z; do
		mkdir -p "$1/$d/empty"
		echo f >"$1/$d/file"
		ln "$1/$d/file" "$1/$d/hard"
		ln -s file "$1/$d/link"
		mkfifo "$1/$d/fifo"
		mknod "$1/$d/char" c 1 3
		mknod "$1/$d/block" b 7 1
	done
}

every_kind_deleted() {
	rm -r "$1"/dir/* "$1/keep/file" "$1/keep/link" "$1/keep/fifo" "$1/keep/char" "$1/keep/block" "$1/keep/empty" "$1/x"
	echo plain >"$1/x"
}

kinds_swapped() {
	rm -r "$1/x" "$1/dir" "$1/keep/hard"
	mkdir -p "$1/x/y" "$1/keep/hard"
	echo again >"$1/x/y/z"
	ln -s keep "$1/dir"
}

all_deleted() {
	rm -r "$1"/*
	echo last >"$1/last"
}

@test "imgunpack: a Debian of umoci's is the same tree for umoci and docker" {
	ours "$LASH_DEBIAN:debian"
	dockers "$LASH_DEBIAN:debian" debian:x '.(/etc|/usr)?'
}

@test "imgunpack: a busybox of buildah's is the same tree for umoci and docker" {
	local c m b="buildah --root $PWD/b --runroot $PWD/r --storage-driver overlay"
	c=$($b from scratch)
	m=$($b mount "$c")
	busybox_rootfs "$m"
	mkdir -p "$m/d/e"
	echo 1 | tee "$m/d/f" "$m/d/e/g" >"$m/d/e/h"
	ln "$m/d/f" "$m/d/hard"
	$b umount "$c" >/dev/null
	$b commit -q "$c" base >/dev/null
	c=$($b from base)
	m=$($b mount "$c")
	rm -r "$m/d/e" "$m/bin/vi"
	mkdir "$m/d/e"
	echo 2 >"$m/d/e/new"
	chmod 700 "$m/root"
	mv "$m/etc" "$m/www/etc"
	ln -s www/etc "$m/etc"
	$b umount "$c" >/dev/null
	$b commit -q "$c" changed >/dev/null
	$b push -q changed oci:l:t
	ours l:t
	dockers l:t buildah:x
}

@test "imgunpack: an image docker built is the same tree for umoci and docker" {
	mkdir -p context/etc
	cp "$(command -v busybox)" context/busybox
	echo root:x:0:0:root:/:/bin/sh >context/etc/passwd
	cat >context/Dockerfile <<-'END'
		FROM scratch
		COPY busybox /bin/sh
		COPY etc /etc
		RUN for d in a b a/c; do mkdir /$d && echo $d >/$d/f && ln /$d/f /$d/hard && ln -s f /$d/l; done; chmod 4711 /bin/sh
		RUN rm -r /a/c /b/f && mkdir /a/c && echo new >/a/c/g && mv /b /moved && chown -h 5:7 /a/l && touch -d '2001-02-03 04:05' /etc
		CMD ["/bin/sh"]
	END
	docker build -q --network none -t built:x context >/dev/null 2>&1
	docker save built:x -o saved.tar
	skopeo copy -q docker-archive:saved.tar:built:x oci:l:t
	ours l:t
	dockers l:t built:x
}

@test "imgunpack: thirty layers are the same tree for umoci and docker" {
	umoci_new l:t
	for i in {1..30}; do
		mkdir -p "in/d$((i % 5))"
		echo "$i" | tee "in/d$((i % 5))/same$((i % 7))" >"in/f$i"
		[ $((i % 4)) -ne 0 ] || rm -rf "in/d$((i % 3))" "in/f$((i - 3))"
		[ $((i % 6)) -ne 0 ] || : >"in/.wh.f$((i - 2))"
		tar --sort=name -C in -cf layer.tar --transform 's,^\./,,' .
		umoci raw add-layer --image l:t layer.tar >/dev/null
		rm -f in/.wh.*
	done
	ours l:t
	dockers l:t thirty:x
}

@test "imgunpack: one of everything, then changed, is the same tree for umoci" {
	umoci_new l:t
	umoci_commit l:t one_of_everything
	umoci_commit l:t much_changed
	mkdir third
	truncate -s 1m third/holes
	echo end >>third/holes
	tar --format=posix --sparse -C third --mtime=@1234567890.5 -cf third.tar holes
	umoci raw add-layer --image l:t third.tar
	ours l:t
}

@test "imgpack: one of everything, then changed, is the same tree for umoci and docker" {
	we_commit l:t one_of_everything
	we_commit l:t much_changed
	ours l:t
	dockers l:t everything:x
}

@test "imgunpack: whiteouts of everything are the same tree for umoci" {
	umoci_new l:t
	umoci_commit l:t every_kind_everywhere
	umoci_commit l:t every_kind_deleted
	umoci_commit l:t kinds_swapped
	ours l:t
	unpacked_teardown
	cd "$BATS_TEST_TMPDIR"
	rm -rf flat mounted theirs c
	umoci_commit l:t all_deleted
	ours l:t
	[ "$(ls -A flat)" = last ]
}

@test "imgpack: whiteouts of everything are the same tree for umoci and docker" {
	we_commit l:t every_kind_everywhere
	we_commit l:t every_kind_deleted
	we_commit l:t kinds_swapped
	ours l:t
	dockers l:t whiteouts:x
}
