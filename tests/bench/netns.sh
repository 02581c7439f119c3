#!/bin/sh
# netns - a namespace with an address and one published port, made and removed: against CNI's bridge, host-local and
# portmap from apt with ip netns, against netavark, and against the steps of the same by ip and nft; what a published
# port costs those who use it.
set -eu

# State where it is in life: in memory.
mkdir -p /run/bench
# shellcheck disable=SC2154 # set by tests/bench/run
export LASH_RUN=/run/bench/run LASH_ETC="$work/etc" LASH_ROOT="$work/root"
# A host that did not forward would go on not forwarding for the others.
echo 1 >/proc/sys/net/ipv4/ip_forward
# Not in our own environment: netns would take its plugins from there.
unset CNI_PATH

cat >"$work/cni" <<'SCRIPT'
#!/bin/sh
# cni add|del - what a runtime does with a conflist of bridge and portmap.
set -eu
export CNI_PATH=/usr/lib/cni CNI_CONTAINERID=bench CNI_IFNAME=eth0 CNI_NETNS=/run/netns/bench-cni
head='{"cniVersion":"1.0.0","name":"bench"'
bridge='"type":"bridge","bridge":"cni0","isDefaultGateway":true,"ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local","dataDir":"/run/cni-bench","ranges":[[{"subnet":"10.77.0.0/16"}]]}'
portmap='"type":"portmap","capabilities":{"portMappings":true},"runtimeConfig":{"portMappings":[{"hostPort":7077,"containerPort":80,"protocol":"tcp"}]}'
case $1 in
add)
	ip netns add bench-cni
	result=$(printf '%s,%s}' "$head" "$bridge" | CNI_COMMAND=ADD "$CNI_PATH/bridge")
	printf '%s,%s,"prevResult":%s}' "$head" "$portmap" "$result" | CNI_COMMAND=ADD "$CNI_PATH/portmap"
	;;
del)
	printf '%s,%s}' "$head" "$portmap" | CNI_COMMAND=DEL "$CNI_PATH/portmap"
	printf '%s,%s}' "$head" "$bridge" | CNI_COMMAND=DEL "$CNI_PATH/bridge"
	ip netns del bench-cni
	;;
esac
SCRIPT
cat >"$work/netavark" <<'SCRIPT'
#!/bin/sh
# netavark add|del - what podman does.
set -eu
conf='{"container_id":"bench","container_name":"bench","networks":{"podman":{"static_ips":["10.76.0.2"],"interface_name":"eth0"}},
"port_mappings":[{"container_port":80,"host_ip":"","host_port":7076,"protocol":"tcp","range":1}],
"network_info":{"podman":{"name":"podman","id":"2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9","driver":"bridge",
"network_interface":"podman0","subnets":[{"subnet":"10.76.0.0/16","gateway":"10.76.0.1"}],"ipv6_enabled":false,"internal":false,
"dns_enabled":false,"ipam_options":{"driver":"host-local"},"options":{}}}}'
case $1 in
add)
	ip netns add bench-na
	printf '%s' "$conf" | /usr/lib/podman/netavark setup /run/netns/bench-na >/dev/null
	;;
del)
	printf '%s' "$conf" | /usr/lib/podman/netavark teardown /run/netns/bench-na
	ip netns del bench-na
	;;
esac
SCRIPT
cat >"$work/byhand" <<'SCRIPT'
#!/bin/sh
# byhand add|del - the least that does it, with ip and nft, addresses known beforehand.
set -eu
case $1 in
add)
	ip netns add hand
	ip link add vhand master hand0 up type veth peer name eth0 netns hand
	ip -n hand -batch - <<-'BATCH'
		link set lo up
		addr add 10.66.0.2/16 dev eth0
		link set eth0 up
		route add default via 10.66.0.1
	BATCH
	nft 'add element inet hand ports { 6066 : 10.66.0.2 . 80 }'
	;;
del)
	nft 'delete element inet hand ports { 6066 }'
	ip link del vhand
	ip netns del hand
	;;
esac
SCRIPT
chmod +x "$work/cni" "$work/netavark" "$work/byhand"

