#!/bin/sh
# netns - a namespace with an address and one published port, made and removed: against the chain of CNI plugins apt
# installs for podman (bridge with host-local, portmap, firewall, tuning) and its first two alone, with ip netns, against
# netavark, against the steps of the same by ip and nft, and against the least the kernel does it for (netfloor); what
# a published port costs those who use it.
set -eu

# State where it is in life: in memory.
mkdir -p /run/bench /run/cni-bench
# shellcheck disable=SC2154 # set by tests/bench/run
export LASH_RUN=/run/bench/run LASH_ETC="$work/etc" LASH_ROOT="$work/root"
# A host that did not forward would go on not forwarding for the others.
echo 1 >/proc/sys/net/ipv4/ip_forward
# Not in our own environment: netns would take its plugins from there.
unset CNI_PATH

cat >"$work/cni" <<'SCRIPT'
#!/bin/sh
# cni add|del [PLUGIN...] - what a runtime does with a conflist of bridge and these.
set -eu
export CNI_PATH=/usr/lib/cni CNI_CONTAINERID=bench CNI_IFNAME=eth0 CNI_NETNS=/run/netns/bench-cni
head='{"cniVersion":"0.4.0","name":"bench"'
bridge='"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local","dataDir":"/run/cni-bench","routes":[{"dst":"0.0.0.0/0"}],"ranges":[[{"subnet":"10.77.0.0/16"}]]}'
portmap='"type":"portmap","capabilities":{"portMappings":true},"runtimeConfig":{"portMappings":[{"hostPort":7077,"containerPort":80,"protocol":"tcp"}]}'
firewall='"type":"firewall"'
tuning='"type":"tuning"'

verb=$1
shift
case $verb in
add)
	ip netns add bench-cni
	result=$(printf '%s,%s}' "$head" "$bridge" | CNI_COMMAND=ADD "$CNI_PATH/bridge")
	for plugin in "$@"; do
		eval "conf=\$$plugin"
		result=$(printf '%s,%s,"prevResult":%s}' "$head" "$conf" "$result" | CNI_COMMAND=ADD "$CNI_PATH/$plugin")
	done
	printf '%s' "$result" >/run/cni-bench/result
	;;
del)
	result=$(cat /run/cni-bench/result)
	for plugin in tuning firewall portmap; do
		eval "conf=\$$plugin"
		printf '%s,%s,"prevResult":%s}' "$head" "$conf" "$result" | CNI_COMMAND=DEL "$CNI_PATH/$plugin" >/dev/null
	done
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
"$work/cni" add portmap firewall tuning && "$work/cni" del
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
	"cni=$work/cni add portmap firewall tuning && $work/cni del" \
	"ip-nft=$work/byhand add && $work/byhand del"

gone="netns del bench; [ ! -e /run/netns/bench-cni ] || $work/cni del; [ ! -e /run/netns/bench-na ] || $work/netavark del; sleep 0.1"
interleave -n "$ROUNDS" -b 'netns add, one published port' -p "$gone" -j "$BENCH_JSON" \
	"lash=netns add -p 8080:80 bench" "cni=$work/cni add portmap firewall tuning" \
	"cni-two=$work/cni add portmap" "netavark=$work/netavark add"
sh -c "$gone"
interleave -n "$ROUNDS" -b 'netns del, one published port' -j "$BENCH_JSON" \
	-p 'netns show bench >/dev/null 2>&1 || netns add -p 8080:80 bench; sleep 0.1' \
	"lash=netns del bench"
gone='netns del bench; if [ -e /run/netns/bench ]; then exit 1; fi; sleep 0.1'
interleave -n 10 -b 'netns add, 500 published ports and one' -p "$gone" -j "$BENCH_JSON" \
	"500=netns add -p 20000-20499:1000-1499 bench" "1=netns add -p 8080:80 bench"
netns del bench

# Flat: the same beside 500 others, and what of the difference is the kernel's. Its bridges take 1023 ports.
cat >"$work/gone" <<'SCRIPT'
#!/bin/sh
# gone - the namespaces of one round, removed.
netns del bench
if [ -e /run/netns/floor ]; then
	ip link set vfloor down
	ip netns del floor
	nft flush map inet hand ports
