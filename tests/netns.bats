# netns: every verb's help, misuse, success, failures and idempotence. Real links, rules and traffic: the whole
# file runs in a network namespace of its own.
# shellcheck shell=bash disable=SC2154

load lib/common

setup() {
	need root ip nft busybox jq
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
	ip link del out0 2>/dev/null || :
	ip netns del outside 2>/dev/null || :
	assert_nothing_left
}

# assert_nothing_left - no record, lease, link of ours that is up, published port or namespace file.
assert_nothing_left() {
	assert_empty "$(find "$LASH_RUN/net" -mindepth 2 ! -name .forwarding-was-off)" records
	assert_empty "$(nft list ruleset | grep -E 'comment "[a-z]+"')" rules
	assert_empty "$(ip -o link show up | grep -E 'veth|lash')" links
	assert_empty "$(ls /run/netns 2>/dev/null)" namespaces
}

# serve NAME TEXT [PORT] - a web server in a namespace.
serve() {
	local www=$BATS_TEST_TMPDIR/www-$1
	mkdir -p "$www"
	printf '%s\n' "$2" >"$www/index.html"
	netns exec "$1" busybox httpd -f -p "${3:-80}" -h "$www" 3>&- &
	echo $! >>"$servers"
	wait_for 20 answers "$1" "${3:-80}"
}

# answers NAME PORT - does something listen there?
answers() {
	timeout 2 netns exec "$1" busybox nc 127.0.0.1 "${2##*:}" </dev/null >/dev/null 2>&1
}

# listen_here PORT - a listener on this host.
listen_here() {
	busybox httpd -f -p "$1" -h / 3>&- &
	echo $! >>"$servers"
	wait_for 20 timeout 1 busybox nc 127.0.0.1 "${1##*:}" </dev/null
}

