# hostile-netns.bats - what others may have put where netns looks: FIFOs, links, devices, directories, names, huge files.
# Nothing is waited for, nothing is followed out, nothing of theirs is touched.
# shellcheck shell=bash disable=SC2154

load lib/common

setup() {
	need root ip nft jq
	export LASH_RUN=$BATS_TEST_TMPDIR/run LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
	export CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/c1 CNI_PATH=$LASH_LIBEXEC/cni
	mkdir -p "$LASH_ETC/net.d"
}

teardown() {
	netns ls -q | xargs -r netns del
	netns gc
	ip netns del c1 2>/dev/null || :
}

# soon COMMAND... - what hangs is ended, with status 124.
soon() {
	run --separate-stderr timeout 20 "$@"
	[ "$status" -ne 124 ] || fail "hangs: $*"
}

@test "netns add: what is in /run/netns and is no namespace stays as it is" {
	mkdir -p /run/netns /run/netns/dir
	echo secret >"$BATS_TEST_TMPDIR/secret"
	mkfifo /run/netns/fifo
	ln -s "$BATS_TEST_TMPDIR/secret" /run/netns/link
	ln -s "$BATS_TEST_TMPDIR/new" /run/netns/dangling
	ln -s /proc/1/ns/net /run/netns/nslink
	before=$(ls -l /run/netns)
	for name in fifo link dangling nslink dir; do
		soon netns add --network none "$name"
		assert_status 1
		assert_one_line "netns add: *$name*"
		soon netns exec "$name" true
		soon netns del "$name"
		[ ! -e "$LASH_RUN/net/spaces/$name" ]
	done
	[ "$(ls -l /run/netns)" = "$before" ]
	[ "$(cat "$BATS_TEST_TMPDIR/secret")" = secret ]
	[ ! -e "$BATS_TEST_TMPDIR/new" ]
	rm -r /run/netns/{dir,fifo,link,dangling,nslink}
}

@test "netns: a name that is none is misuse, for every verb" {
	for name in a/b .. . '' $'a\nb' -x 'a b' $'\xc3\xa9' "$(printf 'x%.0s' {1..300})"; do
		for verb in add del exec show publish check; do
			soon netns "$verb" -- "$name" 80
			[[ $status -eq 2 || $status -eq 125 ]] || fail "$verb '$name': $status"
			assert_one_line 'netns*'
		done
	done
	assert_empty "$(ls "$LASH_RUN/net/spaces" 2>/dev/null)" spaces
}

