# netns-fail-cni.bats - any system call may fail while netns runs a list of plugins, or is one: it says so, and DEL, GC
# or netns's own del and gc remove what is left. See netns-fail.bats.
# LASH_TEST_LONG=1 takes every step instead of every ninth.
# shellcheck shell=bash disable=SC2154

load lib/common

setup() {
	need root ip nft jq failat
	export LASH_RUN=$BATS_TEST_TMPDIR/run LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
	ours=$LASH_LIBEXEC/cni
	stride=9
	[ -z "${LASH_TEST_LONG-}" ] || stride=1
	export CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/c1 CNI_PATH=$ours
	ip netns add c1
}

teardown() {
	ip netns del c1 2>/dev/null || :
	netns ls -q | xargs -r netns del
	netns gc
	wait_for 20 nothing_left
}

# left - what nobody owns: leases, what plugins recorded, rules, links, results.
left() {
	find "$LASH_RUN/net/attachments" "$LASH_RUN/net/devices" "$LASH_ROOT/cni" "$BATS_TEST_TMPDIR/leases" "$BATS_TEST_TMPDIR/theirs" \
		-type f ! -name lock ! -name 'last*' 2>/dev/null
	find "$LASH_RUN/net/spaces" -mindepth 1 2>/dev/null
	nft list ruleset | grep 'comment "\(cni:\|web\)'
	nft list ruleset | sed -n '/set near4/,/}/p' | grep elements
	ip -n c1 -o link show type veth 2>/dev/null
	ip -o link show type veth 2>/dev/null
	return 0
}

# nothing_left - the kernel takes a namespace's links apart after del has returned.
nothing_left() {
	[ -z "$(left)" ]
}

problem() {
	printf '%s\n' "$@" >>"$BATS_TEST_TMPDIR/problems"
}

# fail_everywhere COMMAND... - let it fail at every step, with $stdin, each time after `before`; then call `check STEP` with
# $status and what it printed in $said; and `clean`, after which nothing is left.
fail_everywhere() {
	local process call number error n=0 step
	before >/dev/null
	failat list "$BATS_TEST_TMPDIR/steps" "$@" <<<"$stdin" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || fail "$(<"$BATS_TEST_TMPDIR/out")"
	clean
	failat list "$BATS_TEST_TMPDIR/loader" netns --version >/dev/null 3>&-
	grep -vxFf "$BATS_TEST_TMPDIR/loader" "$BATS_TEST_TMPDIR/steps" >"$BATS_TEST_TMPDIR/ours"
	for error in ENOMEM; do
		while read -r process call number; do
			n=$((n + 1))
			[ $((n % stride)) -eq 0 ] || continue
			before >/dev/null
			step="$error in call $number ($process $call of ${CNI_COMMAND-} $1)"
			status=0
			said=$(timeout 30 failat fail "$error" "$process" "$call" "$number" "$@" <<<"$stdin" 2>&1 3>&-) || status=$?
			[ "$status" -eq 99 ] || check "$step"
			clean || problem "$step: cannot be cleaned"
			wait_for 5 nothing_left 2>/dev/null || problem "$step: left" "$(left)"
		done <"$BATS_TEST_TMPDIR/ours"
	done
	[ "$n" -gt "$atleast" ] || fail "only $n steps"
	[ ! -e "$BATS_TEST_TMPDIR/problems" ] || fail "$(<"$BATS_TEST_TMPDIR/problems")"
}