# fetch [NAME] URL - what a client in a namespace (or here) reads from it.
fetch() {
	if [ $# -eq 2 ]; then
		netns exec "$1" timeout 3 busybox wget -qO- "$2"
	else
		timeout 3 busybox wget -qO- "$1"
	fi
}

# make_outside - a host beyond this one, 192.0.2.2, which routes our networks here.
make_outside() {
	ip netns add outside
	ip link add out0 type veth peer name eth0 netns outside
	ip addr add 192.0.2.1/24 dev out0
	ip link set out0 up
	ip -n outside addr add 192.0.2.2/24 dev eth0
	ip -n outside link set eth0 up
	ip -n outside link set lo up
	ip -n outside route add default via 192.0.2.1
}

conflist() {
	mkdir -p "$LASH_ETC/net.d"
	cat >"$LASH_ETC/net.d/$1.conflist"
}

@test "netns: --help and --version answer, nonsense is misuse" {
	run --separate-stderr netns --help
	assert_status 0
	assert_line '*publish*'
	run --separate-stderr netns --version
	assert_status 0
	run --separate-stderr netns fly
	assert_status 2
	assert_one_line "netns: unknown verb 'fly'*"
	run --separate-stderr netns add
	assert_status 2
	run --separate-stderr netns add ../x
	assert_status 2
	assert_one_line "netns add: not a name: '../x'*"
	run --separate-stderr netns add --ifname a/b x
	assert_status 2
	for verb in add del exec ls show publish unpublish connect disconnect check gc network; do
		run --separate-stderr netns "$verb" --help
		assert_status 0
	done
}

@test "netns add: prints a CNI result and makes what it says" {
	run --separate-stderr netns add web
	assert_status 0
	assert_empty "$stderr" stderr
	[ "$(jq -r .cniVersion <<<"$output")" = 1.0.0 ]
	[ "$(jq -r '.ips[0].address' <<<"$output")" = 10.87.0.2/16 ]
	[ "$(jq -r '.interfaces[.ips[0].interface].name' <<<"$output")" = eth0 ]
	[ "$(jq -r '.interfaces[2].sandbox' <<<"$output")" = /run/netns/web ]
	mac=$(jq -r '.interfaces[2].mac' <<<"$output")
	run netns exec web ip -o addr show eth0
	assert_line '*10.87.0.2/16*'
	run netns exec web ip route
	assert_line 'default via 10.87.0.1 dev eth0*'
	[ "$(netns exec web ip -j link show eth0 | jq -r '.[0].address')" = "$mac" ]
	run ip -j addr show lash0
	[ "$(jq -r '.[0].addr_info[0].local' <<<"$output")" = 10.87.0.1 ]
	netns check web
}

@test "netns add: the namespace is one of ip netns, and the other way round" {
	netns add web
	run ip netns list
	assert_line 'web*'
	run ip netns exec web ip -o addr show eth0
	assert_line '*10.87.0.2/16*'
	ip netns add other
	run --separate-stderr netns exec other ip -o link show lo
	assert_status 0
	run --separate-stderr netns add other
	assert_status 1
	assert_one_line "netns add: namespace 'other' exists"
	run --separate-stderr netns del other
	assert_status 1
	assert_one_line "netns del: namespace 'other' was not made by netns add"
	ip netns del other
}

@test "netns add: a name in use changes nothing" {
	netns add web
	before=$(ip -o link | wc -l)
	run --separate-stderr netns add web
	assert_status 1
	assert_one_line "netns add: namespace 'web' exists"
	[ "$(ip -o link | wc -l)" = "$before" ]
	netns check web
}

@test "netns add --network none: has loopback only" {
	run --separate-stderr netns add --network none lone
	assert_status 0
	[ "$(jq -r '.interfaces | length' <<<"$output")" = 1 ]
	run netns exec lone ip -o link
	[ "${#lines[@]}" -eq 1 ]
	run netns exec lone busybox ping -c 1 -W 1 127.0.0.1
	[ "$status" -eq 0 ]
	run --separate-stderr netns add --network none -p 80 other
	assert_status 2
}

@test "netns add: takes the address, MAC and interface name it is told to" {
	run --separate-stderr netns add --ip 10.87.3.4 --mac 02:00:00:00:00:07 --ifname net0 web
	assert_status 0
	run netns exec web ip -o addr show net0
	assert_line '*10.87.3.4/16*'
	run netns exec web ip -o link show net0
	assert_line '*02:00:00:00:00:07*'
	run --separate-stderr netns add --ip 10.87.3.4 other
	assert_status 1
	assert_one_line "netns add: lease address '10.87.3.4' of 'bridge': Address already in use"
	for ip in 10.87.0.1 10.87.0.0 10.87.255.255; do
		run --separate-stderr netns add --ip "$ip" other
		assert_status 1
	done
	run --separate-stderr netns add --ip 10.1.1.1 other
	assert_one_line "netns add: address '10.1.1.1' is not in network 'bridge'"
	run --separate-stderr netns add --mac 03:00:00:00:00:00 other
	assert_one_line "netns add: a multicast MAC address*"
	run netns ls -q
	assert_output web
}

@test "netns del: removes everything, and again is no error" {
	netns add -p 8080:80 web
	netns del web
	assert_empty "$(netns ls)"
	[ ! -e /run/netns/web ]
	assert_empty "$(ip -o link show up | grep veth)" links
	run --separate-stderr netns del web
	assert_status 0
	assert_empty "$stderr" stderr
	run --separate-stderr netns del --wait web nobody
	assert_status 0
}

@test "netns del: cuts off processes that are still inside" {
	netns add web
	netns exec web sleep 100 3>&- &
	echo $! >>"$servers"
	netns add other
	netns del web
	run --separate-stderr netns exec other busybox ping -c 1 -W 1 10.87.0.2
	[ "$status" -ne 0 ]
}

@test "netns del: works when the mount is gone, or the file is a leftover of a reboot" {
	netns add -p 8080:80 web
	umount /run/netns/web
	netns del web
	[ ! -e /run/netns/web ]
	netns add -p 8080:80 web
	umount /run/netns/web
	rm /run/netns/web
	run --separate-stderr netns check web
	assert_status 1
	netns del web
}

@test "netns del: leaves a namespace alone that took the name of ours" {
	netns add web
	umount /run/netns/web
	rm /run/netns/web
	ip netns add web
	netns del web
	run ip netns list
	assert_line 'web*'
	ip netns del web
}

@test "netns exec: is a chain loader" {
	netns add web
	run --separate-stderr netns exec web sh -c 'exit 7'
	assert_status 7
	run --separate-stderr netns exec /run/netns/web true
	assert_status 0
	run --separate-stderr netns exec nobody true
	assert_status 125
	assert_one_line "netns exec: open network namespace 'nobody': No such file or directory"
	run --separate-stderr netns exec /etc/passwd true
	assert_status 125
	run -127 --separate-stderr netns exec web /no/such/program
	assert_status 127
	run --separate-stderr netns exec web /etc/passwd
	assert_status 126
	run --separate-stderr netns exec web
	assert_status 125
}

@test "netns ls: lines, names and JSON" {
	netns add -p 8080:80 web
	netns add --network none lone
	run --separate-stderr netns ls
	assert_line $'web\teth0\tbridge\t10.87.0.2/16\t8080->80/tcp'
	assert_line $'lone\tlo\tnone\t127.0.0.1/8'
	run --separate-stderr netns ls -q
	assert_output $'lone\nweb'
	run --separate-stderr netns ls --json
	[ "$(jq -r 'select(.name == "web").interfaces.eth0.portMappings[0].hostPort' <<<"$output")" = 8080 ]
	[ "$(jq -r 'select(.name == "web").alive' <<<"$output")" = true ]
}

@test "netns show: prints the result again" {
	first=$(netns add -p 80 web)
	run --separate-stderr netns show web
	assert_output "$first"
	run --separate-stderr netns show --ifname eth7 web
	assert_status 1
	run --separate-stderr netns show nobody
	assert_status 1
	assert_one_line "netns show: no such namespace: 'nobody'"
}

@test "netns publish: a port is reached from everywhere" {
	make_outside
	netns add -p 8080:80 web
	netns add client
	serve web hello
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	[ "$(fetch http://192.0.2.1:8080/)" = hello ]
	[ "$(fetch http://10.87.0.1:8080/)" = hello ]
	[ "$(fetch client http://10.87.0.1:8080/)" = hello ]
	[ "$(fetch client http://192.0.2.1:8080/)" = hello ]
	[ "$(fetch client http://10.87.0.2/)" = hello ]
	# hairpin: the container by its own published port
	[ "$(fetch web http://10.87.0.1:8080/)" = hello ]
	[ "$(fetch web http://192.0.2.1:8080/)" = hello ]
	[ "$(fetch outside http://192.0.2.1:8080/)" = hello ]
	# ... but not directly from outside
	run fetch outside http://10.87.0.2/
	[ "$status" -ne 0 ]
}

@test "netns publish: works with bridge-nf-call-iptables off and on" {
	[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || need kernel:br_netfilter
	netns add -p 8080:80 web
	netns add client
	serve web hello
	for on in 0 1; do
		echo $on >/proc/sys/net/bridge/bridge-nf-call-iptables
		[ "$(fetch client http://10.87.0.1:8080/)" = hello ]
		[ "$(fetch web http://10.87.0.1:8080/)" = hello ]
		[ "$(fetch client http://10.87.0.2/)" = hello ]
	done
}

@test "netns publish: an address of the host that is named is the only one" {
	make_outside
	netns add -p 127.0.0.1:8080:80 -p 192.0.2.1:8081:80 web
	serve web hello
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	run fetch outside http://192.0.2.1:8080/
	[ "$status" -ne 0 ]
	[ "$(fetch outside http://192.0.2.1:8081/)" = hello ]
	run fetch http://127.0.0.1:8081/
	[ "$status" -ne 0 ]
	run --separate-stderr netns add -p 198.51.100.1:80:80 other
	assert_status 1
	assert_one_line "netns add: publish port '80/tcp': Cannot assign requested address"
}

@test "netns publish: [::1], by a relay that goes with the port" {
	need socat
	netns add -p '[::1]:8080:80' -p 8080:80 -p '[::1]:5353:53/udp' web
	serve web hello
	[ "$(fetch 'http://[::1]:8080/')" = hello ]
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	netns exec web socat -u UDP-RECV:53 "OPEN:$BATS_TEST_TMPDIR/heard,creat" 3>&- &
	echo $! >>"$servers"
	say_and_look() {
		echo ping | socat -u - 'UDP6:[::1]:5353'
		sleep 0.1
		grep -q ping "$BATS_TEST_TMPDIR/heard"
	}
	wait_for 20 say_and_look
	netns check web
	# Another container's, and one the host has, are refused with nothing changed.
	run --separate-stderr netns add -p '[::1]:8080:80' other
	assert_status 1
	assert_one_line "netns add: publish port '8080/tcp': Address already in use"
	run --separate-stderr netns publish web '[::1]:9090:80/sctp'
	assert_status 1
	assert_one_line "netns publish: *"
	run netns ls -q
	assert_output web
	# An open connection ends with the port.
	socat -u 'TCP6:[::1]:8080' - <>/dev/null 3>&- &
	client=$!
	netns unpublish web '[::1]:8080:80'
	wait "$client" || :
	run fetch 'http://[::1]:8080/'
	[ "$status" -ne 0 ]
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	netns publish web '[::1]:8081:80' >/dev/null
	[ "$(fetch 'http://[::1]:8081/')" = hello ]
	# One that was killed is missed, and started again.
	kill "$(cut -d ' ' -f 1 "$LASH_RUN/net/spaces/web/.relay.tcp.8081")"
	relay_is_missed() { ! netns check web 2>/dev/null; }
	wait_for 20 relay_is_missed
	netns check --repair web
	[ "$(fetch 'http://[::1]:8081/')" = hello ]
	netns del web
	run pgrep -fa 'socat.*bind=\[::1\]'
	assert_output ''
	netns add -p '[::1]:8081:80' web
}

@test "netns publish: an IPv6 address of the host that is named is the only one, for tcp and udp" {
	need socat
	ip netns add outside
	ip link add out0 type veth peer name eth0 netns outside
	ip addr add 2001:db8::1/64 dev out0 nodad
	ip link set out0 up
	ip -n outside addr add 2001:db8::2/64 dev eth0 nodad
	ip -n outside link set eth0 up
	netns network create --subnet 10.99.0.0/24 --subnet fd00:99::/64 six
	netns add --network six -p '[2001:db8::1]:8080:80' -p '[2001:db8::1]:5353:53/udp' web
	serve web hello '[::]:80'
	[ "$(fetch 'http://[2001:db8::1]:8080/')" = hello ]
	[ "$(ip netns exec outside timeout 5 busybox wget -qO- 'http://[2001:db8::1]:8080/')" = hello ]
	for other in '[fd00:99::1]' '[::1]' 127.0.0.1; do
		run fetch "http://$other:8080/"
		[ "$status" -ne 0 ]
	done
	netns exec web socat -u UDP6-RECV:53 "OPEN:$BATS_TEST_TMPDIR/heard,creat" 3>&- &
	echo $! >>"$servers"
	say_and_look() {
		echo ping | ip netns exec outside socat -u - 'UDP6:[2001:db8::1]:5353'
		sleep 0.1
		grep -q ping "$BATS_TEST_TMPDIR/heard"
	}
	wait_for 20 say_and_look
	# Another container's, no address of the host's, a network without IPv6: refused with nothing changed.
	before=$(nft list table inet lash)
	run --separate-stderr netns add --network six -p '[2001:db8::1]:8080:80' other
	assert_one_line "netns add: publish port '8080/tcp': already published by 'web'"
	run --separate-stderr netns add --network six -p '[2001:db8::9]:8081:80' other
	assert_one_line "netns add: publish port '8081/tcp': Cannot assign requested address"
	run --separate-stderr netns add -p '[2001:db8::1]:8081:80' other
	assert_status 1
	assert_one_line "netns add: publish port '[[]2001:db8::1]:8081:80': the network has no IPv6"
	[ "$(netns ls -q)" = web ]
	[ "$(nft list table inet lash)" = "$before" ]
	ip netns del outside
}

@test "netns publish: [::1] leads to IPv6 where there is no IPv4, and needs socat" {
	need socat
	netns network create --ipv4=false --ipv6 --subnet fd00:99::/64 six
	netns add --network six -p '[::1]:8080:80' web
	serve web hello '[::]:80'
	[ "$(fetch 'http://[::1]:8080/')" = hello ]
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in netns ls; do
		ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/$tool"
	done
	run --separate-stderr env PATH="$BATS_TEST_TMPDIR/bin" netns add -p '[::1]:8081:80' other
	assert_status 1
	assert_one_line "netns add: publish port '8081/tcp' of [[]::1]: socat is not installed"
	run netns ls -q
	assert_output web
}

@test "netns publish: nobody outside reaches 127.0.0.1 of the host" {
	make_outside
	netns add web
	listen_here 127.0.0.1:7777
	netns exec web ip route add 127.0.0.1/32 via 10.87.0.1 dev eth0 table 7
	netns exec web ip rule add pref 1 to 127.0.0.1 table 7
	netns exec web ip rule del pref 0
	netns exec web ip rule add pref 100 table local
	netns exec web sysctl -qw net.ipv4.conf.all.route_localnet=1
	run netns exec web timeout 2 busybox nc 127.0.0.1 7777
	[ "$status" -ne 0 ]
}

@test "netns publish: UDP" {
	need socat
	netns add -p 5353:53/udp web
	netns exec web socat -u UDP-RECV:53 "OPEN:$BATS_TEST_TMPDIR/heard,creat" 3>&- &
	echo $! >>"$servers"
	say_and_look() {
		echo ping | socat -u - UDP:127.0.0.1:5353
		sleep 0.1
		grep -q ping "$BATS_TEST_TMPDIR/heard"
	}
	wait_for 20 say_and_look
}

@test "netns publish: a UDP client that never stops talking is sent on, and back" {
	need socat
	netns add web
	netns exec web socat -u UDP-RECV:53 "OPEN:$BATS_TEST_TMPDIR/inside,creat" 3>&- &
	echo $! >>"$servers"
	make_outside
	ip netns exec outside sh -c 'while sleep 0.05; do echo ping; done | socat -u - UDP-SENDTO:192.0.2.1:5353,sourceport=4444' 3>&- &
	echo $! >>"$servers"
	sleep 0.3
	netns publish web 5353:53/udp
	wait_for 20 grep -q ping "$BATS_TEST_TMPDIR/inside"
	netns unpublish web 5353:53/udp
	sleep 0.3
	before=$(wc -c <"$BATS_TEST_TMPDIR/inside")
	sleep 0.3
	[ "$(wc -c <"$BATS_TEST_TMPDIR/inside")" = "$before" ]
}

@test "netns unpublish: what goes through the port ends, what the host itself does goes on" {
	need socat conntrack
	make_outside
	netns add -p 8080:80 -p 8081:81/sctp web
	netns exec web socat -u TCP-LISTEN:80,fork "OPEN:$BATS_TEST_TMPDIR/inside,creat,append" 3>&- &
	echo $! >>"$servers"
	ip netns exec outside socat -u TCP-LISTEN:8080,fork "OPEN:$BATS_TEST_TMPDIR/outside,creat,append" 3>&- &
	echo $! >>"$servers"
	wait_for 20 listening web 80
	talk='SYSTEM:while sleep 0.05; do echo ping || exit; done'
	ip netns exec outside socat -u "$talk" TCP:192.0.2.1:8080 3>&- &
	echo $! >>"$servers"
	netns exec web socat -u "$talk" TCP:192.0.2.2:8080 3>&- &
	echo $! >>"$servers"
	wait_for 20 grep -q ping "$BATS_TEST_TMPDIR/inside"
	wait_for 20 grep -q ping "$BATS_TEST_TMPDIR/outside"
	[ "$(conntrack -L -p tcp --dport 8080 2>/dev/null | grep -c ESTABLISHED)" = 2 ]
	netns unpublish web 8080:80
	[ "$(conntrack -L -p tcp --dport 8080 2>/dev/null | grep -c ESTABLISHED)" = 1 ]
	before=$(wc -c <"$BATS_TEST_TMPDIR/inside") goes_on=$(wc -c <"$BATS_TEST_TMPDIR/outside")
	more() { [ "$(wc -c <"$BATS_TEST_TMPDIR/outside")" -gt $((goes_on + 20)) ]; }
	wait_for 20 more
	[ "$(wc -c <"$BATS_TEST_TMPDIR/inside")" -le $((before + 10)) ]
	nft list map inet lash pub4 | grep -q 'sctp . 8081'
}

listening() {
	timeout 5 netns exec "$1" busybox netstat -ltn | grep -q ":$2 "
}

@test "netns publish: ranges, chosen ports and offered ports" {
	run --separate-stderr netns add -p 7000-7002:80-82 -p 90 -p 7001-7009:91 -p 7000:83/udp web
	assert_status 0
	[ "$(jq -r '[.portMappings[0:3][].hostPort] | join(",")' <<<"$output")" = 7000,7001,7002 ]
	chosen=$(jq -r '.portMappings[3].hostPort' <<<"$output")
	[ "$chosen" -gt 1024 ]
	[ "$(jq -r '.portMappings[4].hostPort' <<<"$output")" = 7003 ]
	[ "$(jq -r '.portMappings[5].protocol' <<<"$output")" = udp ]
	serve web second 81
	[ "$(fetch http://127.0.0.1:7001/)" = second ]
}

@test "netns publish: a bad port is refused before anything changes" {
	for port in 0 65536 x 80:x a:80:80 1-2:1-3 5-4 80/icmp 1.2.3.4/5:1:1 '[::1:80:80' ''; do
		run --separate-stderr netns add -p "$port" web
		assert_status 1
		assert_one_line "netns add: bad port '$port': *"
	done
	[ ! -e "$LASH_RUN/net/spaces/web" ]
}

@test "netns publish: a port in use is refused before anything changes" {
	listen_here 8080
	run --separate-stderr netns add -p 8081:80 -p 8080:80 web
	assert_status 1
	assert_one_line "netns add: publish port '8080/tcp': Address already in use"
	assert_empty "$(netns ls)"
	assert_empty "$(ip -o link show type bridge)" bridges
	netns add -p 8081:80 one
	run --separate-stderr netns add -p 8082:80 -p 8081:80 two
	assert_status 1
	assert_one_line "netns add: publish port '8081/tcp': already published by 'one'"
	run netns ls -q
	assert_output one
	netns check one
	run --separate-stderr netns add -p 8082:80 -p 8082:81 two
	assert_status 1
	netns add -p 8082:80 two
}

@test "netns publish, unpublish: change what is published, all or nothing" {
	netns add -p 8080:80 web
	netns add -p 9999:1 other
	serve web hello
	run --separate-stderr netns publish web 8081:80 9999:80
	assert_status 1
	assert_one_line "netns publish: publish port '9999/tcp': already published by 'other'"
	netns check web
	run --separate-stderr netns publish web 8081:80
	assert_status 0
	[ "$(fetch http://127.0.0.1:8081/)" = hello ]
	netns unpublish web 8081:80
	netns unpublish web 8081:80
	run fetch http://127.0.0.1:8081/
	[ "$status" -ne 0 ]
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	netns check web other
}

@test "netns del: of a late comer does not take the port of its successor" {
	netns add -p 8080:80 old
	cp -a "$LASH_RUN/net/spaces/old" "$BATS_TEST_TMPDIR/old"
	netns del old
	netns add -p 8080:80 new
	cp -a "$BATS_TEST_TMPDIR/old" "$LASH_RUN/net/spaces/old"
	netns del old
	netns check new
}

@test "netns: a flushed ruleset is built again by the next one" {
	netns add -p 8080:80 web
	serve web hello
	nft flush ruleset
	run --separate-stderr netns check web
	assert_status 1
	assert_one_line "netns check: 'web': the nf_tables table is gone"
	netns add other
	netns check web
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	nft flush ruleset
	netns check --repair web
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	nft flush map inet lash pub4
	run netns check web
	[ "$status" -eq 1 ]
	netns check --repair web other
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
}

@test "netns: its table can be listed and loaded again by nft" {
	netns add -p 8080:80 -p 127.0.0.1:8081:81/udp web
	nft list ruleset >"$BATS_TEST_TMPDIR/rules"
	nft -c -f "$BATS_TEST_TMPDIR/rules"
	{
		echo flush ruleset
		cat "$BATS_TEST_TMPDIR/rules"
	} | nft -f -
	netns check web
	nft list ruleset | diff - "$BATS_TEST_TMPDIR/rules"
}

@test "netns gc: the table goes with the last network" {
	echo 1 >/proc/sys/net/ipv4/ip_forward
	netns add -p 8080:80 web
	netns gc
	nft list table inet lash >/dev/null
	netns del web
	netns gc
	assert_empty "$(nft list tables | grep lash)" table
	netns gc
	netns add -p 8080:80 web
	netns check web
}

@test "netns: rules of others stay as they are" {
	nft -f - <<-'RULES'
		table inet theirs {
			chain forward {
				type filter hook forward priority 0; policy accept;
				counter accept comment "theirs"
			}
		}
	RULES
	nft list table inet theirs >"$BATS_TEST_TMPDIR/before"
	netns add -p 8080:80 web
	netns del web
	netns gc
	nft list table inet theirs | diff - "$BATS_TEST_TMPDIR/before"
	nft delete table inet theirs
}

@test "netns: beside docker's rules, ports work once its own chain is told of the bridges" {
	need iptables
	make_outside
	iptables -P FORWARD DROP
	iptables -N DOCKER-USER
	iptables -A FORWARD -j DOCKER-USER
	iptables -A FORWARD -i docker0 -j ACCEPT
	netns add -p 8080:80 web
	serve web hello
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	run ip netns exec outside timeout 1 busybox wget -qO- http://192.0.2.1:8080/
	[ "$status" -ne 0 ]
	iptables -I DOCKER-USER -i lash+ -j ACCEPT
	iptables -I DOCKER-USER -o lash+ -j ACCEPT
	iptables-save | grep '^[-:]' >"$BATS_TEST_TMPDIR/before"
	[ "$(ip netns exec outside timeout 5 busybox wget -qO- http://192.0.2.1:8080/)" = hello ]
	netns exec web busybox ping -c 1 -W 5 192.0.2.2
	netns del web
	netns gc
	iptables-save | grep '^[-:]' | sed 's/\[.*//' | diff - <(sed 's/\[.*//' "$BATS_TEST_TMPDIR/before")
	iptables -P FORWARD ACCEPT
	iptables -F
	iptables -X
}

@test "netns: beside ufw's and firewalld's rules, which stay as they are" {
	need iptables
	make_outside
	# The skeleton of ufw's, routed traffic denied; and firewalld's own table, which rejects what no zone takes.
	iptables-restore <<-'RULES'
		*filter
		:INPUT ACCEPT [0:0]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [0:0]
		:ufw-before-forward - [0:0]
		:ufw-user-forward - [0:0]
		:ufw-reject-forward - [0:0]
		-A FORWARD -j ufw-before-forward
		-A FORWARD -j ufw-reject-forward
		-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A ufw-before-forward -j ufw-user-forward
		COMMIT
	RULES
	nft -f - <<-'RULES'
		table inet firewalld {
			chain filter_FORWARD {
				type filter hook forward priority 10; policy accept;
				ct state { established, related } accept
				ct status dnat accept
				jump filter_FORWARD_POLICIES
				reject with icmpx admin-prohibited
			}
			chain filter_FORWARD_POLICIES {
			}
		}
	RULES
	netns add -p 8080:80 web
	serve web hello
	[ "$(fetch http://127.0.0.1:8080/)" = hello ]
	run ip netns exec outside timeout 1 busybox wget -qO- http://192.0.2.1:8080/
	[ "$status" -ne 0 ]
	# What `ufw route allow in/out on lash0` and a zone with the bridge write.
	iptables -A ufw-user-forward -o lash0 -j ACCEPT
	iptables -A ufw-user-forward -i lash0 -j ACCEPT
	nft add rule inet firewalld filter_FORWARD_POLICIES iifname lash0 accept
	iptables-save | grep '^[-:]' | sed 's/\[.*//' >"$BATS_TEST_TMPDIR/before"
	nft list table inet firewalld >>"$BATS_TEST_TMPDIR/before"
	[ "$(ip netns exec outside timeout 5 busybox wget -qO- http://192.0.2.1:8080/)" = hello ]
	netns exec web busybox ping -c 1 -W 5 192.0.2.2
	netns del web
	netns gc
	{
		iptables-save | grep '^[-:]' | sed 's/\[.*//'
		nft list table inet firewalld
	} | diff - "$BATS_TEST_TMPDIR/before"
	nft delete table inet firewalld
	iptables -P FORWARD ACCEPT
	iptables -F
	iptables -X
}

@test "netns: a host that did not forward does so for our networks only" {
	make_outside
	ip netns add far
	ip link add out1 type veth peer name eth0 netns far
	ip addr add 198.51.100.1/24 dev out1
	ip link set out1 up
	ip -n far addr add 198.51.100.2/24 dev eth0
	ip -n far link set eth0 up
	ip -n far route add default via 198.51.100.1
	nft flush ruleset
	rm -rf "$LASH_RUN/net"
	echo 0 >/proc/sys/net/ipv4/ip_forward
	netns add web
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	run netns exec web busybox ping -c 1 -W 2 192.0.2.2
	[ "$status" -eq 0 ]
	run ip netns exec outside busybox ping -c 1 -W 1 198.51.100.2
	[ "$status" -ne 0 ]
	nft flush ruleset
	netns add other
	run ip netns exec outside busybox ping -c 1 -W 1 198.51.100.2
	[ "$status" -ne 0 ]
	ip link del out1
	ip netns del far
}

@test "netns connect, disconnect: live, the default route stays" {
	netns network create back
	netns add web
	netns add peer
	run --separate-stderr netns connect web back
	assert_status 0
	[ "$(jq -r '.interfaces[2].name' <<<"$output")" = eth1 ]
	netns connect peer back
	run netns exec web busybox ping -c 1 -W 2 172.18.0.3
	[ "$status" -eq 0 ]
	run netns exec web ip route show default
	[ "${#lines[@]}" -eq 1 ]
	netns check web
	run --separate-stderr netns connect web back
	assert_status 1
	assert_one_line "netns connect: namespace 'web' is connected to 'back' already"
	netns disconnect web back
	netns disconnect web back
	run netns exec web ip -o link show eth1
	[ "$status" -ne 0 ]
	netns disconnect web bridge
	run --separate-stderr netns ls
	assert_line $'web\tlo\tnone*'
	netns gc
	netns check web
	netns connect web bridge
	run netns exec web ip route show default
	[ "${#lines[@]}" -eq 1 ]
}

@test "netns network: create, ls, inspect, rm" {
	run --separate-stderr netns network create --subnet 10.99.0.0/24 --first 10.99.0.100 --mtu 1400 back
	assert_output back
	run --separate-stderr netns network ls
	assert_line $'back\tlash1\t10.99.0.0/24\tdown'
	assert_line $'bridge\tlash0\t10.87.0.0/16\tdown'
	run --separate-stderr netns network inspect back
	[ "$(jq -r '.plugins[0].mtu' <<<"$output")" = 1400 ]
	netns add --network back web
	[ "$(netns exec web ip -j link show eth0 | jq '.[0].mtu')" = 1400 ]
	run netns exec web ip -o addr show eth0
	assert_line '*10.99.0.100/24*'
	run --separate-stderr netns network create back
	assert_status 1
	assert_one_line "netns network create: network 'back' exists"
	run --separate-stderr netns network rm back
	assert_status 1
	assert_one_line "netns network rm: network 'back' is in use"
	netns del web
	netns network rm back back
	run --separate-stderr netns network inspect back
	assert_status 1
	assert_one_line "netns network inspect: no such network: 'back'"
	run --separate-stderr netns network rm bridge
	assert_status 1
}

@test "netns network: isolation between networks, internal, isolated members" {
	make_outside
	netns network create --subnet 10.98.0.0/24 back
	netns network create --subnet 10.99.0.0/24 --internal inner
	netns network create --subnet 10.97.0.0/24 --isolated alone
	netns add web
	netns add --network back far
	netns add --network inner in1
	netns add --network inner in2
	netns add --network alone al1
	netns add --network alone al2
	run netns exec web busybox ping -c 1 -W 1 10.98.0.2
	[ "$status" -ne 0 ]
	run netns exec in1 busybox ping -c 1 -W 1 10.99.0.3
	[ "$status" -eq 0 ]
	netns exec in1 ip route add default dev eth0
	run netns exec in1 busybox ping -c 1 -W 1 192.0.2.2
	[ "$status" -ne 0 ]
	run netns exec al1 busybox ping -c 1 -W 1 10.97.0.3
	[ "$status" -ne 0 ]
	run netns exec al1 busybox ping -c 1 -W 2 192.0.2.2
	[ "$status" -eq 0 ]
}

@test "netns network: IPv6 beside IPv4" {
	netns network create --subnet 10.99.0.0/24 --subnet fd00:99::/64 six
	netns add --network six -p 8080:80 web
	netns add --network six client
	run netns exec web ip -o -6 addr show eth0 scope global
	assert_line '*fd00:99::2/64*'
	run netns exec web ip -6 route show default
	assert_line 'default via fd00:99::1*'
	run netns exec client busybox ping -6 -c 1 -W 2 fd00:99::2
	[ "$status" -eq 0 ]
	serve web hello '[::]:80'
	[ "$(fetch 'http://[fd00:99::1]:8080/')" = hello ]
	[ "$(fetch client 'http://[fd00:99::1]:8080/')" = hello ]
	netns check web
}

@test "netns network: a subnet the host has a route for is refused" {
	ip link add dummy7 type veth peer name dummy8
	ip addr add 10.87.200.1/24 dev dummy7
	ip link set dummy7 up
	run --separate-stderr netns add web
	assert_status 1
	assert_one_line "netns add: network 'bridge': its addresses overlap the host's route to '10.87.200.0/24'"
	assert_empty "$(netns ls)"
	ip link del dummy7
}

@test "netns network: a bridge that was there before is used, and stays" {
	conflist mine <<-'JSON'
		{"cniVersion": "1.0.0", "name": "mine", "plugins": [{"type": "bridge", "bridge": "br-mine",
		"isGateway": true, "isDefaultGateway": true, "ipMasq": true,
		"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.96.0.0/24"}]]}}]}
	JSON
	ip link add br-mine up type bridge
	ip addr add 10.96.0.1/24 dev br-mine
	netns add --network mine web
	run netns exec web busybox ping -c 1 -W 2 10.96.0.1
	[ "$status" -eq 0 ]
	run --separate-stderr netns add --network mine -p 80 other
	assert_one_line "netns add: network 'mine' does not publish ports"
	netns del web
	netns gc
	[ -z "$(nft list ruleset | grep br-mine)" ]
	ip link del br-mine
}

