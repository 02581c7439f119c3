#!/usr/bin/env bats
# Images between layouts and archives: imgctl save and load, imgpull and imgpush with oci: and archives; skopeo and podman
# read what we write and write what we read. (docker does in engines-docker.bats.)

load lib/common
load lib/images

setup() {
	need root openssl jq skopeo
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR LASH_ROOT=$BATS_TEST_TMPDIR/root
	layout_image l docker.io/some/app:v1 1000 300000
}

pod() {
	podman --root "$PWD/p" --runroot "$PWD/r" --storage-driver vfs "$@"
}

# same_image LAYOUT - the only image there is the one of l, whole.
same_image() {
	imgctl verify "$1"
	[ "$(jq -r '.manifests[0].digest' "$1/index.json")" = "$manifest" ]
	diff -r l/blobs "$1/blobs"
}

@test "imgctl save, load: misuse and what is not there" {
	local args
	for args in 'save' 'save l:' 'save --platform x l' 'load' 'load a b' 'load -i' 'save --no-such l' 'load --no-such l'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr imgctl $args
		assert_status 2
		assert_one_line 'imgctl*: *'
	done
	run --separate-stderr imgctl save -o x.tar l:nope
	assert_status 1
	assert_one_line "imgctl save: no image 'nope' in this layout"
	run --separate-stderr imgctl load -i nope.tar m
	assert_status 1
	assert_one_line "imgctl load: open 'nope.tar': No such file or directory"
	run --separate-stderr imgctl save -o none/x.tar l
	assert_status 1
	assert_one_line "imgctl save: write 'none/x.tar': No such file or directory"
	run --separate-stderr script -qec 'imgctl save l' /dev/null
	[[ $output == *"an archive is nothing for a terminal"* ]]
	layer=$(jq -r '.layers[0].digest' "l/blobs/sha256/${manifest#sha256:}")
	printf 'X' | dd of="l/blobs/sha256/${layer#sha256:}" conv=notrunc status=none
	run --separate-stderr imgctl save -o x.tar l
	assert_status 1
	assert_one_line "imgctl save: read blob '$layer': content does not match its digest"
	run --separate-stderr imgpush l oci:copy
	assert_status 1
	assert_one_line "imgpush: read blob '$layer': content does not match its digest"
	rm "l/blobs/sha256/${layer#sha256:}"
	run --separate-stderr imgpush l docker-archive:x.tar
	assert_status 1
	assert_one_line "imgpush: read blob '$layer': No such file or directory"
	[ -z "$(ls -A | grep 'x.tar')" ]
}

@test "imgctl save, load: the same image under all its names, the same bytes each time" {
	imgctl tag l:docker.io/some/app:v1 docker.io/library/other:2
	imgctl save -o a.tar l:docker.io/some/app:v1 l:docker.io/library/other:2
	imgctl save l:docker.io/some/app:v1 l:docker.io/library/other:2 | cmp - a.tar
	[ "$(tar xOf a.tar manifest.json | jq -c '[length, .[0].RepoTags]')" = '[1,["docker.io/some/app:v1","docker.io/library/other:2"]]' ]
	run --separate-stderr imgctl load -i a.tar m
	assert_status 0
	assert_output $'docker.io/some/app:v1\ndocker.io/library/other:2'
	same_image m
	gzip <a.tar | imgctl load m
	[ "$(imgctl ls -q m | wc -l)" = 2 ]
	[ -z "$(ls -A m/tmp)" ]
}

@test "imgctl load: names of docker's are completed with --full, an OCI tag too" {
	skopeo copy -q oci:l:docker.io/some/app:v1 docker-archive:d.tar:short:1
	skopeo copy -q oci:l:docker.io/some/app:v1 oci-archive:o.tar:v7
	run --separate-stderr imgctl load -i o.tar m
	assert_output v7
	run --separate-stderr imgctl load --full -i o.tar m
	assert_output docker.io/library/v7:latest
	run --separate-stderr imgctl load --full -i d.tar m
	assert_output docker.io/library/short:1
	imgctl verify m
}

