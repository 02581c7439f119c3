# containerd.bash - a containerd of our own: `load lib/containerd` behind lib/common.
#
# Defines: containerd_start, containerd_kill, containerd_up, c (ctr), containerd_image.
# Sets: $containerd (its pid). Everything is below /run/cd, which is the sandbox's and short enough for sockets.
# shellcheck shell=bash disable=SC2154

# containerd_start [DIR] - start it, with DIR before PATH.
containerd_start() {
	mkdir -p /run/cd
	cat >/run/cd/config.toml <<-END
		version = 2
		root = "/run/cd/root"
		state = "/run/cd/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "/run/cd/cd.sock"
	END
	PATH=${1:+$1:}$PATH containerd -c /run/cd/config.toml >>"$BATS_FILE_TMPDIR/containerd.log" 2>&1 3>&- &
	echo $! >/run/cd/pid
	wait_for 60 containerd_up || fail "$(tail -n 5 "$BATS_FILE_TMPDIR/containerd.log")"
}

containerd_up() {
	ctr -a /run/cd/cd.sock version >/dev/null 2>&1 3>&-
}

# containerd_kill SIGNAL - end it, and see that it has.
containerd_kill() {
	kill -s "$1" "$(cat /run/cd/pid)"
	wait_for 60 containerd_gone
}

containerd_gone() {
	local state
	state=$(awk '/^State/ { print $2 }' "/proc/$(cat /run/cd/pid)/status" 2>/dev/null) || :
	[ -z "$state" ] || [ "$state" = Z ]
}

# containerd_image - busybox as "box:latest".
containerd_image() {
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
	imgpack new --layer "$BATS_FILE_TMPDIR/rootfs" --cmd sh "$BATS_FILE_TMPDIR/layout:box:latest" >/dev/null
	tar -C "$BATS_FILE_TMPDIR/layout" -cf "$BATS_FILE_TMPDIR/box.tar" .
	c images import "$BATS_FILE_TMPDIR/box.tar" >/dev/null
}

# c WORD... - ctr, which must not wait for ever; in the foreground, as it may have a terminal.
c() {
	timeout --foreground 60 ctr -a /run/cd/cd.sock "$@" 3>&-
}