@test "netns network: a hostile conflist is refused, naming the member" {
	refused() {
		conflist evil
		run --separate-stderr netns add --network evil web
		assert_status 1
		[[ $stderr == *"$1"* ]] || fail "$stderr"
		[ ! -e "$LASH_RUN/net/spaces/web" ]
	}
	export LASH_ROOT=$BATS_TEST_TMPDIR/root
	bridge='"type":"bridge","bridge":"evil0"'
	ipam() {
		printf '{"name":"evil","plugins":[{%s,"ipam":{"type":"host-local","ranges":[[%s]]}}]}' "$bridge" "$1"
	}
	refused "no such network" <<<'{'
	refused "no such network" <<<'{"name":"../../etc","plugins":[]}'
	refused "none of type bridge" <<<'{"name":"evil","plugins":[]}'
	refused "without a type" <<<'{"name":"evil","plugins":[{"type":"../../bin/sh"}]}'
	refused "not an interface name" <<<'{"name":"evil","plugins":[{"type":"bridge","bridge":"../x","ipam":{"type":"host-local","subnet":"10.1.0.0/16"}}]}'
	refused "no room" < <(ipam '{"subnet":"10.1.0.0/31"}')
	refused "not an address" < <(ipam '{"subnet":"10.1.0/24"}')
	refused "not in order" < <(ipam '{"subnet":"10.1.0.0/24","rangeStart":"10.1.0.9","rangeEnd":"10.1.0.8"}')
	refused "not in order" < <(ipam '{"subnet":"10.1.0.0/24","rangeEnd":"10.2.0.0"}')
	refused "gateway is not in" < <(ipam '{"subnet":"10.1.0.0/24","gateway":"10.2.0.1"}')
	refused "overlaps" < <(ipam '{"subnet":"10.1.0.0/24"},{"subnet":"10.1.0.0/16"}')
	refused "failed to find plugin 'nosuch'" <<<'{"name":"evil","plugins":[{"type":"bridge","bridge":"evil0","ipam":{"type":"nosuch"}}]}'
	refused "failed to find plugin 'nosuch'" <<<'{"name":"evil","plugins":[{"type":"nosuch"}]}'
}

@test "netns add: addresses are handed out in turn, and found again when all are taken" {
	netns network create --subnet 10.99.0.0/29 tiny
	for i in 1 2 3 4 5; do
		netns add --network tiny "n$i"
	done
	run --separate-stderr netns add --network tiny n6
	assert_status 1
	assert_one_line "netns add: network 'tiny': no free address"
	netns del n2
	netns add --network tiny n6
	run --separate-stderr netns ls
	assert_line $'n6\teth0\ttiny\t10.99.0.3/29'
	# An orphan is taken back before giving up.
	netns del n3
	ln -s nobody/eth0 "$LASH_RUN/net/networks/tiny/10.99.0.4"
	netns add --network tiny n7
	run --separate-stderr netns ls
	assert_line $'n7\teth0\ttiny\t10.99.0.4/29'
}

@test "netns: not root is one clear line" {
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups env LASH_RUN=/tmp/lash-nobody-$$ \
		"$(command -v netns)" add web
	assert_status 1
	[[ $stderr != *$'\n'* ]]
	rm -rf "/tmp/lash-nobody-$$"
}
