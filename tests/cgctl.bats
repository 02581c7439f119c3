#!/usr/bin/env bats
# cgctl.bats - control groups on whatever this host has: v1, hybrid or v2.

# shellcheck disable=SC2154 # $stderr is set by run

load lib/common
load lib/cgctl

setup() {
	cgctl_setup
}

teardown() {
	cgctl_teardown
}

# fake v1|v2 - LASH_CGROUP becomes a directory tree with the group "g".
fake() {
	local dir
	LASH_CGROUP=$BATS_TEST_TMPDIR/fake
	export LASH_CGROUP
	rm -rf "$LASH_CGROUP"
	if [ "$1" = v2 ]; then
		mkdir -p "$LASH_CGROUP/g"
		echo "cpu memory pids io" >"$LASH_CGROUP/cgroup.controllers"
		: >"$LASH_CGROUP/cgroup.subtree_control"
		return
	fi
	for dir in cpu,cpuacct memory pids; do
		mkdir -p "$LASH_CGROUP/$dir/g"
		: >"$LASH_CGROUP/$dir/cgroup.procs"
	done
}

@test "cgctl: --help names every verb" {
	run --separate-stderr cgctl --help
	assert_status 0
	for verb in create rm ls set get apply snapshot stat top events wait exec attach ps freeze thaw kill delegate info; do
		assert_line "  $verb *"
		cgctl "$verb" --help >/dev/null
	done
}

@test "cgctl: misuse is one line and 2" {
	for args in "" "nonsense" "create" "rm" "set g" "get" "stat" "ps" "ps a b" "kill -s NOPE g" "create a/../b" \
	    "set g memory.max" "set g =5" "freeze" "kill /" "rm /"; do
		# shellcheck disable=SC2086 # words on purpose
		run --separate-stderr cgctl $args
		assert_status 2
		assert_one_line "cgctl*"
	done
}

@test "cgctl exec: misuse is 125" {
	run --separate-stderr cgctl exec "$group"
	assert_status 125
	assert_one_line "cgctl exec: *"
	run --separate-stderr cgctl exec --no-such "$group" true
	assert_status 125
}

@test "cgctl create: makes the group in every hierarchy" {
	cgctl create "$group/a"
	hierarchies=$(find "$top" -maxdepth 2 -name cgroup.procs ! -path "*lash-test*" | wc -l)
	[ -e "$top/cgroup.controllers" ] && hierarchies=1
	[ "$(places "$group/a" | wc -l)" -eq "$hierarchies" ]
}

@test "cgctl create: is exclusive" {
	cgctl create "$group"
	run --separate-stderr cgctl create "$group"
	assert_status 1
	assert_one_line "cgctl create: create group '$group': File exists"
	run --separate-stderr cgctl create /
	assert_status 1
}

@test "cgctl create: refuses names that lead out" {
	for name in .. "$group/.." ../x "$group/./x" "$group//x" "$group/"$'\n'; do
		run --separate-stderr cgctl create "$name"
		assert_status 2
		assert_one_line "cgctl create: '*' is no name of a group*"
	done
	[ -z "$(places "$group")" ]
}

@test "cgctl create: a leading slash is the root of the hierarchies" {
	cgctl create "/$group"
	cgctl ps "$group"
}

@test "cgctl rm: removes groups below" {
	cgctl create "$group/a/b" "$group/c"
	cgctl rm "$group"
	[ -z "$(places "$group")" ]
}

@test "cgctl rm: nothing there is success" {
	cgctl rm "$group" "$group/x"
}

@test "cgctl rm: does not kill" {
	cgctl create "$group"
	sleeper
	run --separate-stderr cgctl rm -t 0 "$group"
	assert_status 1
	assert_one_line "cgctl rm: remove group '$group': it has processes"
	kill -0 "$pid"
}

@test "cgctl rm --kill: ends processes below and removes" {
	cgctl create "$group/a"
	sleeper "$group/a"
	cgctl rm --kill "$group"
	[ -z "$(places "$group")" ]
	wait_for 20 eval "! kill -0 $pid 2>/dev/null"
}