fi
sleep 0.1
SCRIPT
chmod +x "$work/gone"
beside() {
	interleave -n "$ROUNDS" -b "netns add beside $1" -p "$work/gone" -j "$BENCH_JSON" \
		"lash=netns add -p 8080:80 bench" "floor=netfloor floor lash0 10.87.255.2 10.87.0.1 6066"
	"$work/gone"
}
beside '1 other'
i=0
while [ "$i" -lt 500 ]; do
	netns add -p "$((10000 + i)):80" "many$i" >/dev/null
	i=$((i + 1))
done
beside '501 others'
interleave -n "$ROUNDS" -b 'netns del beside 501 others' -j "$BENCH_JSON" \
	-p 'netns show bench >/dev/null 2>&1 || netns add -p 8080:80 bench >/dev/null; sleep 0.1' \
	"lash=netns del bench"
netns ls -q | grep many | xargs netns del

# What a published port costs: requests one after the other, and bytes a second, from another host, by our port, by
# docker's, by that of CNI's portmap, and to a namespace itself.
ip netns add far
ip link add far0 type veth peer name eth0 netns far
ip addr add 192.0.2.1/24 dev far0
ip link set far0 up
ip -n far addr add 192.0.2.2/24 dev eth0
ip -n far link set eth0 up
ip -n far route add 10.77.0.0/16 via 192.0.2.1
netns add -p 8080:80 -p 8081:5201 bench >/dev/null
"$work/cni" add portmap firewall tuning
direct=$(ip -n bench-cni -j addr show eth0 | jq -r '.[0].addr_info[] | select(.family == "inet").local')

group=/lash-test-bench-$$
dock() {
	docker -H unix:///run/docker.sock "$@"
}
docker_up() {
	dockerd --data-root "$work/docker" --exec-root /run/docker-exec --pidfile /run/docker.pid -H unix:///run/docker.sock \
		--storage-driver vfs --cgroup-parent "$group" --exec-opt native.cgroupdriver=cgroupfs >"$work/dockerd.log" 2>&1 &
	tries=0
	until dock version >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || return 1
		sleep 0.2
	done
	mkdir -p "$work/box/bin"
	cp "$(command -v busybox)" "$work/box/bin/busybox"
	tar -C "$work/box" -c . | dock import - box >/dev/null
	dock run -d --name bench -p 7078:80 -p 7079:5201 box busybox sleep 10000 >/dev/null
	ln -s "/proc/$(dock inspect --format '{{.State.Pid}}' bench)/ns/net" /run/netns/bench-docker
}
docker_down() {
	rm /run/netns/bench-docker
	dock rm -f bench >/dev/null
	kill "$(cat /run/docker.pid)"
	while [ -e /run/docker.pid ]; do
		sleep 0.1
	done
	find /sys/fs/cgroup -depth -path "*$group*" -type d -exec rmdir {} + || :
}
docker_up || {
	tail -n 3 "$work/dockerd.log" >&2
	exit 1
}
for ns in bench bench-cni bench-docker; do
	nsenter "--net=/run/netns/$ns" busybox httpd -p 80 -h /etc
	nsenter "--net=/run/netns/$ns" iperf3 -s -D
done
sleep 0.5
get="ip netns exec far ab -q -n 500 -c 1"
interleave -n "$ROUNDS" -b '500 requests through a published port' -j "$BENCH_JSON" \
	"lash=$get http://192.0.2.1:8080/hostname" "docker=$get http://192.0.2.1:7078/hostname" \
	"cni=$get http://192.0.2.1:7077/hostname" "direct=$get http://$direct/hostname"
# Twice in turn, since the first may find the machine busy.
for to in "lash 192.0.2.1 8081" "docker 192.0.2.1 7079" "direct $direct 5201" \
	"lash 192.0.2.1 8081" "docker 192.0.2.1 7079" "direct $direct 5201"; do
	# shellcheck disable=SC2086 # three words
	set -- $to
	rate=$(ip netns exec far iperf3 -J -t 2 -c "$2" -p "$3" | jq '.end.sum_received.bits_per_second / 1e9')
	printf 'throughput, %s: %.1f Gbit/s\n' "$1" "$rate"
done
for ns in bench bench-cni; do
	ip netns pids "$ns" | xargs -r kill
done
docker_down
"$work/cni" del
netns del bench warm
