# cgctl.bash - groups of one test, and processes in them: `load lib/cgctl` after lib/common.
#
# Defines: cgctl_setup, cgctl_teardown, places, sleeper, populated, empty.
# Sets in cgctl_setup: $group, $top (where the hierarchies are). sleeper sets $pid.
# shellcheck shell=bash disable=SC2034,SC2154

cgctl_setup() {
	need root
	group=$(unique)
	top=${LASH_CGROUP:-/sys/fs/cgroup}
}

cgctl_teardown() {
	# Before bats removes the directory, and with it what is mounted there.
	[ -z "${LASH_CGROUP-}" ] || umount "$LASH_CGROUP" 2>/dev/null || :
	unset LASH_CGROUP
	[ -z "${group-}" ] || cgctl rm --kill -t 10 "$group"
	[ -z "${group-}" ] || [ -z "$(places "$group")" ] || fail "left behind: $(places "$group")"
}

# places GROUP - its directories in every hierarchy.
places() {
	find "$top" -maxdepth 3 -path "*/$1" -type d
}

# sleeper [GROUP] - a process in the group; its PID is $pid.
sleeper() {
	cgctl exec "${1:-$group}" sleep 300 3>&- &
	wait_for 20 populated "${1:-$group}"
	pid=$(cgctl ps "${1:-$group}" | head -n 1)
}

populated() {
	[ -n "$(cgctl ps -r "$1")" ]
}

empty() {
	! populated "$1"
}

# v2_dir - where the v2 hierarchy is.
v2_dir() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		echo /sys/fs/cgroup
	else
		echo /sys/fs/cgroup/unified
	fi
}