@test "cgctl set: limits come back from get" {
	cgctl create "$group"
	cgctl set "$group" memory.max=64M pids.max=20 cpu.weight=50 "cpu.max=50000 100000"
	run --separate-stderr cgctl get "$group" memory.max pids.max cpu.weight cpu.max
	assert_status 0
	assert_output $'67108864\n20\n50\n50000 100000'
	cgctl set "$group" memory.max=max pids.max=max cpu.max=max
	run --separate-stderr cgctl get "$group" memory.max pids.max cpu.max
	assert_output $'max\nmax\nmax 100000'
}

@test "cgctl set: twice is once" {
	cgctl create "$group"
	cgctl set "$group" memory.max=32M
	cgctl set "$group" memory.max=32M
	run --separate-stderr cgctl get "$group" memory.max
	assert_output 33554432
}

@test "cgctl set: raises and lowers memory with swap in one go" {
	cgctl create "$group"
	[ -n "$(cgctl get "$group" memory.swap.max 2>/dev/null)" ] || skip_swap
	cgctl set "$group" memory.max=32M memory.swap.max=0
	cgctl set "$group" memory.max=64M memory.swap.max=32M
	run --separate-stderr cgctl get "$group" memory.max memory.swap.max
	assert_output $'67108864\n33554432'
	cgctl set "$group" memory.swap.max=0 memory.max=16M
	run --separate-stderr cgctl get "$group" memory.max memory.swap.max
	assert_output $'16777216\n0'
}

skip_swap() {
	need kernel:swap-accounting
}

@test "cgctl set: what get prints sets another group alike" {
	cgctl create "$group/a" "$group/b"
	cgctl set "$group/a" memory.max=48M pids.max=33 cpu.weight=77
	cgctl get "$group/a" >"$BATS_TEST_TMPDIR/limits"
	mapfile -t words <"$BATS_TEST_TMPDIR/limits"
	cgctl set "$group/b" "${words[@]}"
	diff "$BATS_TEST_TMPDIR/limits" <(cgctl get "$group/b")
}

@test "cgctl set: names what the kernel refused" {
	cgctl create "$group"
	run --separate-stderr cgctl set "$group" pids.max=lots
	assert_status 1
	assert_one_line "cgctl set: group '$group': write 'lots' to 'pids.max': Invalid argument"
	run --separate-stderr cgctl set "$group" bogus.max=1
	assert_status 1
	assert_one_line "cgctl set: group '$group': set 'bogus.max'*"
	run --separate-stderr cgctl set "$group-none" pids.max=1
	assert_status 1
	assert_one_line "cgctl set: open group '$group-none': no such group"
}

@test "cgctl set: a bad word sets nothing" {
	cgctl create "$group"
	cgctl set "$group" pids.max=9
	run --separate-stderr cgctl set "$group" pids.max=7 bogus.max=1
	assert_status 1
	run --separate-stderr cgctl get "$group" pids.max
	assert_output 9
}

@test "cgctl set --oci: takes linux.resources" {
	cgctl create "$group"
	cgctl set --oci "$group" pids.max=44 <<-'JSON'
		{"memory":{"limit":67108864},"pids":{"limit":10},"cpu":{"shares":512,"quota":20000,"period":100000},
		"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":3,"access":"rwm"},
		{"allow":true,"type":"c","major":1,"minor":5,"access":"r"}]}
	JSON
	run --separate-stderr cgctl get "$group" memory.max pids.max cpu.max cpu.weight
	assert_output $'67108864\n44\n20000 100000\n59'
	cgctl exec "$group" sh -c ': >/dev/null && head -c 1 /dev/zero >/dev/null'
	run --separate-stderr cgctl exec "$group" sh -c 'echo x >/dev/zero'
	[[ $stderr == *"Operation not permitted"* ]]
}

@test "cgctl set --oci: device rules are replaced, not added up" {
	cgctl create "$group"
	echo '{"devices":[{"allow":false},{"allow":true,"type":"c","major":1,"minor":3}]}' | cgctl set --oci "$group"
	echo '{"devices":[{"allow":false},{"allow":true,"type":"c","major":1,"minor":5}]}' | cgctl set --oci "$group"
	cgctl exec "$group" head -c 0 /dev/zero
	run --separate-stderr cgctl exec "$group" head -c 0 /dev/null
	[[ $stderr == *"Operation not permitted"* ]]
	echo '{"devices":[{"allow":true}]}' | cgctl set --oci "$group"
	cgctl exec "$group" head -c 0 /dev/null
}

