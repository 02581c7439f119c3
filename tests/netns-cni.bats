# netns as CNI plugins: every verb, by hand, beside and mixed with the reference plugins.
# shellcheck shell=bash disable=SC2154

load lib/common

reference=/usr/lib/cni

setup() {
	need root ip nft busybox jq
	export LASH_RUN=$BATS_TEST_TMPDIR/run
	ours=$LASH_LIBEXEC/cni
	export CNI_PATH=$ours CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/c1
	servers=$BATS_TEST_TMPDIR/servers
	: >"$servers"
	ip netns add c1
}

teardown() {
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null || :
	done <"$servers"
	for pid in c1 c2 outside dhcpd; do
		ip netns del "$pid" 2>/dev/null || :
	done
	assert_empty "$(find "$LASH_RUN/net/attachments" -type f 2>/dev/null)" attachments
	assert_empty "$(nft list ruleset | grep -E 'comment "cni:')" rules
	assert_empty "$(nft list ruleset | sed -n '/set near4/,/}/p' | grep elements)" subnets
}

# cni TYPE VERB CONF [PREV] - run one plugin of CNI_PATH's first directory that has it.
cni() {
	local conf=$3 dir
	[ -z "${4-}" ] || conf=$(jq -c --argjson prev "$4" '. + {prevResult: $prev}' <<<"$conf")
	for dir in ${CNI_PATH//:/ }; do
		[ ! -e "$dir/$1" ] || break
	done
	CNI_COMMAND=$2 "$dir/$1" <<<"$conf"
}

# conf TYPE [MEMBERS] - a configuration with what all have.
conf() {
	jq -nc --arg type "$1" --argjson more "${2:-{\}}" --arg version "${version-1.0.0}" \
	    --arg dir "$BATS_TEST_TMPDIR/leases" \
	    '{cniVersion: $version, name: "net1", type: $type} * $more | if .ipam.type == "host-local" then .ipam.dataDir = $dir else . end'
}

local_ipam='{"type":"host-local","ranges":[[{"subnet":"10.44.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}'
bridge_conf() {
	conf bridge "{\"bridge\":\"cni0\",\"isGateway\":true,\"ipMasq\":true,\"hairpinMode\":true,\"ipam\":$local_ipam}"
}

serve() {
	local www=$BATS_TEST_TMPDIR/www-$1
	mkdir -p "$www"
	printf '%s\n' "$2" >"$www/index.html"
	ip netns exec "$1" busybox httpd -f -p 80 -h "$www" 3>&- &
	echo $! >>"$servers"
	wait_for 20 listens "$1"
}

listens() {
	timeout 5 ip netns exec "$1" busybox netstat -ltn | grep -q ':80 '
}

make_outside() {
	ip netns add outside
	ip link add out0 type veth peer name eth0 netns outside
	ip addr add 192.0.2.1/24 dev out0
	ip link set out0 up
	ip -n outside addr add 192.0.2.2/24 dev eth0
	ip -n outside link set eth0 up
}

fetch() {
	timeout 5 busybox wget -qO- "$1"
}

@test "cni VERSION, about: every plugin says what it speaks" {
	for plugin in "$ours"/*; do
		run --separate-stderr env CNI_COMMAND=VERSION "$plugin"
		assert_status 0
		[ "$(jq -r '.supportedVersions | join(" ")' <<<"$output")" = '0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0' ]
		run --separate-stderr env -u CNI_COMMAND "$plugin"
		assert_status 0
		assert_one_line "CNI ${plugin##*/} plugin v1.*"
	done
}