@test "imgctl load: an archive that lacks something changes nothing by name" {
	layer=$(jq -r '.layers[1].digest' "l/blobs/sha256/${manifest#sha256:}")
	tar -C l -cf a.tar --exclude="${layer#sha256:}" .
	layout_image m other 10
	cp m/index.json before
	run --separate-stderr imgctl load -i a.tar m
	assert_status 1
	assert_one_line "imgctl load: image 'sha256:*': layer '$layer' is missing, or not of the size stated"
	cmp before m/index.json
	imgctl gc m
	imgctl verify m
	[ "$(ls m/blobs/sha256 | wc -l)" = 3 ]
}

@test "imgpull, imgpush: layouts and archives as sources and targets" {
	run --separate-stderr imgpull oci:l:docker.io/some/app:v1 m
	assert_output "$manifest"
	[ "$(imgctl ls -q m)" = docker.io/some/app:v1 ]
	same_image m
	imgpush l oci:n:x
	[ "$(imgctl ls -q n)" = x ]
	same_image n
	imgpush n docker-archive:n.tar:some/name:2
	imgpush n oci-archive:-:some/name:2 | cmp - n.tar
	imgpull docker-archive:n.tar:docker.io/some/name:2 o:y
	imgctl gc o
	same_image o
	imgpull docker-archive:- q <n.tar
	[ "$(imgctl ls -q q)" = docker.io/some/name:2 ]
	run --separate-stderr imgpull docker-archive:n.tar:none o:z
	assert_status 1
	assert_one_line "imgpull: read 'n.tar': no image 'none'"
	run --separate-stderr imgpull oci:l:none o:z
	assert_status 1
	assert_one_line "imgpull: no image 'none' in this layout"
	[ "$(imgctl ls -q o)" = y ]
}

@test "imgctl save: skopeo and podman read it; imgctl load: reads what they write" {
	need podman
	config=$(jq -r .config.digest "l/blobs/sha256/${manifest#sha256:}")
	imgctl save -o a.tar l
	skopeo copy -q docker-archive:a.tar oci:s:1
	[ "$(skopeo inspect oci-archive:a.tar | jq -r .Digest)" = "$manifest" ]
	pod load -q -i a.tar
	[ "$(pod image inspect docker.io/some/app:v1 | jq -r '.[0].Id')" = "${config#sha256:}" ]
	imgctl tag l:docker.io/some/app:v1 docker.io/some/other:2
	layout_image k docker.io/third/one:3 50
	imgctl save l:docker.io/some/app:v1 l:docker.io/some/other:2 k >b.tar
	pod load -q -i b.tar
	[ "$(pod images -q | sort -u | wc -l)" = 2 ]
	pod image exists docker.io/third/one:3
	pod save -q --format docker-archive -o p.tar docker.io/some/app:v1
	pod save -q --format oci-archive -o po.tar docker.io/some/app:v1
	imgctl load -i p.tar m
	imgctl load -i po.tar m
	[ "$(imgctl ls -q m | sort -u)" = docker.io/some/app:v1 ]
	[ "$(imgctl inspect m:docker.io/some/app:v1 | jq -c .rootfs)" = "$(imgctl inspect l:docker.io/some/app:v1 | jq -c .rootfs)" ]
	imgctl verify m
}

@test "imgctl rm --layers: unpacked layers go with the last image that had them" {
	imgctl tag l:docker.io/some/app:v1 again
	imgctl mount --layers store l:again <<<'' mnt
	imgctl umount --layers store mnt
	imgctl rm --layers store l:again
	[ "$(ls store | wc -l)" = 2 ]
	imgctl rm --layers store l:docker.io/some/app:v1
	[ "$(ls store | wc -l)" = 0 ]
}
