# netns as a CNI runner: any list of plugins, the reference's or ours, ours within the process; and podman and
# containerd's ctr with our plugins.
# shellcheck shell=bash disable=SC2154

load lib/common

reference=/usr/lib/cni

setup() {
	need root ip nft busybox jq
	export LASH_RUN=$BATS_TEST_TMPDIR/run LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
	unset CNI_PATH
	servers=$BATS_TEST_TMPDIR/servers
	: >"$servers"
	mkdir -p "$LASH_ETC/net.d"
}

teardown() {
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null || :
	done <"$servers"
	netns ls -q | xargs -r netns del
	netns gc
	assert_empty "$(left)" left
}

# left - what there is of ours, but what CNI plugins leave: their bridge.
left() {
	find "$LASH_RUN/net" -mindepth 2 ! -name .forwarding-was-off 2>/dev/null
	find "$LASH_ROOT/cni" "$BATS_TEST_TMPDIR/leases" -type f ! -name lock ! -name 'last*' 2>/dev/null
	nft list table inet lash 2>/dev/null | grep 'comment "cni:'
	ls /run/netns 2>/dev/null
	return 0
}

conflist() {
	jq --arg dir "$BATS_TEST_TMPDIR/leases" '.plugins[0].ipam.dataDir = $dir' >"$LASH_ETC/net.d/$1.conflist"
}