@test "cni: errors are an object on stdout, with the specification's code" {
	err() {
		[ "$status" -eq 1 ] || fail "status $status: $output"
		[ "$(jq -r '.code' <<<"$output")" = "$1" ] || fail "want code $1: $output"
		# shellcheck disable=SC2053
		[[ $(jq -r '.msg' <<<"$output") == $2 ]] || fail "want $2: $output"
	}
	run --separate-stderr env -u CNI_IFNAME -u CNI_CONTAINERID CNI_COMMAND=ADD "$ours/bridge"
	err 4 'required env variables \[CNI_CONTAINERID,CNI_IFNAME\] missing'
	run --separate-stderr env CNI_COMMAND=FLY "$ours/bridge"
	err 4 "unknown CNI_COMMAND: 'FLY'"
	CNI_IFNAME=a/b run --separate-stderr cni bridge ADD '{}'
	err 4 '*no interface name*'
	CNI_CONTAINERID=.x run --separate-stderr cni bridge ADD '{}'
	err 4 '*no container id*'
	run --separate-stderr cni bridge ADD '{'
	err 6 'configuration: *'
	run --separate-stderr cni bridge ADD '{"cniVersion":"9.0.0","name":"n"}'
	err 1 "cniVersion '9.0.0' is not supported"
	run --separate-stderr cni bridge ADD '{"cniVersion":"1.0.0","name":"a/b"}'
	err 7 'name: not a name*'
	run --separate-stderr cni bridge ADD '{"cniVersion":"1.0.0","name":"n","mtu":"x"}'
	err 7 'mtu: *'
	run --separate-stderr cni bridge ADD '{"cniVersion":"1.0.0","name":"n","vlan":7}'
	err 2 'vlan*'
	run --separate-stderr cni bridge ADD '{"cniVersion":"1.0.0","name":"n","prevResult":[]}'
	err 6 'prevResult: *'
	run --separate-stderr cni bridge CHECK '{"cniVersion":"0.3.1","name":"n"}'
	err 1 '*does not allow CHECK'
	run --separate-stderr cni bridge STATUS '{"cniVersion":"1.0.0","name":"n"}'
	err 1 '*does not allow STATUS'
	run --separate-stderr cni portmap ADD '{"cniVersion":"1.0.0","name":"n"}'
	err 7 "'portmap' must follow*"
	CNI_NETNS=/run/netns/none run --separate-stderr cni bridge ADD "$(bridge_conf)"
	err 4 "open network namespace*"
	CNI_NETNS=/proc/self/ns/net run --separate-stderr cni bridge ADD "$(bridge_conf)"
	err 8 '*own'
	run --separate-stderr cni bridge ADD "$(conf bridge '{"ipam":{"type":"nosuch"}}')"
	err 999 "failed to find plugin 'nosuch'*"
	run --separate-stderr cni ipvlan ADD "$(conf ipvlan '{"master":"lo"}')"
	[ "$status" -eq 1 ]
	# Nothing is left of what failed.
	assert_empty "$(ip -n c1 -o link show type veth)" links
}

@test "cni bridge: ADD in every version, CHECK, DEL twice, DEL without namespace, GC, STATUS" {
	for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		run --separate-stderr cni bridge ADD "$(bridge_conf)"
		assert_status 0
		case $version in
		0.[12].0) [ "$(jq -r '.ip4.ip[0:8]' <<<"$output")" = 10.44.0. ] ;;
		*)
			[ "$(jq -r '.interfaces[.ips[0].interface].name' <<<"$output")" = eth0 ]
			[ "$(jq -r '.interfaces[0].name' <<<"$output")" = cni0 ]
			;;
		esac
		[ "$(jq -r .cniVersion <<<"$output")" = "$version" ]
		result=$output
		ip -n c1 -o addr show eth0 | grep -q 'inet 10.44.0.*/24'
		ip -n c1 route | grep -q 'default via 10.44.0.1'
		case $version in 0.4.0 | 1.*) cni bridge CHECK "$(bridge_conf)" "$result" ;; esac
		cni bridge DEL "$(bridge_conf)" "$result"
		cni bridge DEL "$(bridge_conf)"
		assert_empty "$(ip -n c1 -o link show type veth)" links
	done
	assert_empty "$(ls "$BATS_TEST_TMPDIR/leases/net1" | grep 10.44)" leases
	cni bridge STATUS "$(bridge_conf)"
	cni bridge ADD "$(bridge_conf)" >"$BATS_TEST_TMPDIR/result"
	run cni bridge ADD "$(bridge_conf)"
	[ "$status" -eq 1 ]
	ip netns del c1
	: >/run/netns/c1
	run cni bridge CHECK "$(bridge_conf)" "$(cat "$BATS_TEST_TMPDIR/result")"
	[ "$status" -eq 1 ]
	cni bridge DEL "$(bridge_conf)"
	CNI_NETNS='' cni bridge DEL "$(bridge_conf)"
	rm /run/netns/c1
	ip netns add c1
	cni bridge ADD "$(bridge_conf)" >/dev/null
	cni bridge GC "$(bridge_conf | jq '. + {"cni.dev/valid-attachments": [{containerID: "c1", ifname: "eth0"}]}')"
	ls "$BATS_TEST_TMPDIR/leases/net1" | grep -q 10.44
	cni bridge GC "$(bridge_conf | jq '. + {"cni.dev/valid-attachments": [{containerID: "c2", ifname: "eth0"}]}')"
	assert_empty "$(ls "$BATS_TEST_TMPDIR/leases/net1" | grep 10.44)" leases
}