@test "cgctl set --oci: names what is wrong in the JSON" {
	cgctl create "$group"
	run --separate-stderr cgctl set --oci "$group" <<<'{"memory":{"limit":"64M"}}'
	assert_status 1
	assert_one_line "cgctl set: decode standard input: memory.limit: number wanted, string found"
	run --separate-stderr cgctl set --oci "$group" <<<'{"memory":'
	assert_status 1
	assert_one_line "cgctl set: parse standard input: *"
	run --separate-stderr cgctl set --oci "$group" <<<'{"unified":{"../evil.x":"1"}}'
	assert_status 1
	assert_one_line "cgctl set: group '$group': set unified '../evil.x': Invalid argument"
}

@test "cgctl set, apply: who writes limits moves and ends no process" {
	cgctl create "$group"
	sleep 300 3>&- &
	victim=$!
	for key in cgroup.procs cgroup.threads cgroup.kill cgroup.subtree_control; do
		value=$victim
		run --separate-stderr cgctl set --oci "$group" <<<"{\"unified\":{\"$key\":\"$value\"}}"
		assert_status 1
		assert_one_line "cgctl set: *'$key'*"
		run --separate-stderr cgctl set "$group" "$key=$value"
		assert_status 1
		assert_one_line "cgctl set: *'$key'*"
		run --separate-stderr cgctl apply <<<"$group"$'\t'"$key=$value"
		assert_status 1
		assert_one_line "cgctl apply: *'$key'*"
	done
	empty "$group"
	kill "$victim"
	# A FIFO where a limit should be is not waited for.
	fake v2
	mkfifo "$LASH_CGROUP/g/pids.max"
	run --separate-stderr timeout 20 cgctl set /g pids.max=3
	assert_status 1
	assert_one_line "cgctl set: *'pids.max'*"
	run --separate-stderr timeout 20 cgctl get /g pids.max
	[ "$status" -ne 124 ]
}

@test "cgctl set --dry-run: prints writes and does none" {
	cgctl create "$group"
	run --separate-stderr cgctl set -n "$group" pids.max=5
	assert_status 0
	assert_line $'*\tpids.max\t5'
	run --separate-stderr cgctl get "$group" pids.max
	assert_output max
}

@test "cgctl set: translates for v1" {
	fake v1
	run --separate-stderr cgctl set -n g cpu.weight=100 "cpu.max=50000 100000"
	assert_status 0
	assert_output $'cpu,cpuacct\tcpu.shares\t1024
cpu,cpuacct\tcpu.cfs_period_us\t100000
cpu,cpuacct\tcpu.cfs_quota_us\t50000'
	run --separate-stderr cgctl set -n g memory.high=1M
	assert_status 1
	assert_one_line "cgctl set: group 'g': set 'memory.high' on cgroup v1: Operation not supported"
}

@test "cgctl set: writes v2's words as they are" {
	fake v2
	touch "$LASH_CGROUP"/g/{memory.max,memory.high,io.max}
	cgctl set g memory.max=1.5G memory.high=max "io.max=8:0 rbps=1048576"
	[ "$(cat "$LASH_CGROUP/g/memory.max")" = 1610612736 ]
	[ "$(cat "$LASH_CGROUP/g/memory.high")" = max ]
	[ "$(cat "$LASH_CGROUP/g/io.max")" = "8:0 rbps=1048576" ]
	run --separate-stderr cgctl set g pids.max=1
	assert_status 1
	assert_one_line "cgctl set: group 'g': write '1' to 'pids.max' (controller pids does not offer it *): No such*"
}