# in_chain - a list whose last plugin is a stranger that keeps a file an attachment.
in_chain() {
	mkdir -p "$LASH_ETC/net.d" "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/stranger" <<-SH
		#!/bin/sh
		f=$BATS_TEST_TMPDIR/theirs/\$CNI_CONTAINERID-\$CNI_IFNAME
		case \$CNI_COMMAND in
		ADD) : >"\$f" && jq -c .prevResult ;;
		DEL) rm -f "\$f" ;;
		GC) rm -f "$BATS_TEST_TMPDIR"/theirs/* ;;
		esac
	SH
	chmod +x "$BATS_TEST_TMPDIR/bin/stranger"
	export CNI_PATH=$ours:$BATS_TEST_TMPDIR/bin
	cat >"$LASH_ETC/net.d/mixed.conflist" <<-JSON
		{"cniVersion":"1.1.0","name":"mixed","plugins":[
		 {"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,
		  "ipam":{"type":"host-local","dataDir":"$BATS_TEST_TMPDIR/leases","ranges":[[{"subnet":"10.48.0.0/24"}]]}},
		 {"type":"portmap","capabilities":{"portMappings":true}},
		 {"type":"stranger"}]}
	JSON
	stdin='' atleast=60
}

# line STEP - a failure is one line, and neither a crash nor endless.
line() {
	[[ -n $said && $said != *$'\n'* ]] || problem "$1: status $status, said: $said"
	[[ $status -lt 124 || ($status -eq 134 && $said == *'return from a network namespace'*) ]] || problem "$1: status $status, said: $said"
}

@test "netns add: a failing system call in a list with others' plugins is told, and del and gc find all" {
	in_chain
	before() { :; }
	check() {
		if [ "$status" -eq 0 ]; then
			netns check web || problem "$1: succeeded, but is not whole"
		else
			line "$1"
		fi
	}
	clean() { netns del web && netns gc; }
	fail_everywhere netns add --network mixed -p 8080:80 web
}

@test "netns del: a failing system call in a list with others' plugins is told, and del again does it" {
	in_chain
	before() { netns add --network mixed -p 8080:80 web; }
	check() { [ "$status" -eq 0 ] || line "$1"; }
	clean() { netns del web; }
	fail_everywhere netns del web
}

# told STEP - an error object on stdout, and no crash; or it did what it was told to.
told() {
	[ "$status" -ne 0 ] || return 0
	# Out of the host's namespace nothing can be done but stop.
	[[ $status -ne 134 || $said != *'return from a network namespace'* ]] || return 0
	[ "$status" -eq 1 ] && jq -e '.code and .msg' <<<"$said" >/dev/null || problem "$1: status $status, said: $said"
}

# conf TYPE MEMBERS
conf() {
	jq -nc --arg type "$1" --argjson more "$2" '{cniVersion: "1.1.0", name: "net1", type: $type} * $more'
}

# plugin TYPE VERB [CONF] - of ours, to its end.
plugin() {
	CNI_COMMAND=$2 "$ours/$1" <<<"${3-$stdin}"
}

# verbs TYPE - every verb of TYPE with the configuration $stdin.
verbs() {
	local type=$1 r plain
	check() { told "$1"; }
	clean() { plugin "$type" DEL; }
	before() { :; }
	CNI_COMMAND=ADD fail_everywhere "$ours/$type"
	before() { plugin "$type" ADD; }
	CNI_COMMAND=DEL fail_everywhere "$ours/$type"
	clean() { plugin "$type" GC "$(jq -c '. + {"cni.dev/valid-attachments": []}' <<<"$stdin")" && plugin "$type" DEL; }
	CNI_COMMAND=GC fail_everywhere "$ours/$type"
	clean() { plugin "$type" DEL; }
	plain=$stdin
	before() {
		r=$(plugin "$type" ADD "$plain")
		stdin=$(jq -c --argjson r "$r" '. + {prevResult: $r}' <<<"$plain")
	}
	CNI_COMMAND=CHECK fail_everywhere "$ours/$type"
}

@test "cni host-local: a failing system call of any verb is told, and DEL or GC find all" {
	stdin=$(conf host-local "{\"ipam\":{\"type\":\"host-local\",\"dataDir\":\"$BATS_TEST_TMPDIR/leases\",\"ranges\":[[{\"subnet\":\"10.44.0.0/24\"}]]}}")
	atleast=5
	verbs host-local
}

@test "cni bridge: a failing system call of any verb is told, and DEL or GC find all" {
	stdin=$(conf bridge "{\"bridge\":\"cni1\",\"isGateway\":true,\"ipMasq\":true,\"ipam\":{\"type\":\"host-local\",\"dataDir\":\"$BATS_TEST_TMPDIR/leases\",\"ranges\":[[{\"subnet\":\"10.44.0.0/24\"}]]}}")
	atleast=5
	verbs bridge
}

@test "cni portmap: a failing system call of any verb is told, and DEL or GC find all" {
	stdin=$(conf portmap '{"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]},"prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.44.0.2/24"}]}}')
	atleast=5
	verbs portmap
}
