# netns without root: pasta and slirp4netns carry the traffic of a namespace, ports included.
# shellcheck shell=bash disable=SC2154

load lib/common

setup() {
	need root ip busybox jq setpriv kernel:userns
	# A world for an ordinary user: /dev/net/tun as distributions have it, a way out, directories of its own.
	mount -t tmpfs dev /dev/net
	mknod -m 666 /dev/net/tun c 10 200
	ip netns add outside
	ip link add out0 type veth peer name eth0 netns outside
	ip addr add 192.0.2.1/24 dev out0
	ip link set out0 up
	ip -n outside addr add 192.0.2.2/24 dev eth0
	ip -n outside link set eth0 up
	ip route add default via 192.0.2.2
	home=$(mktemp -d /tmp/lash-rootless.XXXXXX)
	mkdir "$home/www" "$home/ns"
	echo hello >"$home/www/index.html"
	cat >"$home/inside" <<-SCRIPT
		export LASH_RUN=$home/run LASH_ETC=$home/etc LASH_ROOT=$home/root LASH_NETNS_DIR=$home/ns
		. "\$1"
	SCRIPT
	chown -R 65534:65534 "$home"
}

teardown() {
	ip link del out0
	ip netns del outside
	umount /dev/net
	rm -rf "$home"
}

# as_user FILE - run a shell file as root of a user namespace of nobody's.
as_user() {
	setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urm sh -eu "$home/inside" "$1" 3>&-
}

@test "netns add --network pasta, slirp4netns: an address, a way out and ports, for an ordinary user" {
	need pasta slirp4netns
	ip netns exec outside busybox httpd -p 81 -h "$home/www" 3>&-
	for network in pasta slirp4netns; do
		cat >"$home/script" <<-SCRIPT
			netns add --network $network -p 8080:80 -p 127.0.0.1:5353:53/udp web >$home/result
			netns ls >&2
			netns check web
			netns exec web busybox httpd -f -p 80 -h $home/www &
			server=\$!
			n=0
			until [ "\$(timeout 5 busybox wget -qO- http://127.0.0.1:8080/)" = hello ]; do
				n=\$((n + 1)); [ \$n -lt 100 ]; sleep 0.1
			done
			[ "\$(netns exec web timeout 5 busybox wget -qO- http://192.0.2.2:81/)" = hello ]
			kill \$server
			kill \$(cut -d ' ' -f 1 $home/run/net/spaces/web/.helper)
			n=0
			while netns check web 2>/dev/null; do
				n=\$((n + 1)); [ \$n -lt 100 ]; sleep 0.1
			done
			netns del web
			netns add --network $network web >/dev/null
			pid=\$(cut -d ' ' -f 1 $home/run/net/spaces/web/.helper)
			netns del web
			n=0
			while [ -e /proc/\$pid ]; do
				n=\$((n + 1)); [ \$n -lt 100 ]; sleep 0.1
			done
			netns gc
			! netns add --network $network -p 8080:80/sctp web
			! netns add --network bridge web
			[ -z "\$(netns ls)" ]
			[ -z "\$(find $home/ns $home/run/net/spaces -mindepth 1)" ]
		SCRIPT
		chmod 644 "$home/script"
		run --separate-stderr as_user "$home/script"
		assert_status 0
		[[ $stderr == *"$network"*'8080->80/tcp,127.0.0.1:5353->53/udp'* ]] || fail "$stderr"
		[[ $stderr == *'only tcp and udp go without a bridge'* ]] || fail "$stderr"
		[ "$(jq -r '.ips | length' "$home/result")" = 1 ]
		jq -e '.dns.nameservers[0]' "$home/result"
	done
}

@test "netns add --network pasta: what fails says why, and leaves nothing" {
	need pasta
	printf 'netns add --network pasta -p 7:80 web\n' >"$home/script"
	run --separate-stderr as_user "$home/script"
	assert_status 1
	assert_one_line "netns add: publish port '7/tcp': Permission denied"
	chmod 600 /dev/net/tun
	printf 'netns add --network pasta web\n' >"$home/script"
	run --separate-stderr as_user "$home/script"
	assert_status 1
	assert_one_line "netns add: pasta could not connect 'web': *"
	printf 'netns add --network slirp4netns web\n' >"$home/script"
	run --separate-stderr as_user "$home/script"
	assert_status 1
	assert_one_line "netns add: slirp4netns could not connect 'web': *"
	assert_empty "$(ls -A "$home/ns" "$home/run/net/spaces" | grep web)" spaces
}