@test "cni: a flushed ruleset is built again by the next plugin" {
	cni bridge ADD "$(bridge_conf)" >"$BATS_TEST_TMPDIR/result"
	nft flush ruleset
	run cni bridge CHECK "$(bridge_conf)" "$(cat "$BATS_TEST_TMPDIR/result")"
	[ "$status" -eq 1 ]
	ip netns add c2
	CNI_CONTAINERID=c2 CNI_NETNS=/run/netns/c2 cni bridge ADD "$(bridge_conf)" >/dev/null
	cni bridge CHECK "$(bridge_conf)" "$(cat "$BATS_TEST_TMPDIR/result")"
	cni bridge DEL "$(bridge_conf)"
	CNI_CONTAINERID=c2 CNI_NETNS=/run/netns/c2 cni bridge DEL "$(bridge_conf)"
}

@test "cni bridge, portmap, tuning, firewall, bandwidth: a chain, ours and the reference's mixed" {
	[ -e "$reference/bridge" ] || need containernetworking-plugins
	make_outside
	ports='{"runtimeConfig":{"PortMappings":[{"HostPort":8080,"ContainerPort":80,"Protocol":"tcp","HostIP":""}]}}'
	bw='{"ingressRate":80000000,"ingressBurst":8000000,"egressRate":80000000,"egressBurst":8000000}'
	for CNI_PATH in "$ours" "$reference:$ours"; do
		for chain in "$CNI_PATH"; do
			r=$(cni bridge ADD "$(bridge_conf)")
			r=$(CNI_PATH=$ours cni portmap ADD "$(conf portmap "$ports")" "$r")
			r=$(CNI_PATH=$chain cni tuning ADD "$(conf tuning '{"mac":"02:11:22:33:44:55","sysctl":{"net.ipv4.conf.all.arp_filter":"1"}}')" "$r")
			r=$(CNI_PATH=$ours cni firewall ADD "$(conf firewall)" "$r")
			r=$(CNI_PATH=$chain cni bandwidth ADD "$(conf bandwidth "$bw")" "$r")
			serve c1 hello
			[ "$(fetch http://127.0.0.1:8080/)" = hello ]
			[ "$(fetch http://192.0.2.1:8080/)" = hello ]
			[ "$(ip netns exec outside timeout 5 busybox wget -qO- http://192.0.2.1:8080/)" = hello ]
			[ "$(ip netns exec c1 timeout 5 busybox wget -qO- http://192.0.2.1:8080/)" = hello ]
			# masqueraded on the way out: outside has no route back to 10.44
			ip netns exec c1 busybox ping -c 1 -W 5 192.0.2.2
			ip -n c1 link show eth0 | grep -q 02:11:22:33:44:55
			tc qdisc show | grep -q 'tbf.*rate 80Mbit'
			[ "$(tc qdisc show | grep -c tbf)" = 2 ]
			[ "$(jq -r '.interfaces[3].name[0:3]' <<<"$r")" = bwp ]
			CNI_PATH=$chain cni bandwidth CHECK "$(conf bandwidth "$bw")" "$r"
			CNI_PATH=$chain cni tuning CHECK "$(conf tuning '{"sysctl":{"net.ipv4.conf.all.arp_filter":"1"}}')" "$r"
			CNI_PATH=$ours cni portmap CHECK "$(conf portmap "$ports")" "$r"
			cni bridge CHECK "$(bridge_conf)" "$r"
			CNI_PATH=$chain cni bandwidth DEL "$(conf bandwidth "$bw")" "$r"
			CNI_PATH=$chain cni tuning DEL "$(conf tuning)" "$r"
			CNI_PATH=$ours cni portmap DEL "$(conf portmap "$ports")" "$r"
			cni bridge DEL "$(bridge_conf)" "$r"
			assert_empty "$(ip -o link | grep bwp)" ifb
			kill "$(tail -n 1 "$servers")"
		done
	done
	ip link del out0
}

