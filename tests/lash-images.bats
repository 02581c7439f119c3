#!/usr/bin/env bats
# lash images, import, tag, rmi, inspect of images; volume; network.
# shellcheck disable=SC2154,SC2016

load lib/common
load lib/engine

setup_file() {
	need root jq docker-registry
	engine_setup
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	engine_teardown
}

@test "lash images: the table, -q, --format, --json" {
	run --separate-stderr lash images
	[[ ${lines[0]} == 'REPOSITORY   TAG '*'IMAGE ID '*'CREATED '*'SIZE' ]]
	[[ ${lines[1]} == 'box          latest   '*' ago   '*B ]]
	run --separate-stderr lash images -q
	[ "${#output}" -eq 12 ]
	run --separate-stderr lash images --format '{{.Repository}}:{{.Tag}}'
	assert_output box:latest
	run --separate-stderr lash images --json
	[ "$(jq -r .name <<<"$output")" = docker.io/library/box:latest ]
	LASH_ROOT=$PWD/empty run --separate-stderr lash images -q
	assert_status 0
	assert_output ''
}

@test "lash tag, rmi: names come and go" {
	lash tag box other:2
	run --separate-stderr lash images --format '{{.Repository}}:{{.Tag}}'
	assert_line other:2
	run --separate-stderr lash rmi other:2
	assert_output 'Untagged: docker.io/library/other:2'
	run --separate-stderr lash rmi other:2
	assert_status 1
	assert_one_line '*no such image: other:2'
	lash create --name user --network none box true
	run --separate-stderr lash rmi box
	assert_status 1
	assert_one_line '*in use by container*'
}

@test "lash import: a directory, a tar, standard input, with changes" {
	run --separate-stderr lash import -c 'CMD ["echo","hi"]' -c 'ENV A=1' "$BATS_FILE_TMPDIR/rootfs" dir:1
	assert_status 0
	[[ $output == sha256:* ]]
	run --separate-stderr lash run --rm --network none dir:1
	assert_output hi
	tar -C "$BATS_FILE_TMPDIR/rootfs" -cf root.tar .
	lash import -c 'CMD echo $HOME shell' root.tar tar:1
	run --separate-stderr lash run --rm --network none tar:1
	assert_output '/root shell'
	lash import - pipe:1 <root.tar
	run --separate-stderr lash run --rm --network none pipe:1 echo piped
	assert_output piped
	run --separate-stderr lash import nosuch.tar x:1
	assert_status 1
	assert_one_line '*nosuch.tar*'
	run --separate-stderr lash import root.tar
	assert_status 125
	lash rmi dir:1 tar:1 pipe:1
}

@test "lash save, load, rmi, image prune: there and back, with the layers" {
	lash save -o box.tar box
	cp -a "$BATS_FILE_TMPDIR/rootfs" root
	touch root/more
	lash import root gone:1
	lash run --rm --network none gone:1 true
	layers=$(ls "$LASH_ROOT/layers" | wc -l)
	lash save gone:1 >gone.tar
	lash rmi gone:1
	[ "$(ls "$LASH_ROOT/layers" | wc -l)" -lt "$layers" ]
	run --separate-stderr lash load <gone.tar
	assert_status 0
	assert_output 'Loaded image: docker.io/library/gone:1'
	lash run --rm --network none gone:1 true
	run --separate-stderr lash load -q -i box.tar
	assert_output 'Loaded image: docker.io/library/box:latest'
	run --separate-stderr lash save nosuch
	assert_status 1
	assert_one_line "imgctl save: no image 'docker.io/library/nosuch:latest' in this layout"
	run --separate-stderr lash load -i nosuch
	assert_status 1
	assert_one_line "imgctl load: open 'nosuch': *"
	run --separate-stderr lash -n save -o x box
	assert_output "imgctl save -o x $LASH_ROOT/images:docker.io/library/box:latest"
	lash rmi gone:1
	lash image prune -f
	imgctl verify "$LASH_ROOT/images"
}

@test "lash inspect: an image" {
	run --separate-stderr lash inspect --type image box
	[ "$(jq -r '.config.Cmd[0]' <<<"$output")" = sh ]
	run --separate-stderr lash inspect box
	assert_status 0
}