@test "cgctl set --oci: writes v2 files" {
	fake v2
	touch "$LASH_CGROUP"/g/{memory.max,memory.swap.max,memory.high,cpu.weight,cpu.max,pids.max}
	cgctl set --oci g <<<'{"memory":{"limit":1000,"swap":3000},"cpu":{"shares":1024,"quota":-1},"pids":{"limit":0},
		"unified":{"memory.high":"900"}}'
	(cd "$LASH_CGROUP/g" && grep -H . ./*) >"$BATS_TEST_TMPDIR/files"
	diff "$BATS_TEST_TMPDIR/files" - <<-'FILES'
		./cpu.max:max
		./cpu.weight:100
		./memory.high:900
		./memory.max:1000
		./memory.swap.max:2000
		./pids.max:1
	FILES
}

@test "cgctl: a link below the group is not followed" {
	fake v2
	ln -s /etc "$LASH_CGROUP/out"
	: >"$BATS_TEST_TMPDIR/victim"
	ln -s "$BATS_TEST_TMPDIR/victim" "$LASH_CGROUP/g/pids.max"
	run --separate-stderr cgctl ps out
	assert_status 1
	run --separate-stderr cgctl set g pids.max=1
	assert_status 1
	[ ! -s "$BATS_TEST_TMPDIR/victim" ]
}

@test "cgctl: without cgroups says so" {
	mkdir "$BATS_TEST_TMPDIR/none"
	LASH_CGROUP=$BATS_TEST_TMPDIR/none run --separate-stderr cgctl ps x
	assert_status 1
	assert_one_line "cgctl ps: find a cgroup hierarchy in '*/none': none is mounted there"
}

@test "cgctl get --json: is one object of strings" {
	cgctl create "$group"
	cgctl set "$group" pids.max=12
	run --separate-stderr cgctl get --json "$group" pids.max
	assert_output '{"pids.max":"12"}'
	cgctl get --json "$group" | jq -e '."pids.max" == "12"'
}

@test "cgctl get: an unknown key fails" {
	cgctl create "$group"
	run --separate-stderr cgctl get "$group" memory.nonsense
	assert_status 1
	assert_one_line "cgctl get: get 'memory.nonsense' of group '$group': No such file or directory"
}

@test "cgctl stat: counts, plain and as JSON alike" {
	cgctl create "$group"
	sleeper
	run --separate-stderr cgctl stat "$group"
	assert_line "pids.current=1"
	assert_line "memory.current=*"
	assert_line "cpu.usage_usec=*"
	cgctl stat --json "$group" | jq -r 'del(.group) | keys[]' >"$BATS_TEST_TMPDIR/json"
	cgctl stat "$group" | cut -d= -f1 | sort >"$BATS_TEST_TMPDIR/plain"
	diff "$BATS_TEST_TMPDIR/json" "$BATS_TEST_TMPDIR/plain"
	cgctl create "$group/a"
	run --separate-stderr cgctl stat "$group" "$group/a"
	assert_line "$group/a"$'\t'"pids.current=0"
}

@test "cgctl stat: sees memory limits at work" {
	cgctl create "$group"
	cgctl set "$group" memory.max=16M
	run --separate-stderr cgctl exec "$group" sh -c 'head -c 64m /dev/zero | tail >/dev/null'
	[ "$(cgctl stat "$group" | sed -n 's/^memory.oom_kill=//p')" -ge 1 ]
}

@test "cgctl exec: the program is in the group everywhere" {
	cgctl create "$group"
	run --separate-stderr cgctl exec "$group" cat /proc/self/cgroup
	assert_status 0
	[ -n "$output" ]
	! grep -v ":/$group\$" <<<"$output" || fail "not in the group: $output"
}

@test "cgctl exec: hands on status, signals and its own failures" {
	cgctl create "$group"
	run cgctl exec "$group" sh -c 'exit 7'
	assert_status 7
	run cgctl exec "$group" sh -c 'kill -9 $$'
	assert_status 137
	run -127 --separate-stderr cgctl exec "$group" /no/such/program
	assert_one_line "cgctl exec: *"
	run -126 --separate-stderr cgctl exec "$group" /etc/passwd
	run --separate-stderr cgctl exec "$group-none" true
	assert_status 125
	assert_one_line "cgctl exec: open group '$group-none': no such group"
}

