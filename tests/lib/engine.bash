# engine.bash - what the tests of lash share: `load lib/engine` after common.
#
# Defines: engine_setup (once a file), engine_teardown (after each test: removes all containers).
# shellcheck shell=bash disable=SC2154

# engine_setup - a store with one image, `box` (busybox, CMD sh), and a control group of our own.
engine_setup() {
	export LASH_ROOT=$BATS_FILE_TMPDIR/root LASH_ETC=$BATS_FILE_TMPDIR/etc
	LASH_GROUP=/$(unique)
	export LASH_GROUP
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
	imgpack new --layer "$BATS_FILE_TMPDIR/rootfs" --cmd sh "$LASH_ROOT/images:docker.io/library/box:latest" >/dev/null
}

# engine_teardown - what a test left is removed by our own means, and then nothing is there.
engine_teardown() {
	local id left
	for id in $(lash ps -aq --no-trunc); do
		lash rm -fv "$id" >/dev/null
	done
	cgctl rm "$LASH_GROUP" 2>/dev/null || true
	left=$(engine_left)
	assert_empty "$left" "left behind"
}

# engine_left - everything a container may leave: files, mounts, groups, namespaces, shims.
engine_left() {
	find "$LASH_ROOT/containers" "$LASH_ROOT/names" /run/lash/shim /run/lash/net/spaces -mindepth 1 2>/dev/null
	find /run/lash/runc -mindepth 1 -maxdepth 1 ! -name '.*' 2>/dev/null
	grep -F "$LASH_ROOT/" /proc/self/mounts
	find /sys/fs/cgroup -mindepth 1 -type d -path "*$LASH_GROUP/*" 2>/dev/null
	ls /run/netns 2>/dev/null
	return 0
}
