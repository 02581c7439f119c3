# common.bash - what every bats file loads: `load lib/common`.
#
# Defines: need, fail, assert_status, assert_line, assert_one_line, assert_empty, busybox_rootfs, unique, in_terminal, wait_for.
# Run commands with `run --separate-stderr`: $output is stdout, $stderr is stderr.
# shellcheck shell=bash disable=SC2154 # $output, $stderr, $status are set by bats

bats_require_minimum_version 1.5.0

# need WHAT... - skip unless this machine has it. A skip is a failure under LASH_TEST_STRICT=1, unless it
# names something only the kernel can give (kernel:WHAT).
need() {
	local what
	for what in "$@"; do
		if ! has "$what"; then
			case ${LASH_TEST_STRICT-}:$what in
			1:kernel:*) skip "this kernel has no ${what#kernel:}" ;;
			1:*) fail "strict mode: $what is missing" ;;
			*) skip "$what is missing" ;;
			esac
		fi
	done
}

# has WHAT - root, kernel:FEATURE, kernel:VERSION (at least), kernel:criu (checkpoints can be made), or a command's name.
has() {
	case $1 in
	root) [ "$(id -u)" -eq 0 ] ;;
	kernel:cgroup2-memory) grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null ;;
	kernel:cgroup1) [ -d /sys/fs/cgroup/memory ] ;;
	kernel:[0-9]*) [ "$(printf '%s\n' "${1#kernel:}" "$(uname -r)" | sort -V | head -n 1)" = "${1#kernel:}" ] ;;
	kernel:criu-mem-track) criu check --feature mem_dirty_track >/dev/null 2>&1 ;;
	kernel:criu) criu check >/dev/null 2>&1 ;;
	kernel:userns) unshare -U true 2>/dev/null ;;
	kernel:apparmor) [ -e /sys/module/apparmor/parameters/enabled ] ;;
	kernel:numa) [ -e /proc/self/numa_maps ] ;;
	kernel:*) [ -e "/proc/self/ns/${1#kernel:}" ] || [ -e "/sys/module/${1#kernel:}" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# A sanitizer's search for leaks is a tracer itself, and there can be one only.
strace() {
	ASAN_OPTIONS=detect_leaks=0 command strace "$@"
}

# assert_status N - after `run`.
assert_status() {
	[ "$status" -eq "$1" ] || fail "status $status, want $1" "stdout: $output" "stderr: $stderr"
}

# assert_line PATTERN - stdout has a line that matches this glob.
assert_line() {
	local line
	while IFS= read -r line; do
		# shellcheck disable=SC2053 # a glob on purpose
		[[ $line == $1 ]] && return 0
	done <<<"$output"
	fail "no line like: $1" "stdout: $output" "stderr: ${stderr-}"
}

assert_output() {
	[ "$output" = "$1" ] || fail "stdout: $output" "want:   $1" "stderr: ${stderr-}"
}

# assert_one_line PATTERN - stderr is exactly one line and matches this glob.
assert_one_line() {
	[[ $stderr != *$'\n'* ]] || fail "more than one line on stderr:" "$stderr"
	# shellcheck disable=SC2053 # a glob on purpose
	[[ $stderr == $1 ]] || fail "stderr: $stderr" "want:   $1"
}

# assert_empty TEXT WHAT
assert_empty() {
	[ -z "$1" ] || fail "${2-output} is not empty:" "$1"
}

# unique - a name for groups, namespaces and containers of this test.
unique() {
	printf 'lash-test-%s-%s' "$$" "$RANDOM"
}

# in_terminal COMMAND - run a shell line on a terminal of its own where nobody types; its output has CRs.
# With a stdin at its end, script would type ^D, at which podman and docker stop to listen for output, too.
in_terminal() {
	[ -p "$BATS_TEST_TMPDIR/keys" ] || mkfifo "$BATS_TEST_TMPDIR/keys"
	script -qec "$1" /dev/null <>"$BATS_TEST_TMPDIR/keys"
}

# busybox_rootfs DIR - a root file system of busybox-static and the few files a container needs.
busybox_rootfs() {
	mkdir -p "$1/bin" "$1/etc" "$1/proc" "$1/sys" "$1/dev" "$1/tmp" "$1/root" "$1/var" "$1/www"
	cp "$(command -v busybox)" "$1/bin/busybox"
	chroot "$1" /bin/busybox --install -s /bin
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$1/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$1/etc/group"
	chmod 1777 "$1/tmp"
}

# wait_for SECONDS COMMAND... - until COMMAND succeeds.
wait_for() {
	local tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			fail "never came true: $*"
			return 1
		}
		sleep 0.05
	done
}