full() {
	conflist full <<-'JSON'
		{"cniVersion":"1.0.0","name":"full","plugins":[
		 {"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,"hairpinMode":true,"capabilities":{"ips":true,"mac":true},
		  "ipam":{"type":"host-local","ranges":[[{"subnet":"10.48.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
		 {"type":"portmap","capabilities":{"portMappings":true}},
		 {"type":"tuning","sysctl":{"net.core.somaxconn":"777"}},
		 {"type":"bandwidth","ingressRate":800000000,"ingressBurst":80000000}]}
	JSON
}

serve() {
	local www=$BATS_TEST_TMPDIR/www-$1
	mkdir -p "$www"
	printf '%s\n' "$2" >"$www/index.html"
	netns exec "$1" busybox httpd -f -p 80 -h "$www" 3>&- &
	echo $! >>"$servers"
	wait_for 20 listens "$1"
}

listens() {
	timeout 5 netns exec "$1" busybox netstat -ltn | grep -q ':80 '
}

@test "netns add: runs a list of plugins, ours in the process, the reference's, and both" {
	[ -e "$reference/bridge" ] || need containernetworking-plugins
	full
	for path in '' "$reference" "$LASH_LIBEXEC/cni:$reference"; do
		[ -z "$path" ] || export CNI_PATH=$path
		run --separate-stderr netns add --network full -p 8080:80 --ip 10.48.0.99 --mac 02:00:00:00:00:09 web
		assert_status 0
		[ "$(jq -r '.ips[0].address' <<<"$output")" = 10.48.0.99/24 ] || fail "$output"
		[ "$(jq -r '.interfaces[0].name' <<<"$output")" = cni0 ]
		serve web hello
		[ "$(timeout 5 busybox wget -qO- http://127.0.0.1:8080/)" = hello ]
		[ "$(netns exec web cat /proc/sys/net/core/somaxconn)" = 777 ]
		netns exec web ip link show eth0 | grep -q 02:00:00:00:00:09
		assert_line '*' <<<"$(netns ls)"
		[[ $(netns ls) == $'web\teth0\tfull\t10.48.0.99/24\t8080->80/tcp' ]]
		# That portmap's own CHECK fails where there is no IPv6.
		[ "$path" = "$reference" ] || netns check web
		cached=$LASH_ROOT/cni/results/full-web-eth0
		[ "$(jq -r '[.kind, .containerId, .ifName, .networkName, .capabilityArgs.portMappings[0].hostPort] | join(" ")' "$cached")" = 'cniCacheV1 web eth0 full 8080' ]
		[ "$(jq -r .config "$cached" | base64 -d | jq -r .name)" = full ]
		run --separate-stderr netns add --network full -p 8081:80 --ip 10.48.0.99 other
		assert_status 1
		[ ! -e "$LASH_RUN/net/spaces/other" ]
		netns del web
		netns del web
		assert_empty "$(left)" left
		kill "$(tail -n 1 "$servers")"
	done
	unset CNI_PATH
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=execve,clone,fork,vfork netns add --network full web >/dev/null
	[ "$(grep -c execve "$BATS_TEST_TMPDIR/trace")" = 1 ]
}

@test "netns: drivers by configuration: macvlan, ptp, connect and disconnect live" {
	ip link add below0 type veth peer name peer0
	ip link set below0 up
	ip link set peer0 up
	conflist mac <<-'JSON'
		{"cniVersion":"1.1.0","name":"mac","plugins":[{"type":"macvlan","master":"below0","capabilities":{"ips":true},
		 "ipam":{"type":"host-local","ranges":[[{"subnet":"10.49.0.0/24"}],[{"subnet":"fd49::/64"}]]}}]}
	JSON
	conflist pair <<-'JSON'
		{"cniVersion":"1.1.0","name":"pair","plugins":[{"type":"ptp","ipMasq":true,
		 "ipam":{"type":"host-local","ranges":[[{"subnet":"10.50.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}}]}
	JSON
	netns add --network mac one
	netns add --network mac two
	a=$(netns show two | jq -r '.ips[0].address')
	netns exec one busybox ping -c 1 -W 5 "${a%/*}"
	netns exec one busybox ping6 -c 1 -W 5 fd49::3
	netns connect one pair
	netns exec one busybox ping -c 1 -W 5 10.50.0.1
	# Every network's store is locked, not only the first one's.
	run flock "$BATS_TEST_TMPDIR/leases/pair/lock" timeout 1 netns add --network mac --network pair three
	[ "$status" -eq 124 ]
	netns gc
	netns connect one bridge
	netns exec one busybox ping -c 1 -W 5 10.87.0.1
	netns check one two
	netns disconnect one pair
	run netns exec one ip link show eth1
	[ "$status" -ne 0 ]
	netns network ls | grep -q $'^mac\tmacvlan'
	# What nobody returned is collected.
	cp -a "$BATS_TEST_TMPDIR/leases/mac/10.49.0.2" "$BATS_TEST_TMPDIR/leases/mac/10.49.0.77"
	sed -i 's/^one/gone/' "$BATS_TEST_TMPDIR/leases/mac/10.49.0.77"
	netns gc
	[ ! -e "$BATS_TEST_TMPDIR/leases/mac/10.49.0.77" ]
	[ -e "$BATS_TEST_TMPDIR/leases/mac/10.49.0.2" ]
	netns check one two
	netns del one two
	ip link del below0
}

@test "netns add: others' plugins get their configuration as it is written, and each attachment its own cache" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/strange" <<-'SH'
		#!/bin/sh
		cat >"$LASH_RUN/$CNI_COMMAND"
		[ "$CNI_COMMAND" != ADD ] || printf '{"cniVersion":"1.0.0"}\n'
	SH
	chmod 755 "$BATS_TEST_TMPDIR/bin/strange"
	export CNI_PATH=$BATS_TEST_TMPDIR/bin
	for name in front front-end; do
		jq -n --arg name $name '{cniVersion:"1.0.0",name:$name,plugins:[{type:"strange",labels:{Name:"a",MTU:1},ipam:{TYPE:"x"}}]}' \
		    >"$LASH_ETC/net.d/$name.conflist"
	done
	netns add --network front-end web >/dev/null
	[ "$(jq -c '[.labels, .ipam, .name]' "$LASH_RUN/ADD")" = '[{"Name":"a","MTU":1},{"TYPE":"x"},"front-end"]' ]
	run --separate-stderr netns add --network front end-web
	assert_status 1
	assert_one_line "netns add: cached result 'front-end-web-eth0' is that of 'eth0' in 'web' on network 'front-end'"
	netns del end-web
	[ -e "$LASH_ROOT/cni/results/front-end-web-eth0" ] && [ ! -e "$LASH_RUN/DEL" ]
	netns del web
	[ "$(jq -r .name "$LASH_RUN/DEL")" = front-end ]
	jq '.plugins = [range(65) | {type:"strange"}]' "$LASH_ETC/net.d/front.conflist" >"$LASH_ETC/net.d/many.conflist"
	rm "$LASH_ETC/net.d/front.conflist"
	run --separate-stderr netns add --network front web
	assert_status 1
	assert_one_line "netns add: network 'front': more than 64 plugins"
	rm "$LASH_RUN/ADD" "$LASH_RUN/DEL"
}

@test "netns add: a list of plugins killed at any step leaves only what gc removes" {
	full
	n=1
	while killat change "$n" netns add --network full -p 8080:80 web >/dev/null 2>&1; do
		netns gc
		[ "$(netns ls -q)" != web ] || netns del web
		assert_empty "$(left | grep -v networks/)" "killed at step $n, left"
		n=$((n + 4))
	done
	[ "$n" -gt 20 ] || fail "only $n steps"
}

@test "podman: its CNI backend runs containers with our plugins" {
	need podman
	base=$BATS_TEST_TMPDIR/podman
	mkdir -p "$base/net.d"
	jq -n --arg dir "$BATS_TEST_TMPDIR/leases" '{cniVersion:"0.4.0",name:"podman",plugins:[
	  {type:"bridge",bridge:"cni-podman0",isGateway:true,ipMasq:true,hairpinMode:true,
	   ipam:{type:"host-local",dataDir:$dir,routes:[{dst:"0.0.0.0/0"}],ranges:[[{subnet:"10.88.0.0/16",gateway:"10.88.0.1"}]]}},
	  {type:"portmap",capabilities:{portMappings:true}},{type:"firewall"},{type:"tuning"}]}' >"$base/net.d/87-podman-bridge.conflist"
	cat >"$base/containers.conf" <<-CONF
		[network]
		network_backend="cni"
		cni_plugin_dirs=["$LASH_LIBEXEC/cni"]
		network_config_dir="$base/net.d"
		[engine]
		cgroup_manager="cgroupfs"
		events_logger="file"
		conmon_env_vars=["PATH=$PATH","LASH_RUN=$LASH_RUN"]
	CONF
	busybox_rootfs "$base/rootfs"
	echo hello >"$base/rootfs/www/index.html"
	export CONTAINERS_CONF=$base/containers.conf
	parent=$(unique)
	pod() {
		podman --root "$base/root" --runroot "$base/runroot" --tmpdir "$base/tmp" --storage-driver vfs \
		    --cgroup-manager cgroupfs --events-backend file --runtime "$(command -v runc)" "$@" 3>&-
	}
	pod run -d --cgroup-parent "/$parent" --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --name web -p 8080:80 \
	    --rootfs "$base/rootfs" httpd -f -h /www
	fetched() { [ "$(timeout 5 busybox wget -qO- http://127.0.0.1:8080/)" = hello ]; }
	is_detached() { [ -z "$(find "$LASH_RUN/net/attachments" "$BATS_TEST_TMPDIR/leases" -name 'cni:*' -o -name '10.88.*')" ]; }
	wait_for 20 fetched
	[ "$(pod inspect web | jq -r '.[0].NetworkSettings.IPAddress')" = 10.88.0.2 ]
	nft list table inet lash | grep -q 'comment "cni:podman:'
	# The clean-up conmon starts has conmon's own environment; here it comes before rm's.
	pod kill web
	wait_for 20 is_detached
	pod rm -f -t 0 web
	find /sys/fs/cgroup -depth -path "*/$parent*" -type d -exec rmdir {} + || :
}

@test "ctr: runs a container with our plugins" {
	need containerd ctr runc
	base=$BATS_TEST_TMPDIR/ctr
	mkdir -p "$base" /opt/cni /etc/cni
	mount -t tmpfs cni /opt/cni
	mount -t tmpfs cni /etc/cni
	mkdir /etc/cni/net.d
	ln -s "$LASH_LIBEXEC/cni" /opt/cni/bin
	jq -n --arg dir "$BATS_TEST_TMPDIR/leases" '{cniVersion:"1.0.0",name:"ctr",plugins:[
	  {type:"bridge",bridge:"ctr0",isGateway:true,ipMasq:true,
	   ipam:{type:"host-local",dataDir:$dir,ranges:[[{subnet:"10.51.0.0/24"}]],routes:[{dst:"0.0.0.0/0"}]}},
	  {type:"portmap",capabilities:{portMappings:true}}]}' >/etc/cni/net.d/10-ctr.conflist
	printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\nroot = "%s/root"\nstate = "%s/state"\n[grpc]\naddress = "%s/sock"\n' \
	    "$base" "$base" "$base" >"$base/config.toml"
	containerd --config "$base/config.toml" >"$base/log" 2>&1 3>&- &
	echo $! >>"$servers"
	busybox_rootfs "$base/rootfs"
	wait_for 30 ctr --address "$base/sock" version
	run --separate-stderr ctr --address "$base/sock" run --rm --cni --rootfs --runc-binary "$(command -v runc)" \
	    "$base/rootfs" web ip -4 -o addr show eth0
	assert_status 0
	assert_line '*10.51.0.2/24*'
	assert_empty "$(find "$LASH_RUN/net/attachments" -type f)" attachments
	assert_empty "$(ls "$BATS_TEST_TMPDIR/leases/ctr" | grep 10.51)" leases
}

@test "netns network create: drivers, IPv6, gateway modes; add: sysctls, rates, several networks" {
	ip link add below0 type veth peer name peer0
	ip link set below0 up
	ip link set peer0 up
	ip netns add outside
	ip link add out0 type veth peer name eth0 netns outside
	ip addr add 192.0.2.1/24 dev out0
	ip link set out0 up
	ip -n outside addr add 192.0.2.2/24 dev eth0
	ip -n outside link set eth0 up
	ip -n outside route add default via 192.0.2.1
	run --separate-stderr netns network create --driver nosuch x
	assert_status 2
	run --separate-stderr netns network create --driver vlan x
	assert_status 2
	run --separate-stderr netns network create --gateway-mode x x
	assert_status 2
	netns network create --driver macvlan --parent below0 --subnet 10.52.0.0/24 --gateway 10.52.0.1 mac
	netns network create --driver ptp --ipv6 --subnet 10.53.0.0/24 pair
	netns network create --ipv6 --subnet 10.54.0.0/24 six
	netns network create --gateway-mode routed --subnet 10.55.0.0/24 routed
	netns network create --gateway-mode nat-unprotected --subnet 10.56.0.0/24 wide
	netns network create --gateway-mode isolated --subnet 10.57.0.0/24 alone
	netns network inspect six | jq -e '.plugins[0].ipam.ranges[1][0].subnet | test("^fd[0-9a-f]{2}:.*::/64$")'
	run netns network create --driver ipvlan --parent below0 --subnet 10.58.0.0/24 ipv
	[ "$status" -eq 0 ]
	run --separate-stderr netns add --network ipv x
	[ "$status" -eq 0 ] || assert_one_line "netns add: this kernel has no links of type 'ipvlan'"
	netns del x
	netns add --network six --network mac --network pair --sysctl net.ipv4.ip_unprivileged_port_start=7 --rate-in 10M --rate-out 5M one
	[ "$(netns exec one cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = 7 ]
	[ "$(tc qdisc show | grep -c tbf)" = 2 ]
	tc qdisc show | grep -q 'rate 83886'
	no_shapers() { ! tc qdisc show | grep -q tbf; }
	[ "$(netns ls | grep -c '^one')" = 3 ]
	netns exec one ip -6 -o addr show eth0 | grep -q 'inet6 fd'
	netns exec one ip -6 route | grep -q '^default'
	netns exec one ip link show eth1 | grep -q LOWER_UP
	netns exec one busybox ping -c 1 -W 5 10.53.0.1
	netns check one
	run --separate-stderr netns network rm mac
	assert_one_line "netns network rm: network 'mac' is in use"
	run --separate-stderr netns add --sysctl kernel.hostname=x two
	assert_status 1
	assert_one_line "*only those of net*"
	netns del one
	# The kernel takes the links down when nobody waits for it any more.
	wait_for 20 no_shapers
	# Gateway modes, seen from outside with a route here.
	netns add --network routed -p 80 r1
	netns add --network wide w1
	serve r1 routed
	serve w1 wide
	[ "$(ip netns exec outside timeout 5 busybox wget -qO- http://10.55.0.2/)" = routed ]
	ip netns exec outside busybox ping -c 1 -W 5 10.55.0.2
	run ip netns exec outside timeout 1 busybox nc 10.55.0.2 81
	[ "$status" -ne 0 ]
	[ "$(ip netns exec outside timeout 5 busybox wget -qO- http://10.56.0.2/)" = wide ]
	netns unpublish r1 80
	run ip netns exec outside timeout 2 busybox wget -qO- http://10.55.0.2/
	[ "$status" -ne 0 ]
	netns del r1 w1
	netns network rm mac pair six routed wide alone ipv
	ip link del out0
	ip netns del outside
	ip link del below0
}