@test "cgctl exec: passes a signal on and dies with its child" {
	cgctl create "$group"
	local status=0 ready=$BATS_TEST_TMPDIR/ready
	cgctl exec "$group" sh -c 'trap "exit 5" TERM; : >"$0"; while :; do sleep 0.1; done' "$ready" 3>&- &
	loader=$!
	wait_for 20 test -e "$ready"
	kill -TERM "$loader"
	wait "$loader" || status=$?
	[ "$status" -eq 5 ]
	wait_for 20 empty "$group"
	cgctl exec "$group" sleep 300 3>&- &
	loader=$!
	wait_for 20 populated "$group"
	kill -KILL "$loader"
	wait_for 20 empty "$group"
}

@test "cgctl exec: ends also where the caller ignores SIGCHLD" {
	cgctl create "$group"
	# shellcheck disable=SC2016 # expanded by the inner shell
	run --separate-stderr timeout 20 sh -c 'trap "" CHLD; exec cgctl exec "$0" sh -c "exit 4"' "$group"
	assert_status 4
}

@test "cgctl exec --same-pid: becomes the program" {
	cgctl create "$group"
	# shellcheck disable=SC2016 # expanded by the inner shell
	run --separate-stderr sh -c 'echo $$; exec cgctl exec --same-pid "$1" sh -c "echo \$\$"' sh "$group"
	assert_status 0
	[ "${lines[0]}" = "${lines[1]}" ]
}

@test "cgctl exec -c -s -r: makes, limits and removes the group" {
	run --separate-stderr cgctl exec -c -s pids.max=17 -s memory.max=32M -r "$group/x" sh -c \
	    'cgctl get "$0" pids.max memory.max; sleep 300 3>&- >/dev/null & exit 5' "$group/x"
	assert_status 5
	assert_output $'17\n33554432'
	[ -z "$(places "$group/x")" ]
	cgctl create "$group/y"
	run --separate-stderr cgctl exec -c "$group/y" true
	assert_status 125
	assert_one_line "cgctl exec: create group '$group/y': File exists"
	run --separate-stderr cgctl exec -c -s pids.max=lots "$group/z" true
	assert_status 125
	assert_one_line "cgctl exec: group '$group/z': write 'lots' to 'pids.max': Invalid argument"
	[ -z "$(places "$group/z")" ]
	for how in "" --same-pid --rm; do
		run -127 --separate-stderr cgctl exec -c ${how:+"$how"} "$group/z" /no/such/program
		assert_one_line "cgctl exec: run '/no/such/program': No such file or directory"
		[ -z "$(places "$group/z")" ]
	done
	run --separate-stderr cgctl exec -r --same-pid "$group/y" true
	assert_status 125
	run --separate-stderr cgctl exec -s pids.max "$group/y" true
	assert_status 125
	cgctl exec -s pids.max=9 -r "$group/y" true
	[ -z "$(places "$group/y")" ]
}

@test "cgctl exec: leaks no descriptor" {
	cgctl create "$group"
	run --separate-stderr cgctl exec "$group" sh -c 'ls /proc/self/fd | wc -l' 3>&-
	mine=$(sh -c 'ls /proc/self/fd | wc -l' 3>&-)
	[ "$output" -le "$mine" ]
}

@test "cgctl exec: works in and from groups that were killed" {
	cgctl create "$group/a" "$group/b"
	cgctl kill "$group/a"
	cgctl exec "$group/a" true
	cgctl exec "$group/a" cgctl exec "$group/b" true
}

@test "cgctl exec: refuses a frozen group" {
	cgctl create "$group"
	cgctl freeze "$group"
	run --separate-stderr cgctl exec "$group" true
	assert_status 125
	assert_one_line "cgctl exec: join group '$group': it is frozen"
}

@test "cgctl ps: lists plain, NUL and JSON" {
	cgctl create "$group/a"
	sleeper "$group/a"
	[ -z "$(cgctl ps "$group")" ]
	[ "$(cgctl ps -r "$group")" = "$pid" ]
	[ "$(cgctl ps -0 "$group/a" | tr '\0' ,)" = "$pid," ]
	[ "$(cgctl ps --json "$group/a")" = "{\"pid\":$pid,\"comm\":\"sleep\"}" ]
}

