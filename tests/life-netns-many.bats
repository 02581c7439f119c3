# Many at once: addresses stay distinct, ports have one owner, gc leaves alone what others are making.
# shellcheck shell=bash disable=SC2154

load lib/common

setup() {
	need root ip nft jq
	export LASH_RUN=$BATS_TEST_TMPDIR/run LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
}

teardown() {
	netns ls -q | xargs -r netns del
	netns gc
	assert_empty "$(find "$LASH_RUN/net" -mindepth 2 ! -name .forwarding-was-off)" records
}

@test "netns add: 32 at once have 32 addresses on one bridge" {
	local i pids=()
	for i in $(seq 32); do
		netns add -p "$((8000 + i)):80" "n$i" >/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(netns ls -q | wc -l)" = 32 ]
	[ "$(netns ls | cut -f 4 | sort -u | wc -l)" = 32 ]
	netns ls -q | xargs netns check
	netns ls -q | xargs -P 8 -n 1 netns del
	assert_empty "$(netns ls)" namespaces
	assert_empty "$(nft list ruleset | grep -E 'comment "n[0-9]')" ports
}

@test "netns add: of 8 that want one port one gets it, the others leave nothing" {
	local i pids=() won=0
	for i in $(seq 8); do
		netns add -p 8080:80 "n$i" >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		if wait "$i"; then
			won=$((won + 1))
		fi
	done
	[ "$won" = 1 ]
	[ "$(netns ls -q | wc -l)" = 1 ]
	netns check "$(netns ls -q)"
}

@test "netns add: of 8 that want one name one gets it" {
	local i pids=() won=0
	for i in $(seq 8); do
		netns add web >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		if wait "$i"; then
			won=$((won + 1))
		fi
	done
	[ "$won" = 1 ]
	netns check web
}

@test "netns gc: leaves alone what is being made" {
	local i pids=()
	# A table that guards nothing goes with the last network, and must not go with the first.
	echo 1 >/proc/sys/net/ipv4/ip_forward
	for i in $(seq 12); do
		netns add -p 80 "n$i" >/dev/null 3>&- &
		pids+=($!)
		netns gc 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(netns ls -q | wc -l)" = 12 ]
	netns ls -q | xargs netns check
}

@test "netns add: 2000 ports of one namespace, more than a message holds, all or nothing" {
	netns add -p 20000-21999:1000-2999 web >/dev/null
	[ "$(nft list map inet lash pub4 | grep -c 'comment "web"')" = 2000 ]
	run --separate-stderr netns add -p 21999-22498:1000-1499 other
	assert_status 1
	assert_one_line "netns add: publish port '21999/tcp': already published by 'web'"
	[ "$(nft list map inet lash pub4 | grep -c 'comment "')" = 2000 ]
	nft flush ruleset
	netns add next >/dev/null
	[ "$(nft list map inet lash pub4 | grep -c 'comment "web"')" = 2000 ]
	netns del next
	netns check web
	netns del web
	assert_empty "$(nft list ruleset | grep 'comment "web"')" ports
}