@test "cni portmap: a port of another is refused; bare keeps sources; ours after their bridge" {
	ports='{"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}}'
	r=$(CNI_PATH=$reference cni bridge ADD "$(bridge_conf)")
	cni portmap ADD "$(conf portmap "$ports")" "$r" >/dev/null
	ip netns add c2
	export CNI_CONTAINERID=c2 CNI_NETNS=/run/netns/c2
	r2=$(CNI_PATH=$reference cni bridge ADD "$(bridge_conf)")
	run --separate-stderr cni portmap ADD "$(conf portmap "$ports")" "$r2"
	[ "$status" -eq 1 ]
	[ "$(jq -r .msg <<<"$output")" = "publish port '8080/tcp': already published by 'cni:net1:c1:eth0'" ]
	cni portmap DEL "$(conf portmap "$ports")" "$r2"
	CNI_CONTAINERID=c1 cni portmap CHECK "$(conf portmap "$ports")" "$r"
	CNI_CONTAINERID=c1 cni portmap GC "$(version=1.1.0 conf portmap '{"cni.dev/valid-attachments":[]}')"
	CNI_CONTAINERID=c1 run cni portmap CHECK "$(conf portmap "$ports")" "$r"
	[ "$status" -ne 0 ]
	CNI_PATH=$reference cni bridge DEL "$(bridge_conf)" "$r2"
	CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/c1 CNI_PATH=$reference cni bridge DEL "$(bridge_conf)" "$r"
}

@test "cni firewall: ingressPolicy same-bridge keeps bridges apart" {
	ip netns add c2
	other=$(conf bridge '{"bridge":"cni1","isGateway":true,"ipam":{"type":"static","addresses":[{"address":"10.45.0.9/24","gateway":"10.45.0.1"}],"routes":[{"dst":"0.0.0.0/0"}]}}')
	policy=$(conf firewall '{"ingressPolicy":"same-bridge"}')
	r1=$(cni bridge ADD "$(bridge_conf)")
	r2=$(CNI_CONTAINERID=c2 CNI_NETNS=/run/netns/c2 cni bridge ADD "$other")
	ip netns exec c1 busybox ping -c 1 -W 5 10.45.0.9
	cni firewall ADD "$policy" "$r1" >/dev/null
	CNI_CONTAINERID=c2 CNI_NETNS=/run/netns/c2 cni firewall ADD "$policy" "$r2" >/dev/null
	run ip netns exec c1 busybox ping -c 1 -W 1 10.45.0.9
	[ "$status" -ne 0 ]
	cni firewall CHECK "$policy" "$r1"
	cni firewall DEL "$policy" "$r1"
	ip netns exec c1 busybox ping -c 1 -W 5 10.45.0.9
	CNI_CONTAINERID=c2 cni firewall DEL "$policy"
	cni bridge DEL "$(bridge_conf)"
	CNI_CONTAINERID=c2 cni bridge DEL "$other"
}