@test "cgctl freeze: stops processes, is a no-op on a frozen group, thaw lets go" {
	cgctl create "$group"
	cgctl exec "$group" sh -c 'while :; do :; done' 3>&- &
	wait_for 20 populated "$group"
	cgctl freeze "$group"
	cgctl freeze "$group"
	before=$(cgctl stat "$group" | grep '^cpu.usage_usec=')
	sleep 0.2
	[ "$(cgctl stat "$group" | grep '^cpu.usage_usec=')" = "$before" ]
	cgctl thaw "$group"
	cgctl thaw "$group"
	sleep 0.2
	[ "$(cgctl stat "$group" | grep '^cpu.usage_usec=')" != "$before" ]
}

@test "cgctl freeze: an unknown group fails" {
	run --separate-stderr cgctl freeze "$group"
	assert_status 1
	assert_one_line "cgctl freeze: open group '$group': no such group"
	run --separate-stderr cgctl thaw "$group"
	assert_status 1
}

@test "cgctl thaw: says that a group above is frozen" {
	cgctl create "$group/a"
	sleeper "$group/a"
	cgctl freeze "$group"
	run --separate-stderr cgctl thaw "$group/a"
	cgctl thaw "$group"
	assert_status 1
	assert_one_line "cgctl thaw: thaw group '$group/a': a group above is frozen"
}

@test "cgctl kill: reaches frozen processes and those that fork" {
	cgctl create "$group/a"
	sleeper "$group/a"
	cgctl freeze "$group/a"
	cgctl kill --wait "$group"
	empty "$group"
	cgctl thaw "$group/a"
	cgctl set "$group/a" pids.max=100
	cgctl exec "$group/a" sh -c 'while :; do sleep 0.01 & done' 2>/dev/null 3>&- &
	wait_for 20 populated "$group"
	sleep 0.1
	cgctl kill --wait "$group"
	empty "$group"
}

@test "cgctl kill -s: sends that signal" {
	cgctl create "$group"
	# shellcheck disable=SC2016 # expanded by the inner shell
	cgctl exec "$group" sh -c 'trap "echo got >\"$0\"; exit" USR1; echo up; while :; do sleep 0.05; done' \
	    "$BATS_TEST_TMPDIR/got" >"$BATS_TEST_TMPDIR/up" 3>&- &
	wait_for 20 grep -q up "$BATS_TEST_TMPDIR/up"
	cgctl kill -s SIGUSR1 "$group"
	wait_for 20 grep -q got "$BATS_TEST_TMPDIR/got"
}

@test "cgctl kill: nothing there is success" {
	cgctl kill "$group"
	cgctl create "$group"
	cgctl kill -w "$group"
}

@test "cgctl: works below a pure v2 mount without controllers" {
	need kernel:cgroup1
	mkdir "$BATS_TEST_TMPDIR/v2"
	mount -t cgroup2 none "$BATS_TEST_TMPDIR/v2"
	export LASH_CGROUP=$BATS_TEST_TMPDIR/v2
	cgctl create "$group"
	run --separate-stderr cgctl exec "$group" sh -c 'grep ^0: /proc/self/cgroup'
	assert_output "0::/$group"
	sleeper
	cgctl freeze "$group"
	cgctl kill --wait "$group"
	cgctl rm "$group"
	[ -z "$(find "$LASH_CGROUP" -name "$group")" ]
}

@test "cgctl rm -k: takes those that join meanwhile along" {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		cgctl create "$group"
		cgctl exec "$group" sleep 300 3>&- 2>/dev/null &
		cgctl exec "$group" sleep 300 3>&- 2>/dev/null &
		run --separate-stderr cgctl rm -k "$group"
		assert_status 0
		assert_empty "$stderr" stderr
		[ -z "$(places "$group")" ]
	done
}

@test "cgctl.8: its example runs as printed, but for names" {
	sed -n '/^\.Bd -literal/,/^\.Ed/p' "$LASH_TOP/man/cgctl.8" | sed '/^\.Ed/q' |
		sed -e '/^\./d' -e "s|lash/web|$group|" -e 's|httpd -f|sleep 300|' >"$BATS_TEST_TMPDIR/session"
	run --separate-stderr sh -eux "$BATS_TEST_TMPDIR/session" 3>&-
	assert_status 0
	assert_line "memory.max=67108864"
	[ -z "$(places "$group")" ]
}
