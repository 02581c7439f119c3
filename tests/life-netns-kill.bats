# A netns verb killed at any step leaves only what del or gc removes, and what lives on is whole.
# shellcheck shell=bash disable=SC2154

load lib/common

setup() {
	need root ip nft
	export LASH_RUN=$BATS_TEST_TMPDIR/run LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
}

# left [up] - what there is of ours, one thing a line; nothing when all is clean. With up, a network may be.
left() {
	local net=(! -name .forwarding-was-off)
	if [ "${1-}" = up ]; then
		net+=(! -path '*/networks/bridge' ! -name conflist ! -name made ! -name 'last.*' ! -name '.*.new')
	fi
	find "$LASH_RUN/net" -mindepth 2 "${net[@]}" 2>/dev/null
	nft list ruleset | grep -E 'comment "[a-z]+"'
	ip -o link show up | grep veth
	[ "${1-}" = up ] || ip -o link show up | grep lash
	ls /run/netns 2>/dev/null
	return 0
}

# at_every_step COMMAND... - kill it before its first change to the world, the second, ...; after each, run the
# function `recover`, after which nothing may be left.
at_every_step() {
	local n=1
	while prepare && killat change "$n" "$@" >/dev/null 2>&1; do
		recover || fail "killed at step $n: recovery fails"
		assert_empty "$(left "${network-}")" "killed at step $n, left"
		n=$((n + 1))
	done
	[ "$n" -gt 5 ] || fail "only $n steps"
	recover
	assert_empty "$(left "${network-}")" "not killed, left"
	netns gc
	assert_empty "$(left)" "after gc"
}

@test "netns add: killed at any step, del removes what is left" {
	local network=up
	prepare() { :; }
	recover() { netns del web; }
	at_every_step netns add -p 8080:80 -p 127.0.0.1:53:53/udp web
}

@test "netns add: killed at any step, gc removes what is left" {
	prepare() { :; }
	recover() {
		netns gc
		[ "$(netns ls -q)" != web ] || netns del web
		netns gc
	}
	at_every_step netns add -p 8080:80 web
}

@test "netns add: killed at any step, the next add of that name works after gc, beside others" {
	netns add -p 9090:90 other
	local n=1
	while killat change "$n" netns add -p 8080:80 web >/dev/null 2>&1; do
		netns gc
		[ "$(netns ls -q)" = other ] || netns del web
		netns add -p 8080:80 web >/dev/null
		netns check web other
		netns del web
		n=$((n + 1))
	done
	netns del web other
	netns gc
	assert_empty "$(left)" left
}

@test "netns del: killed at any step, del finishes" {
	local network=up
	prepare() { netns add -p 8080:80 web >/dev/null; }
	recover() { netns del web; }
	at_every_step netns del web
}

@test "netns publish: killed at any step, the namespace lives on with what it had" {
	netns add -p 8080:80 web
	local n=1
	while killat change "$n" netns publish web 8081:81 >/dev/null 2>&1; do
		netns gc
		netns check web
		netns unpublish web 8081:81
		netns gc
		[ "$(nft list ruleset | grep -c 'comment "web"')" = 1 ]
		n=$((n + 1))
	done
	[ "$n" -gt 2 ]
	netns del web
	netns gc
	assert_empty "$(left)" left
}

@test "netns unpublish: killed at any step, gc takes the port back" {
	netns add -p 8080:80 web
	local n=1
	while netns publish web 8081:81 >/dev/null && killat change "$n" netns unpublish web 8081:81 >/dev/null 2>&1; do
		netns gc
		netns check web
		netns unpublish web 8081:81
		[ "$(nft list ruleset | grep -c 'comment "web"')" = 1 ]
		n=$((n + 1))
	done
	netns del web
	netns gc
	assert_empty "$(left)" left
}

@test "netns connect: killed at any step, the namespace lives on with what it had" {
	netns network create back
	netns add web
	local n=1
	while killat change "$n" netns connect web back >/dev/null 2>&1; do
		netns gc
		netns check web
		run netns exec web ip -o link show eth1
		if [ "$status" -eq 0 ]; then
			netns disconnect web back
		fi
		netns gc
		[ ! -e "$LASH_RUN/net/networks/back" ]
		n=$((n + 1))
	done
	[ "$n" -gt 5 ]
	netns disconnect web back
	netns del web
	netns gc
	assert_empty "$(left)" left
}

@test "netns gc: killed at any step, gc finishes" {
	prepare() {
		netns add -p 8080:80 web >/dev/null
		umount /run/netns/web
		ln -s nobody/eth0 "$LASH_RUN/net/networks/bridge/10.87.200.1"
	}
	recover() { netns gc; }
	at_every_step netns gc
}
