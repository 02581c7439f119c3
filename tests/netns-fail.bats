# netns-fail.bats - any system call of netns may fail: it says so and leaves nothing that del or gc does not remove, or
# does what it was told to.
#
# Every place in netns that makes a system call is a step (see failat). make check takes a part of them, spread evenly;
# LASH_TEST_LONG=1 takes all, with more kinds of errors.
# shellcheck shell=bash disable=SC2154

load lib/common

setup() {
	need root ip nft failat
	export LASH_RUN=$BATS_TEST_TMPDIR/run LASH_ETC=$BATS_TEST_TMPDIR/etc LASH_ROOT=$BATS_TEST_TMPDIR/root
	errors=${LASH_TEST_LONG:+EPERM EACCES EBUSY EIO ENOSPC EMFILE}
	stride=5
	[ -z "${LASH_TEST_LONG-}" ] || stride=1
	# The network is up, and stays so, whatever becomes of others.
	netns add stays >/dev/null
}

teardown() {
	netns del stays web
	netns gc
	assert_empty "$(find "$LASH_RUN/net" -mindepth 2 ! -name .forwarding-was-off)" records
}

# problem TEXT... - what a step has shown; all are told in the end.
problem() {
	printf '%s\n' "$@" >>"$BATS_TEST_TMPDIR/problems"
}

# left - what there is of web, and what nobody owns.
left() {
	find "$LASH_RUN/net/spaces/web" "$LASH_RUN/net/networks" -lname 'web/*' 2>/dev/null
	ls -d "$LASH_RUN/net/spaces/web" /run/netns/web 2>/dev/null
	nft list ruleset | grep 'comment "web"'
	ip -o link show up 2>/dev/null | grep -v "$stays" | grep veth
	return 0
}

# fail_everywhere - let $command fail at every step, each time after `before`; then call `check STEP` with $status and
# what it said in $said.
fail_everywhere() {
	local process call number error n=0
	stays=$(ip -o link show up | sed -n 's/^[0-9]*: \(veth[^@:]*\).*/\1/p')
	before
	failat list "$BATS_TEST_TMPDIR/steps" netns "${command[@]}" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || fail "$(<"$BATS_TEST_TMPDIR/out")"
	netns del web
	# What the dynamic loader makes of it is not ours.
	failat list "$BATS_TEST_TMPDIR/loader" netns --version >/dev/null 3>&-
	grep -vxFf "$BATS_TEST_TMPDIR/loader" "$BATS_TEST_TMPDIR/steps" >"$BATS_TEST_TMPDIR/ours"
	for error in ENOMEM $errors; do
		while read -r process call number; do
			n=$((n + 1))
			[ $((n % stride)) -eq 0 ] || continue
			before || fail "$(<"$BATS_TEST_TMPDIR/problems")"
			status=0
			said=$(timeout 30 failat fail "$error" "$process" "$call" "$number" netns "${command[@]}" 2>&1 >/dev/null 3>&-) || status=$?
			[ "$status" -eq 99 ] || check "$error in call $number ($process $call of ${command[0]})"
			netns del web || problem "$error in call $number ($process $call of ${command[0]}): cannot be deleted"
			[ -z "$(left)" ] || problem "$error in call $number ($process $call of ${command[0]}): left" "$(left)"
		done <"$BATS_TEST_TMPDIR/ours"
	done
	[ "$n" -gt "$atleast" ] || fail "only $n steps"
	netns check stays
	[ ! -e "$BATS_TEST_TMPDIR/problems" ] || fail "$(<"$BATS_TEST_TMPDIR/problems")"
}

# told STEP - a failure is one line of netns's, and neither a crash nor endless.
told() {
	[[ -n $said && $said != *$'\n'* ]] || problem "$1: status $status, said: $said"
	# Out of the host's namespace nothing can be done but stop.
	[[ $status -lt 124 || ($status -eq 134 && $said == *'return from a network namespace'*) ]] || problem "$1: status $status, said: $said"
}

@test "netns add: a failing system call is told, and del and gc find all, or all is there" {
	command=(add -p 8080:80 web) atleast=60
	before() { :; }
	check() {
		if [ "$status" -eq 0 ]; then
			netns check web || problem "$1: succeeded, but is not whole"
		else
			told "$1"
		fi
	}
	fail_everywhere
}

@test "netns del: a failing system call is told, and del again does it" {
	command=(del web) atleast=40
	before() { netns add -p 8080:80 web >/dev/null; }
	check() { [ "$status" -eq 0 ] || told "$1"; }
	fail_everywhere
}

@test "netns publish: a failing system call is told, and the namespace is whole" {
	command=(publish web 8081:81) atleast=30
	before() { netns add -p 8080:80 web >/dev/null; }
	check() {
		[ "$status" -eq 0 ] || told "$1"
		netns gc
		netns check web || problem "$1: not whole"
		# It may be done, and only the result not be shown.
		[[ $status -ne 0 || $(nft list map inet lash pub4 | grep -c '"web"') = 2 ]] || problem "$1: ports"
	}
	fail_everywhere
}

@test "netns connect: a failing system call is told, and the namespace is whole" {
	netns network create --subnet 10.97.0.0/24 back >/dev/null
	netns connect stays back >/dev/null
	command=(connect web back) atleast=60
	before() { netns add -p 8080:80 web >/dev/null; }
	check() {
		[ "$status" -eq 0 ] || told "$1"
		netns gc
		netns check web || problem "$1: not whole"
		# It may be done, and only the result not be shown.
		[[ $status -ne 0 || $(netns ls | grep -c '^web') = 2 ]] || problem "$1: interfaces"
	}
	fail_everywhere
}

@test "netns gc: a failing system call is told, and gc again collects" {
	command=(gc) atleast=60
	before() {
		netns add -p 8080:80 web >/dev/null
		umount /run/netns/web
		ln -s nobody/eth0 "$LASH_RUN/net/networks/bridge/10.87.200.1"
	}
	check() {
		[ "$status" -eq 0 ] || told "$1"
		netns gc
		[ -z "$(left)" ] && [ ! -L "$LASH_RUN/net/networks/bridge/10.87.200.1" ] || problem "$1: gc again left" "$(left)"
	}
	fail_everywhere
}