@test "lash push, pull: there and back, unpacked when it is there" {
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: 127.0.0.1:5002}\n' "$PWD/registry" >config.yml
	docker-registry serve config.yml >log 2>&1 3>&- &
	registry=$!
	wait_for 20 curl -fsS -o /dev/null http://127.0.0.1:5002/v2/
	cp -a "$BATS_FILE_TMPDIR/rootfs" root
	touch root/pushed
	lash import root 127.0.0.1:5002/there:1
	digest=$(lash push -q 127.0.0.1:5002/there:1)
	[ "$(imgremote inspect 127.0.0.1:5002/there:1)" = "$digest" ]
	lash rmi 127.0.0.1:5002/there:1
	layers=$(ls "$LASH_ROOT/layers" 2>/dev/null | grep -c ^sha256- || :)
	run --separate-stderr lash pull -q 127.0.0.1:5002/there:1
	assert_status 0
	assert_output "$digest"$'\n'127.0.0.1:5002/there:1
	[ "$(ls "$LASH_ROOT/layers" | grep -c ^sha256-)" = $((layers + 1)) ]
	run --separate-stderr lash -n pull 127.0.0.1:5002/there:1
	assert_output "imgpull --json docker://127.0.0.1:5002/there:1 $LASH_ROOT/images:127.0.0.1:5002/there:1 | imgctl unpack --follow --layers $LASH_ROOT/layers $LASH_ROOT/images"
	[ "$(lash run --rm --network none 127.0.0.1:5002/there:1 ls /pushed)" = /pushed ]
	run --separate-stderr lash push 127.0.0.1:5002/nothing:1
	assert_status 1
	assert_one_line "imgpush: no image '127.0.0.1:5002/nothing:1' in this layout"
	lash rmi 127.0.0.1:5002/there:1
	kill "$registry"
}

@test "lash pull: what cannot be had is one line" {
	run --separate-stderr lash pull 127.0.0.1:1/nothing:1
	assert_status 1
	assert_one_line 'imgpull: *'
	run --separate-stderr lash pull UPPER
	assert_status 1
	assert_one_line '*'
}

@test "lash volume: create, ls, inspect, rm" {
	run --separate-stderr lash volume create data
	assert_output data
	run --separate-stderr lash volume create data
	assert_status 0
	run --separate-stderr lash volume ls
	assert_line 'local * data'
	run --separate-stderr lash volume inspect data
	[ "$(jq -r '.[0].Mountpoint' <<<"$output")" = "$LASH_ROOT/volumes/data/_data" ]
	lash create --name user --network none -v data:/d box true
	run --separate-stderr lash volume rm data
	assert_status 1
	assert_one_line '*in use by container*'
	lash rm user
	run --separate-stderr lash volume rm data
	assert_output data
	run --separate-stderr lash volume rm data
	assert_status 1
	run --separate-stderr lash volume create a
	assert_status 125
	run --separate-stderr lash volume create ../x
	assert_status 125
}

@test "lash volume: an empty one gets the image's contents, once" {
	lash run --rm --network none -v etc:/etc box sh -c 'echo mine > /etc/passwd'
	[ -s "$LASH_ROOT/volumes/etc/_data/group" ]
	run --separate-stderr lash run --rm --network none -v etc:/etc box cat /etc/passwd
	assert_output mine
	lash run --rm --network none -v empty:/etc:nocopy box sh -c '[ ! -e /etc/group ]'
	lash volume rm etc empty
}

@test "lash volume: a link in the image does not lead out of it" {
	mkdir root
	ln -s /etc root/link
	cp -a "$BATS_FILE_TMPDIR/rootfs/." root/
	rm -rf root/etc && mkdir root/etc && touch root/etc/inside
	lash import root linked:1
	lash run --rm --network none -v linked:/link linked:1 true
	[ -e "$LASH_ROOT/volumes/linked/_data/inside" ] || [ -z "$(ls "$LASH_ROOT/volumes/linked/_data")" ]
	[ ! -e "$LASH_ROOT/volumes/linked/_data/passwd" ]
	lash volume rm linked
	lash rmi linked:1
}

