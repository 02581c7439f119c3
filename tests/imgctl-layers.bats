#!/usr/bin/env bats
# imgctl and the store of unpacked layers: mount, diff, du, gc, verify.

load lib/common
load lib/unpacked

setup() {
	unpacked_setup
	export LASH_ROOT=$PWD/root
}

teardown() {
	unpacked_teardown
}

# two_images - t and u share a layer; u has one more, v is somebody else's.
two_images() {
	make_image <<-'PY'
		shared = layer(tar(folder('./', mode=0o711), folder('d'), entry('d/x', 'x' * 5000), entry('gone', '1')))
		image(shared, tag='t')
		image(shared, layer(tar(whiteout('.wh.gone'), folder('d', mode=0o700), entry('d/y', 'y' * 9000), entry('d/x', 'z' * 5001))), tag='u')
		image(layer(tar(entry('other', 'o'))), tag='v')
	PY
}

layers() {
	find root/layers -mindepth 1 -maxdepth 1 -name '*sha256-*' ! -name '.root*' | wc -l
}

@test "imgctl mount: shows an image read-only, twice is refused, umount twice is once" {
	two_images
	imgunpack l:u flat >/dev/null
	run --separate-stderr imgctl mount l:u m
	assert_status 0
	assert_empty "$output$stderr"
	same_trees flat m
	[ "$(stat -c '%a %Y' m)" = "$(stat -c '%a %Y' flat)" ]
	run touch m/new
	[[ $output == *'Read-only file system'* ]]
	run --separate-stderr imgctl mount l:v m
	assert_status 1
	assert_one_line "imgctl mount: mount on 'm': something is mounted there"
	imgctl mount l:t m-t
	imgunpack l:t flat-t >/dev/null
	same_trees flat-t m-t
	for i in 1 2; do
		run --separate-stderr imgctl umount m m-t
		assert_status 0
	done
	[ -z "$(ls -A root/layers/.uses m m-t)" ] || [ -z "$(find root/layers/.uses m m-t -type f)" ]
}

@test "imgctl gc --layers: keeps what an image has or somebody mounts, and removes the rest" {
	two_images
	imgunpack --overlay c l:u mounted >/dev/null
	imgctl mount l:v m
	imgctl mount l:t m-t
	[ "$(layers)" -eq 3 ]
	imgctl umount m-t
	imgctl rm l:u l:t l:v
	mkdir root/layers/.sha256-half.new root/layers/not-ours
	run --separate-stderr imgctl gc -n --layers root/layers l
	assert_status 0
	assert_output layers/.sha256-half.new
	imgctl gc --layers root/layers l
	[ "$(layers)" -eq 3 ]
	[ ! -e root/layers/.sha256-half.new ] && [ -e root/layers/not-ours ]
	[ "$(wc -c <mounted/d/x)" -eq 5001 ] && [ "$(cat m/other)" = o ]
	umount m
	# looking changes nothing, not even a note that is out of date
	before=$(find root/layers | sort)
	run --separate-stderr imgctl gc -n --layers root/layers l
	[[ $output == layers/sha256-* && $output != *$'\n'* ]] || fail "$output"
	[ "$(find root/layers | sort)" = "$before" ]
	imgctl gc --layers root/layers l
	[ "$(layers)" -eq 2 ]
	umount mounted
	imgctl gc --layers root/layers l
	[ "$(layers)" -eq 2 ] # the container may start again
	rm -r c
	imgctl gc --layers root/layers l
	[ "$(layers)" -eq 0 ]
	imgctl gc --layers root/layers l
	imgctl gc --layers nowhere l
}

@test "imgctl gc --layers: beside unpackers and other collectors nothing that is used goes" {
	two_images
	for i in 1 2 3; do
		for tag in t u v; do
			imgunpack --overlay "c$i$tag" l:$tag "mounted$i$tag" >/dev/null 2>"err$i$tag" 3>&- &
		done
		imgctl gc --layers root/layers l 3>&- &
	done
	wait
	assert_empty "$(cat err*)" stderr
	imgctl rm l:u l:t l:v
	imgctl gc --layers root/layers l
	for i in 1 2 3; do
		[ "$(wc -c <"mounted${i}u/d/y")" -eq 9000 ]
		[ "$(cat "mounted${i}v/other")" = o ]
	done
}

@test "imgctl diff: of two images, of an image and a tree, as lines and as JSON" {
	two_images
	run --separate-stderr imgctl diff l:t l:u
	assert_status 0
	assert_output "C /d
C /d/x
A /d/y
D /gone"
	imgunpack l:u flat >/dev/null
	run --separate-stderr imgctl diff l:u flat
	assert_status 0
	assert_output ""
	# deeper than the caller's number of descriptors
	mkdir -p "one/$(printf 'd/%.0s' {1..60})" "two/$(printf 'd/%.0s' {1..60})e"
	touch -d @1 $(find one two)
	run --separate-stderr sh -c 'ulimit -Sn 40; imgctl diff one two'
	assert_output "$(printf 'A '; printf '/d%.0s' {1..60})/e"
	echo new >flat/d/$'new\nline'
	setfattr -n user.x -v y flat/d/y
	run --separate-stderr imgctl diff l:u flat
	assert_output "C /d
A /d/new?line
C /d/y"
	[ "$(imgctl diff --json l:u flat | jq -r 'select(.kind == "A").path')" = $'d/new\nline' ]
	printf z | dd of=flat/d/x conv=notrunc status=none
	touch -d @1000000000 flat/d/x
	printf y | dd of=flat/d/x conv=notrunc status=none
	touch -d @1000000000 flat/d/x
	[ "$(imgctl diff l:u flat | grep -c d/x)" -eq 0 ]
	[ "$(imgctl diff --content l:u flat | grep -c d/x)" -eq 1 ]
}

@test "imgctl du: what images take alone and share, and their layers" {
	two_images
	run --separate-stderr imgctl du l
	assert_status 0
	assert_line 'NAME  SIZE * SHARED  OWN*'
	[ "$(imgctl du --json l | jq -s 'map(.shared > 0)' -c)" = '[true,true,false]' ]
	# what removing an image frees is what it has alone
	own=$(imgctl du --json l | jq 'select(.name == "u").own')
	before=$(cat l/blobs/sha256/* | wc -c)
	imgctl tag l:u u-too
	[ "$(imgctl du --json l | jq 'select(.name == "u").own')" = "$own" ]
	imgctl rm l:u l:u-too
	[ $((before - $(cat l/blobs/sha256/* | wc -c))) -eq "$own" ]
	imgctl mount l:t m
	[ "$(imgctl du --json --layers root/layers l | jq -c 'select(.kind == "layer") | .size > 4096')" = true ]
	imgctl umount m
}

@test "imgctl verify --layers: unpacks again and says what differs" {
	two_images
	imgctl mount l:u m
	imgctl umount m
	run --separate-stderr imgctl verify --layers root/layers l
	assert_status 0
	assert_empty "$output$stderr"
	file=$(find root/layers -name y)
	printf x | dd of="$file" conv=notrunc status=none
	touch -d @1000000000 "$file"
	run --separate-stderr imgctl verify --layers root/layers l
	assert_status 1
	assert_one_line "imgctl verify: layer 'sha256-*': 'd/y' differs"
	[ -z "$(find root/layers -name '.verify*')" ]
}
