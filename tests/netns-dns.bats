# netns: names on networks, answered by dnsmasq.
# shellcheck shell=bash disable=SC2154

load lib/common

setup() {
	need root ip nft busybox jq dnsmasq
	export LASH_RUN=$BATS_TEST_TMPDIR/run LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
	servers=$BATS_TEST_TMPDIR/servers
	: >"$servers"
}

teardown() {
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null || :
	done <"$servers"
	netns ls -q | xargs -r netns del
	netns gc
	assert_empty "$(find "$LASH_RUN/net" -mindepth 2 ! -name .forwarding-was-off)" records
	wait_for 20 no_servers
}

no_servers() {
	! pgrep -x dnsmasq >/dev/null
}

# ask SPACE NAME [TYPE] - addresses of NAME as SPACE sees them.
ask() {
	netns exec "$1" timeout 10 busybox nslookup -type="${3-a}" "$2" "$server" |
		sed -n '/^Name:/,$ { /^Address/s/^Address[^:]*: *//p }'
}

@test "netns: members find each other by name and alias; others are asked upstream" {
	run --separate-stderr netns add --alias 'a b' web
	assert_status 2
	assert_one_line "netns add: not a host's name: 'a b'*"
	printf 'nameserver 127.0.0.1\n' >"$BATS_TEST_TMPDIR/resolv.conf"
	mount --bind "$BATS_TEST_TMPDIR/resolv.conf" /etc/resolv.conf
	dnsmasq --conf-file=/dev/null --no-hosts --no-resolv --listen-address=127.0.0.1 --bind-interfaces --keep-in-foreground \
	    --pid-file="$BATS_TEST_TMPDIR/upstream.pid" --user=root --address=/example.test/192.0.2.9 3>&- &
	echo $! >>"$servers"
	netns network create --ipv6 --subnet 10.60.0.0/24 front
	# The names are read by nobody, whatever the caller's umask.
	umask 077
	run --separate-stderr netns add --network front --alias www --alias www.local web
	assert_status 0
	assert_empty "$stderr" stderr
	server=$(jq -r '.dns.nameservers[0]' <<<"$output")
	[ "$server" = 10.60.0.1 ]
	six=$(jq -r '.ips[1].address | split("/")[0]' <<<"$output")
	netns add --network front client
	for name in web www www.local; do
		[ "$(ask client "$name")" = 10.60.0.2 ] || fail "$name: $(ask client "$name")"
		[ "$(ask client "$name" aaaa)" = "$six" ]
	done
	[ "$(ask web client)" = 10.60.0.3 ]
	[[ $(netns exec client busybox nslookup 10.60.0.2 "$server") == *'name = www'* ]]
	wait_for 20 upstream
	assert_empty "$(ask client nosuch)" nosuch
	# A name that comes and goes, without a restart.
	read -r pid _ <"$LASH_RUN/net/networks/front/dnsmasq.pid"
	# It is nobody, may have a low port and nothing else, and sees no file of ours but the names.
	for line in 'Uid:	65534	65534	65534	65534' 'Gid:	65534	65534	65534	65534' 'Groups:	 ' \
	    'CapPrm:	0000000000000400' 'CapEff:	0000000000000400' 'CapBnd:	0000000000000400' 'NoNewPrivs:	1'; do
		grep -qx "$line" "/proc/$pid/status" || fail "no $line" "$(<"/proc/$pid/status")"
	done
	ls -A "/proc/$pid/root/tmp" >"$BATS_TEST_TMPDIR/seen"
	[ "$(cat "$BATS_TEST_TMPDIR/seen")" = $'client:eth0\nweb:eth0' ]
	for path in "/proc/$pid/root/tmp/x" "/proc/$pid/root/etc/x" "/proc/$pid/root/run/x"; do
		run touch "$path"
		[[ $output == *'Read-only file system'* ]]
	done
	assert_empty "$(grep -F "$BATS_TEST_TMPDIR" "/proc/$pid/mountinfo" | grep -v ' /tmp \|resolv.conf')" mounts
	netns add --network front late
	[ "$(ask client late)" = 10.60.0.4 ]
	netns del late
	assert_empty "$(ask client late)" late
	netns network create --subnet 10.61.0.0/24 back
	netns connect --alias db web back
	netns add --network back other
	server=10.61.0.1
	[ "$(ask other db)" = 10.61.0.2 ]
	assert_empty "$(ask other client)" "name of another network"
	netns disconnect web back
	assert_empty "$(ask other db)" db
	[ "$(cut -d ' ' -f 1 "$LASH_RUN/net/networks/front/dnsmasq.pid")" = "$pid" ]
	# A server that died is there again with the next member.
	kill "$pid"
	wait_for 20 test ! -e "/proc/$pid"
	server=10.60.0.1
	netns add --network front again
	[ "$(ask client web)" = 10.60.0.2 ]
	netns del web client other again
	umount /etc/resolv.conf
}

upstream() {
	[ "$(ask client example.test)" = 192.0.2.9 ]
}

@test "netns: without dnsmasq a network works, and says what does not" {
	netns network create --subnet 10.60.0.0/24 front
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in netns ip busybox jq; do
		ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin"
	done
	run --separate-stderr env "PATH=$BATS_TEST_TMPDIR/bin" netns add --network front web
	assert_status 0
	assert_one_line "netns add: network 'front': names will not resolve: dnsmasq is not installed"
	[ "$(jq -c .dns <<<"$output")" = '{}' ]
	netns del web
	netns network create --subnet 10.61.0.0/24 --no-dns plain
	run --separate-stderr netns add --network plain web
	assert_empty "$stderr" stderr
	netns del web
}
