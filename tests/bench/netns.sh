#!/bin/sh
# netns - a namespace with an address and one published port, made and removed: against CNI's bridge, host-local and
# portmap from apt with ip netns, and against the steps of the same by ip and nft.
set -eu

# shellcheck disable=SC2154 # set by tests/bench/run
export LASH_RUN="$work/run" LASH_ETC="$work/etc"
export CNI_PATH=/usr/lib/cni

cat >"$work/cni" <<'SCRIPT'
#!/bin/sh
# cni add|del - what a runtime does with a conflist of bridge and portmap.
set -eu
export CNI_CONTAINERID=bench CNI_IFNAME=eth0 CNI_NETNS=/run/netns/bench
head='{"cniVersion":"1.0.0","name":"bench"'
bridge='"type":"bridge","bridge":"cni0","isDefaultGateway":true,"ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local","dataDir":"/run/cni-bench","ranges":[[{"subnet":"10.77.0.0/16"}]]}'
portmap='"type":"portmap","capabilities":{"portMappings":true},"runtimeConfig":{"portMappings":[{"hostPort":7077,"containerPort":80,"protocol":"tcp"}]}'
case $1 in
add)
	ip netns add bench
	result=$(printf '%s,%s}' "$head" "$bridge" | CNI_COMMAND=ADD "$CNI_PATH/bridge")
	printf '%s,%s,"prevResult":%s}' "$head" "$portmap" "$result" | CNI_COMMAND=ADD "$CNI_PATH/portmap"
	;;
del)
	printf '%s,%s}' "$head" "$portmap" | CNI_COMMAND=DEL "$CNI_PATH/portmap"
	printf '%s,%s}' "$head" "$bridge" | CNI_COMMAND=DEL "$CNI_PATH/bridge"
	ip netns del bench
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
chmod +x "$work/cni" "$work/byhand"

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

gone='netns del bench; if [ -e /run/netns/bench ]; then exit 1; fi; sleep 0.1'
interleave -n "$ROUNDS" -b 'netns add, one published port' -p "$gone" -j "$BENCH_JSON" \
	"lash=netns add -p 8080:80 bench"
interleave -n "$ROUNDS" -b 'netns del, one published port' -j "$BENCH_JSON" \
	-p 'netns show bench >/dev/null 2>&1 || netns add -p 8080:80 bench; sleep 0.1' \
	"lash=netns del bench"
interleave -n 5 -b 'netns add, 500 published ports' -p "$gone" -j "$BENCH_JSON" \
	"lash=netns add -p 20000-20499:1000-1499 bench"
netns del bench warm