@test "cni host-local: the reference's store, either way round" {
	for first in "$ours" "$reference"; do
		second=$reference
		[ "$first" = "$ours" ] || second=$ours
		a=$(CNI_PATH=$first cni host-local ADD "$(conf host-local "{\"ipam\":$local_ipam}")" | jq -r '.ips[0].address')
		b=$(CNI_CONTAINERID=c2 CNI_PATH=$second cni host-local ADD "$(conf host-local "{\"ipam\":$local_ipam}")" | jq -r '.ips[0].address')
		[ "$a" != "$b" ]
		[ "$(find "$BATS_TEST_TMPDIR/leases/net1" -name '10.44*' | wc -l)" = 2 ]
		CNI_PATH=$second cni host-local DEL "$(conf host-local "{\"ipam\":$local_ipam}")"
		CNI_CONTAINERID=c2 CNI_PATH=$first cni host-local DEL "$(conf host-local "{\"ipam\":$local_ipam}")"
		assert_empty "$(ls "$BATS_TEST_TMPDIR/leases/net1" | grep 10.44)" leases
	done
	run --separate-stderr env CNI_ARGS='IgnoreUnknown=1;IP=10.44.0.77' bash -c 'CNI_COMMAND=ADD "$0/host-local" <<<"$1"' "$ours" "$(conf host-local "{\"ipam\":$local_ipam}")"
	[ "$(jq -r '.ips[0].address' <<<"$output")" = 10.44.0.77/24 ]
	run --separate-stderr cni host-local ADD "$(conf host-local "{\"ipam\":$local_ipam}")"
	[ "$status" -eq 1 ]
	[[ $(jq -r .msg <<<"$output") == *duplicate* ]]
	CNI_CONTAINERID=c2 run --separate-stderr cni host-local ADD "$(conf host-local "{\"ipam\":$local_ipam,\"runtimeConfig\":{\"ips\":[\"10.44.0.77\"]}}")"
	[ "$status" -eq 1 ]
	cni host-local DEL "$(conf host-local "{\"ipam\":$local_ipam}")"
	r=$(cni host-local ADD "$(conf host-local '{"ipam":{"type":"host-local","ranges":[[{"subnet":"10.44.0.0/24","rangeStart":"10.44.0.50"}],[{"subnet":"fd44::/64"}]]}}')")
	[ "$(jq -r '[.ips[].address] | join(" ")' <<<"$r")" = '10.44.0.50/24 fd44::2/64' ] || fail "$r"
	cni host-local DEL "$(conf host-local "{\"ipam\":$local_ipam}")"
}

@test "cni ptp, loopback, macvlan, dummy, host-device, static" {
	make_outside
	fixed='{"type":"static","addresses":[{"address":"10.46.0.9/24","gateway":"10.46.0.1"},{"address":"fd46::9/64","gateway":"fd46::1"}],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}'
	version=0.3.1 cni loopback ADD "$(version=0.3.1 conf loopback)" | jq -e '.ips[0].address == "127.0.0.1/8"'
	ip -n c1 link show lo | grep -q LOWER_UP
	r=$(cni ptp ADD "$(conf ptp "{\"ipMasq\":true,\"ipam\":$fixed}")")
	ip netns exec c1 busybox ping -c 1 -W 5 10.46.0.1
	ip netns exec c1 busybox ping -c 1 -W 5 192.0.2.2
	ip netns exec c1 busybox ping6 -c 1 -W 5 fd46::1
	cni ptp CHECK "$(conf ptp "{\"ipam\":$fixed}")" "$r"
	cni ptp DEL "$(conf ptp "{\"ipam\":$fixed}")" "$r"
	ip link add below0 type veth peer name peer0 netns outside
	ip link set below0 up
	ip -n outside addr add 10.46.0.1/24 dev peer0
	ip -n outside link set peer0 up
	r=$(cni macvlan ADD "$(conf macvlan "{\"master\":\"below0\",\"mode\":\"bridge\",\"ipam\":$fixed}")")
	ip -n c1 -d link show eth0 | grep -q 'macvlan mode bridge'
	ip netns exec c1 busybox ping -c 1 -W 5 10.46.0.1
	cni macvlan CHECK "$(conf macvlan "{\"master\":\"below0\",\"ipam\":$fixed}")" "$r"
	cni macvlan DEL "$(conf macvlan "{\"master\":\"below0\",\"ipam\":$fixed}")"
	run --separate-stderr cni macvlan ADD "$(conf macvlan '{"master":"below0","mtu":9000}')"
	[[ $(jq -r .msg <<<"$output") == 'invalid MTU 9000'* ]]
	run --separate-stderr cni macvlan ADD "$(conf macvlan '{"master":"below0","mode":"x"}')"
	[ "$(jq -r .code <<<"$output")" = 7 ]
	r=$(cni host-device ADD "$(conf host-device "{\"device\":\"below0\",\"ipam\":$fixed}")")
	run ip link show below0
	[ "$status" -ne 0 ]
	ip netns exec c1 busybox ping -c 1 -W 5 10.46.0.1
	cni host-device CHECK "$(conf host-device "{\"device\":\"below0\",\"ipam\":$fixed}")" "$r"
	# What the container says of its links is not what comes back.
	ip -n c1 link set eth0 down
	ip -n c1 link set eth0 name renamed
	ip -n c1 link add eth0 alias eth7 type veth peer name other0
	ip -n c1 link set renamed alias eth7
	cni host-device DEL "$(conf host-device "{\"device\":\"below0\",\"ipam\":$fixed}")" "$r"
	ip -n c1 link del eth0
	cni host-device DEL "$(conf host-device "{\"device\":\"below0\",\"ipam\":$fixed}")" "$r"
	ip link show below0 | grep -q UP
	assert_empty "$(ls -A "$LASH_RUN/net/devices")" devices
	run --separate-stderr cni host-device ADD "$(conf host-device '{"device":"nosuch"}')"
	[[ $(jq -r .msg <<<"$output") == "find link 'nosuch'"* ]]
	for kind in ipvlan vlan dummy; do
		run --separate-stderr cni "$kind" ADD "$(conf "$kind" '{"master":"below0","vlanId":7}')"
		[ "$status" -eq 0 ] || [ "$(jq -r .msg <<<"$output")" = "this kernel has no links of type '$kind'" ]
		cni "$kind" DEL "$(conf "$kind" '{"master":"below0"}')"
	done
	ip link del below0
	ip link del out0
}

@test "cni dhcp: an address of the network's own server, renewed by a client that ends with DEL" {
	ip netns add dhcpd
	ip link add below0 type veth peer name peer0 netns dhcpd
	ip link set below0 up
	ip -n dhcpd addr add 10.47.0.1/24 dev peer0
	ip -n dhcpd link set peer0 up
	printf 'interface peer0\nstart 10.47.0.20\nend 10.47.0.30\nlease_file %s/leases\noption subnet 255.255.255.0\noption router 10.47.0.1\noption dns 10.47.0.1\noption domain example.test\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/udhcpd.conf"
	: >"$BATS_TEST_TMPDIR/leases"
	ip netns exec dhcpd busybox udhcpd -f "$BATS_TEST_TMPDIR/udhcpd.conf" >/dev/null 2>&1 3>&- &
	echo $! >>"$servers"
	r=$(cni macvlan ADD "$(conf macvlan '{"master":"below0","ipam":{"type":"dhcp"}}')" 3>&-)
	[[ $(jq -r '.ips[0].address' <<<"$r") == 10.47.0.[23]?/24 ]] || fail "$r"
	[ "$(jq -r '.dns.nameservers[0]' <<<"$r")" = 10.47.0.1 ]
	ip netns exec c1 busybox ping -c 1 -W 5 10.47.0.1
	ip -n c1 route | grep -q 'default via 10.47.0.1'
	cni macvlan CHECK "$(conf macvlan '{"master":"below0","ipam":{"type":"dhcp"}}')" "$r"
	client=$(ip netns pids c1)
	cni macvlan DEL "$(conf macvlan '{"master":"below0","ipam":{"type":"dhcp"}}')"
	wait_for 20 test ! -e "/proc/$client"
	ip link del below0
}

@test "cni: every plugin, every verb, every version" {
	printf '%s\n' '{"bridge":"cni0","isGateway":true,"ipam":{"type":"static","addresses":[{"address":"10.44.0.9/24","gateway":"10.44.0.1"}]}}' >"$BATS_TEST_TMPDIR/bridge"
	fixed='"ipam":{"type":"static","addresses":[{"address":"10.46.0.9/24","gateway":"10.46.0.1"}]}'
	ip link add below0 type veth peer name peer0
	ip link set below0 up
	while IFS='|' read -r plugin more; do
		CNI_IFNAME=eth0
		[ "$plugin" != loopback ] || CNI_IFNAME=lo
		for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
			what="$plugin, $version"
			c=$(conf "$plugin" "$more")
			prev=
			case $plugin in
			portmap | firewall | tuning | bandwidth)
				b=$(conf bridge "$(cat "$BATS_TEST_TMPDIR/bridge")")
				prev=$(cni bridge ADD "$b")
				;;
			esac
			run --separate-stderr cni "$plugin" ADD "$c" "$prev"
			if [ "$status" -ne 0 ]; then
				# Results had no interfaces then, so that nobody knows which to limit.
				case $what in
				bandwidth,\ 0.[12].0) [ "$(jq -r .code <<<"$output")" = 7 ] ;;
				*) [ "$(jq -r .msg <<<"$output")" = "this kernel has no links of type '$plugin'" ] ;;
				esac || fail "ADD $what: $output"
			else
				result=$output
				shape "$plugin" "$result" || fail "ADD $what: $result"
				run --separate-stderr cni "$plugin" CHECK "$c" "$result"
				case $version in
				0.[123]*) [ "$(jq -r .code <<<"$output")" = 1 ] || fail "CHECK $what: $output" ;;
				*) [ "$status" -eq 0 ] || fail "CHECK $what: $output" ;;
				esac
			fi
			for verb in GC STATUS; do
				run --separate-stderr cni "$plugin" "$verb" "$(jq -c '. + {"cni.dev/valid-attachments":[{"containerID":"c1","ifname":"eth0"},{"containerID":"c1","ifname":"lo"}]}' <<<"$c")"
				case $version in
				1.1.0) [ "$status" -eq 0 ] || fail "$verb $what: $output" ;;
				*) [ "$(jq -r .code <<<"$output")" = 1 ] || fail "$verb $what: $output" ;;
				esac
			done
			cni "$plugin" DEL "$c" "$prev" || fail "DEL $what"
			cni "$plugin" DEL "$c" || fail "DEL twice $what"
			[ -z "$prev" ] || cni bridge DEL "$b"
			assert_empty "$(ip -n c1 -o link show | grep -v ' lo:')" "links of $what"
		done
	done <<-CONFS
		bridge|$(cat "$BATS_TEST_TMPDIR/bridge")
		ptp|{$fixed}
		macvlan|{"master":"below0",$fixed}
		ipvlan|{"master":"below0",$fixed}
		vlan|{"master":"below0","vlanId":7,$fixed}
		dummy|{$fixed}
		host-device|{"device":"below0",$fixed}
		loopback|{}
		host-local|{"ipam":$local_ipam}
		static|{$fixed}
		portmap|{"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}}
		firewall|{}
		tuning|{"mtu":1400}
		bandwidth|{"ingressRate":80000000,"ingressBurst":8000000}
	CONFS
	ip link del below0
}

# shape PLUGIN RESULT - has it the form of its $version?
shape() {
	jq -e --arg v "$version" '.cniVersion == $v' <<<"$2" >/dev/null || return 1
	[ "$1" != loopback ] || return 0
	case $version in
	0.[12].0) jq -e '(has("ips") | not) and (.ip4.ip | test("/24$"))' <<<"$2" >/dev/null ;;
	0.*) jq -e '.ips[0] | .version == "4" and (.address | test("/24$"))' <<<"$2" >/dev/null ;;
	*) jq -e '.ips[0] | has("version") == false and (.address | test("/24$"))' <<<"$2" >/dev/null ;;
	esac
}