@test "netns network: lists that are no files are told of and passed over" {
	mkfifo "$LASH_ETC/net.d/fifo.conflist"
	mkdir "$LASH_ETC/net.d/dir.conflist"
	ln -s /dev/zero "$LASH_ETC/net.d/zero.conflist"
	ln -s nowhere "$LASH_ETC/net.d/dangling.conflist"
	truncate -s 1G "$LASH_ETC/net.d/huge.conflist"
	soon netns network ls -q
	assert_output bridge
	[ "$(wc -l <<<"$stderr")" -eq 5 ]
	soon netns add web
	assert_status 0
	rm -r "$LASH_ETC"/net.d/*
}

@test "netns: records that are none are told of, and what is beside them lives and goes" {
	netns add -p 8080:80 web >/dev/null
	netns add stays >/dev/null
	mkfifo "$LASH_RUN/net/spaces/web/eth9" "$LASH_RUN/net/spaces/pipe" "$LASH_RUN/net/networks/pipe"
	mkdir -p "$LASH_RUN/net/attachments"
	mkfifo "$LASH_RUN/net/attachments/cni:a:b:c:masq"
	ln -s "$BATS_TEST_TMPDIR" "$LASH_RUN/net/spaces/link"
	ln -s "$BATS_TEST_TMPDIR" "$LASH_RUN/net/networks/link"
	soon netns ls
	assert_line $'stays\teth0\tbridge*'
	for name in pipe link; do
		soon netns add "$name"
		assert_status 1
		soon netns del "$name"
		assert_status 1
		assert_one_line "netns del: *'$name'*"
	done
	nft flush ruleset
	soon netns check --repair stays
	assert_status 0
	nft list map inet lash pub4 | grep -q '"web"'
	soon netns gc
	assert_status 0
	soon netns del web
	assert_status 0
	soon netns check stays
	assert_status 0
	rm "$LASH_RUN"/net/{spaces,networks}/{pipe,link}
	netns gc
	[ -p "$LASH_RUN/net/attachments/cni:a:b:c:masq" ]
}

@test "netns gc: a cached result nobody can read stops it, for it may be all that says who lives" {
	mkdir -p "$LASH_ROOT/cni/results"
	mkfifo "$LASH_ROOT/cni/results/a-b-eth0"
	soon netns gc
	assert_status 1
	assert_one_line "netns gc: read cached result 'a-b-eth0': Invalid argument"
	rm "$LASH_ROOT/cni/results/a-b-eth0"
	truncate -s 1G "$LASH_ROOT/cni/results/a-b-eth0"
	soon netns gc
	assert_one_line "netns gc: read cached result 'a-b-eth0': File too large"
	rm "$LASH_ROOT/cni/results/a-b-eth0"
}

# conf RANGE [MORE] - a configuration of host-local.
conf() {
	jq -nc --arg dir "$BATS_TEST_TMPDIR/leases" --argjson range "$1" --argjson more "${2:-{\}}" \
	    '{cniVersion:"1.0.0",name:"n",type:"host-local",ipam:({type:"host-local",dataDir:$dir,ranges:[[$range]]} + $more)}'
}

# local VERB CONF - run host-local; $output is what it says.
local_ipam() {
	run --separate-stderr env CNI_COMMAND="$1" timeout 20 "$LASH_LIBEXEC/cni/host-local" <<<"$2"
	[ "$status" -ne 124 ] || fail "hangs"
}

@test "cni: namespaces, stores, leases and resolv.conf that are FIFOs or devices are not waited for" {
	mkdir -p /run/netns "$BATS_TEST_TMPDIR/leases/n"
	mkfifo /run/netns/c1 "$BATS_TEST_TMPDIR/fifo"
	run timeout 20 env CNI_COMMAND=ADD "$LASH_LIBEXEC/cni/bridge" <<<"$(conf '{"subnet":"10.9.0.0/24"}')"
	[ "$(jq -r .code <<<"$output")" = 4 ]
	rm /run/netns/c1
	ip netns add c1
	run timeout 20 env CNI_COMMAND=ADD "$LASH_LIBEXEC/cni/bridge" </dev/zero
	[ "$(jq -r .code <<<"$output")" = 5 ]
	mkfifo "$BATS_TEST_TMPDIR/leases/n/10.9.0.2"
	ln -s /dev/zero "$BATS_TEST_TMPDIR/leases/n/10.9.0.3"
	local_ipam ADD "$(conf '{"subnet":"10.9.0.0/24"}')"
	[ "$(jq -r '.ips[0].address' <<<"$output")" = 10.9.0.4/24 ]
	local_ipam DEL "$(conf '{"subnet":"10.9.0.0/24"}')"
	assert_status 0
	local_ipam ADD "$(conf '{"subnet":"10.9.0.0/24"}' "{\"resolvConf\":\"$BATS_TEST_TMPDIR/fifo\"}")"
	[[ $(jq -r .msg <<<"$output") == "read '"*"/fifo': Invalid argument" ]] || fail "$output"
	[ -z "$(grep -ls c1 "$BATS_TEST_TMPDIR"/leases/n/10.9.0.[4-9])" ]
	rm -r "$BATS_TEST_TMPDIR/leases"
	mkfifo "$BATS_TEST_TMPDIR/leases"
	local_ipam ADD "$(conf '{"subnet":"10.9.0.0/24"}')"
	[[ $(jq -r .msg <<<"$output") == *'Not a directory' ]]
}

@test "cni host-local: ranges of more than 2^64 addresses begin, end and begin anew" {
	ip netns add c1
	first=fd00:ffff::1 last=fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
	range="{\"subnet\":\"fd00::/8\",\"rangeStart\":\"$first\"}"
	for n in 1 2; do
		CNI_CONTAINERID=c$n local_ipam ADD "$(conf "$range")"
		[ "$(jq -r '.ips[0].address' <<<"$output")" = "fd00:ffff::$n/8" ] || fail "$output"
	done
	CNI_CONTAINERID=c1 local_ipam DEL "$(conf "$range")"
	echo "${last%f}e" >"$BATS_TEST_TMPDIR/leases/n/last_reserved_ip.0"
	for want in "$last" "$first" fd00:ffff::3; do
		CNI_CONTAINERID=x${want##*:} local_ipam ADD "$(conf "$range")"
		[ "$(jq -r '.ips[0].address' <<<"$output")" = "$want/8" ] || fail "$want: $output"
	done
	# Nonsense there is where it begins.
	echo 'fd00::zz' >"$BATS_TEST_TMPDIR/leases/n/last_reserved_ip.0"
	CNI_CONTAINERID=y local_ipam ADD "$(conf "$range")"
	[ "$(jq -r '.ips[0].address' <<<"$output")" = fd00:ffff::4/8 ]
	local_ipam ADD "$(conf '{"subnet":"::/0"}')"
	[ "$(jq -r .code <<<"$output")" = 7 ]
}

@test "netns add: a plugin of others has the caller's environment, and three descriptors" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/nosy" <<-SH
		#!/bin/sh
		[ \$CNI_COMMAND = ADD ] || exit 0
		ls /proc/\$\$/fd >$BATS_TEST_TMPDIR/fds
		env >$BATS_TEST_TMPDIR/env
		echo '{"cniVersion":"1.0.0","ips":[]}'
	SH
	chmod +x "$BATS_TEST_TMPDIR/bin/nosy"
	echo '{"cniVersion":"1.0.0","name":"nosy","plugins":[{"type":"nosy"}]}' >"$LASH_ETC/net.d/nosy.conflist"
	export CNI_PATH=$BATS_TEST_TMPDIR/bin
	CNI_ARGS=EVIL=1 COLOUR=red netns add --network nosy web 7</etc/passwd >/dev/null
	# From 10 on they are the shell's own.
	[ "$(grep -x '[0-9]' "$BATS_TEST_TMPDIR/fds" | tr '\n' ' ')" = '0 1 2 ' ] || fail "$(<"$BATS_TEST_TMPDIR/fds")"
	grep -qx COLOUR=red "$BATS_TEST_TMPDIR/env"
	grep -qx CNI_CONTAINERID=web "$BATS_TEST_TMPDIR/env"
	grep -qx CNI_ARGS= "$BATS_TEST_TMPDIR/env"
	netns del web
}