@test "lash volume prune: only those without a name that nobody uses" {
	lash volume create named
	lash run --name aa --network none -v /x box true
	lash run --name bb --network none -v /x box true
	lash rm bb
	run --separate-stderr lash volume prune
	assert_status 0
	run --separate-stderr lash volume ls -q
	[ "${#lines[@]}" -eq 2 ]
	lash volume rm named
	lash rm -v aa
}

@test "lash run: containers of a network find each other by name, alias and ID" {
	need dnsmasq
	lash network create --subnet 10.90.0.0/24 back
	run --separate-stderr lash run --rm --network-alias x box true
	assert_status 125
	lash run -d --name db --network back --network-alias data box sleep 100
	id=$(lash run -d --network back box sleep 100)
	run --separate-stderr lash exec "$id" cat /etc/resolv.conf
	assert_line 'nameserver 10.90.0.1'
	assert_line 'options ndots:0'
	for name in db data "${id:0:12}"; do
		run --separate-stderr lash exec db nslookup -type=a "$name"
		assert_line 'Address: 10.90.0.[23]'
	done
	lash restart -t 0 db
	run --separate-stderr lash exec "$id" nslookup -type=a db
	assert_line 'Address: 10.90.0.*'
	lash rm -f db "$id"
	lash network rm back
}

@test "lash network: create, use, rm" {
	lash network create --driver macvlan -o parent=lo -o macvlan_mode=private --subnet 10.91.0.0/24 below
	[ "$(netns network inspect below | jq -r '.plugins[0] | [.type, .master, .mode] | join(" ")')" = 'macvlan lo private' ]
	lash network rm below
	run --separate-stderr lash network create -o mtu=7 x
	assert_status 125
	lash network create --subnet 10.90.0.0/24 back
	run --separate-stderr lash network ls
	assert_line 'ID *NAME *DRIVER *SCOPE'
	assert_line 'back *back *bridge *local'
	lash run -d --name in --network back box sleep 100
	[[ $(lash inspect -f '{{.NetworkSettings.IPAddress}}' in) == 10.90.0.* ]]
	run --separate-stderr lash network inspect back
	assert_status 0
	[ "$(jq -r '.[0] | [.Name, .Driver, .Scope, .IPAM.Config[0].Subnet, .IPAM.Config[0].Gateway, .Containers[].Name] | join(" ")' <<<"$output")" \
		= 'back bridge local 10.90.0.0/24 10.90.0.1 in' ]
	[ "$(jq -r '.[0].Containers | keys[0]' <<<"$output")" = "$(lash inspect -f '{{.Id}}' in)" ]
	run --separate-stderr lash network inspect -f '{{.Internal}} {{.EnableIPv6}}' back
	assert_output 'false false'
	run --separate-stderr lash network rm back
	assert_status 1
	assert_one_line "netns network rm: network 'back' is in use"
	lash rm -f in
	run --separate-stderr lash network rm back
	assert_output back
	run --separate-stderr lash network rm back
	assert_status 1
	assert_one_line 'lash network: no such network: back'
	lash network rm -f back
	run --separate-stderr lash network ls -q
	assert_output bridge
}