# Bridges, chains and tables are there before the clock runs.
netns add warm >/dev/null
"$work/cni" add >/dev/null && "$work/cni" del
ip link add hand0 up type bridge
ip addr add 10.66.0.1/16 dev hand0
nft -f - <<'RULES'
table inet hand {
	map ports { type inet_service : ipv4_addr . inet_service; }
	chain pre {
		type nat hook prerouting priority -100;
		fib daddr type local dnat ip to tcp dport map @ports
	}
}
RULES

interleave -n "$ROUNDS" -b 'netns add + del, one published port' -j "$BENCH_JSON" \
	"lash=netns add -p 8080:80 bench && netns del bench" \
	"cni=$work/cni add && $work/cni del" \
	"ip-nft=$work/byhand add && $work/byhand del"

gone="netns del bench; [ ! -e /run/netns/bench-cni ] || $work/cni del; [ ! -e /run/netns/bench-na ] || $work/netavark del; sleep 0.1"
interleave -n "$ROUNDS" -b 'netns add, one published port' -p "$gone" -j "$BENCH_JSON" \
	"lash=netns add -p 8080:80 bench" "cni=$work/cni add" "netavark=$work/netavark add"
sh -c "$gone"
interleave -n "$ROUNDS" -b 'netns del, one published port' -j "$BENCH_JSON" \
	-p 'netns show bench >/dev/null 2>&1 || netns add -p 8080:80 bench; sleep 0.1' \
	"lash=netns del bench"
gone='netns del bench; if [ -e /run/netns/bench ]; then exit 1; fi; sleep 0.1'
interleave -n 5 -b 'netns add, 500 published ports and one' -p "$gone" -j "$BENCH_JSON" \
	"500=netns add -p 20000-20499:1000-1499 bench" "1=netns add -p 8080:80 bench"
netns del bench

# Flat: the same beside 500 others. A bridge of this kernel takes 1023 ports.
interleave -n "$ROUNDS" -b 'netns add beside 1 other' -p "$gone" -j "$BENCH_JSON" "lash=netns add -p 8080:80 bench"
netns del bench
i=0
while [ "$i" -lt 500 ]; do
	netns add -p "$((10000 + i)):80" "many$i" >/dev/null
	i=$((i + 1))
done
interleave -n "$ROUNDS" -b 'netns add beside 501 others' -p "$gone" -j "$BENCH_JSON" "lash=netns add -p 8080:80 bench"
netns del bench
netns ls -q | grep many | xargs netns del

# What a published port costs: requests one after the other, and bytes a second, from another host, by our port, by
# that of CNI's portmap (docker's rules are of the same kind: a chain of iptables), and to the namespace itself.
ip netns add far
ip link add far0 type veth peer name eth0 netns far
ip addr add 192.0.2.1/24 dev far0
ip link set far0 up
ip -n far addr add 192.0.2.2/24 dev eth0
ip -n far link set eth0 up
ip -n far route add 10.77.0.0/16 via 192.0.2.1
netns add -p 8080:80 -p 8081:5201 bench >/dev/null
"$work/cni" add >/dev/null
direct=$(ip -n bench-cni -j addr show eth0 | jq -r '.[0].addr_info[] | select(.family == "inet").local')
for ns in bench bench-cni; do
	ip netns exec "$ns" busybox httpd -p 80 -h /etc
	ip netns exec "$ns" iperf3 -s -D
done
sleep 0.5
get="ip netns exec far ab -q -n 500 -c 1"
interleave -n 5 -b '500 requests through a published port' -j "$BENCH_JSON" \
	"lash=$get http://192.0.2.1:8080/hostname" "cni=$get http://192.0.2.1:7077/hostname" "direct=$get http://$direct/hostname"
for to in "lash 192.0.2.1 8081" "direct $direct 5201"; do
	# shellcheck disable=SC2086 # three words
	set -- $to
	rate=$(ip netns exec far iperf3 -J -t 2 -c "$2" -p "$3" | jq '.end.sum_received.bits_per_second / 1e9')
	printf 'throughput, %s: %.1f Gbit/s\n' "$1" "$rate"
done
for ns in bench bench-cni; do
	ip netns pids "$ns" | xargs -r kill
done
"$work/cni" del
netns del bench warm