@test "lash network create, ls: docker's options and filters" {
	lash network create --subnet 10.92.0.0/24 --subnet fd00:92::/64 --gateway 10.92.0.9 --gateway fd00:92::9 --ip-range 10.92.0.16/28 \
		--aux-address host=10.92.0.16 --aux-address other=10.92.0.17 --label a=1 --label b -o com.docker.network.driver.mtu=1400 \
		-o com.docker.network.bridge.name=lt92 -o com.docker.network.bridge.enable_icc=false --attachable --scope local full
	lash network create --subnet 10.93.0.0/24 --label a=2 plain
	lash network create --ipv6 --ipv4=false six
	run --separate-stderr lash run --rm --network full box sh -c 'ip -o addr show eth0; ip route; ip -6 route; cat /sys/class/net/eth0/mtu'
	assert_status 0
	assert_line '*inet 10.92.0.18/24*'
	assert_line 'default via 10.92.0.9*'
	assert_line 'default via fd00:92::9*'
	assert_line 1400
	run --separate-stderr lash network ls --filter label=a --format '{{.Name}} {{.Labels}} {{.IPv4}} {{.IPv6}}'
	assert_output $'full a=1,b= true true\nplain a=2 true false'
	run --separate-stderr lash network ls -q --filter label=a=2
	assert_output plain
	run --separate-stderr lash network ls -q -f label=a -f label=b
	assert_output full
	run --separate-stderr lash network ls -q -f name=ful -f name=six
	assert_output $'full\nsix'
	run --separate-stderr lash network ls -q -f type=builtin
	assert_output bridge
	run --separate-stderr lash network ls --filter name=six --format 'table {{.Name}}\t{{.CreatedAt}}'
	assert_line 'NAME   CREATED AT'
	run --separate-stderr lash network ls --filter name=six --format json
	[ "$(jq -r '[.Name, .Driver, .IPv4, .IPv6] | join(" ")' <<<"$output")" = 'six bridge false true' ]
	run --separate-stderr lash network ls --filter colour=red
	assert_status 2
	assert_one_line "*unknown filter 'colour=red'*"
	for bad in --ingress --config-only --ipam-opt=a=b '--ipam-driver=x' '--scope=swarm' '--gateway=10.94.0.1' --ipv4=false; do
		run --separate-stderr lash network create "$bad" x
		[ "$status" -ne 0 ]
		assert_one_line '*'
	done
	run --separate-stderr lash network inspect x
	assert_status 1
	lash network rm full plain six
}

@test "lash network prune: those that create made and nobody uses" {
	lash network create --subnet 10.90.0.0/24 used
	lash network create --subnet 10.91.0.0/24 stopped
	lash network create --subnet 10.92.0.0/24 --label keep=1 labelled
	lash network create --subnet 10.93.0.0/24 free
	printf '%s\n' '{"cniVersion":"1.0.0","name":"theirs","plugins":[{"type":"bridge","bridge":"lt94","ipam":{"type":"host-local","ranges":[[{"subnet":"10.94.0.0/24"}]]}}]}' \
		>"$LASH_ETC/net.d/theirs.conflist"
	lash run -d --name in --network used box sleep 100
	lash create --name still --network stopped box true
	run --separate-stderr lash network prune <<<n
	assert_status 0
	assert_line 'WARNING! This will remove all custom networks not used by at least one container.'
	run --separate-stderr lash network prune -f --filter until=1h
	assert_output ''
	run --separate-stderr lash network prune -f --filter until=yesterday
	assert_status 1
	run --separate-stderr lash network prune -f --filter label!=keep
	assert_output $'Deleted Networks:\nfree'
	run --separate-stderr lash network prune --filter label=keep=1 <<<y
	assert_line '*Deleted Networks:'
	assert_line labelled
	lash rm -f still
	run --separate-stderr lash network prune -f
	assert_output $'Deleted Networks:\nstopped'
	run --separate-stderr lash network ls -q
	assert_output $'theirs\nused\nbridge'
	lash rm -f in
	lash network rm used
	rm "$LASH_ETC/net.d/theirs.conflist"
}

@test "lash network connect, disconnect: a container that runs" {
	lash network create --subnet 10.90.0.0/24 back
	lash run -d --name web box sleep 100
	lash create --name still box true
	run --separate-stderr lash network connect --ip 10.90.0.7 --alias www back web
	assert_status 0
	assert_empty "$output$stderr" output
	lash exec web ip -4 -o addr show eth1 | grep -q 10.90.0.7/24
	run --separate-stderr lash network connect back web
	assert_status 1
	run --separate-stderr lash network connect back still
	assert_status 1
	assert_one_line 'lash network: container still is not running'
	run --separate-stderr lash network connect back
	assert_status 125
	lash network disconnect back web
	run --separate-stderr lash exec web ip link show eth1
	[ "$status" -ne 0 ]
	lash exec web ip -4 -o addr show eth0 | grep -q inet
	lash rm -f web still
	lash network rm back
}
