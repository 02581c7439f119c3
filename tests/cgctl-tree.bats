#!/usr/bin/env bats
# cgctl-tree.bats - several groups at once: listed, kept in a file and made from it, given away.

# shellcheck disable=SC2154 # $stderr is set by run

load lib/common
load lib/cgctl

setup() {
	cgctl_setup
}

teardown() {
	cgctl_teardown
}

@test "cgctl: new verbs' misuse is one line and 2" {
	for args in "ls a b" "ls -T --json" "ls -p" "ls -c nonsense" "delegate nobody" "delegate nobody /" "apply a b" "info x" \
	    "attach g" "attach g 1 x" "wait" "wait -u nonsense g" "events" "events -p memory g" "events -i 0 g" "top -s x" \
	    "top -d 0" "snapshot --nonsense"; do
		# shellcheck disable=SC2086 # words on purpose
		run --separate-stderr cgctl $args
		assert_status 2
		assert_one_line "cgctl ${args%% *}: *"
	done
}

@test "cgctl ls: lists groups below, one level, all, as a tree, as JSON" {
	cgctl create "$group/b/c" "$group/a"
	sleeper "$group/b/c"
	run --separate-stderr cgctl ls "$group"
	assert_status 0
	assert_output "$group/a"$'\n'"$group/b"
	run --separate-stderr cgctl ls -R "$group"
	assert_output "$group/a"$'\n'"$group/b"$'\n'"$group/b/c"
	[ "$(cgctl ls -0 "$group" | tr '\0' ,)" = "$group/a,$group/b," ]
	run --separate-stderr cgctl ls --tree "$group"
	assert_output "$group"$'\n''|-a'$'\n''`-b'$'\n''  `-c'
	run --separate-stderr cgctl ls -T -p "$group/b"
	assert_output "$group/b"$'\n''`-c'$'\n'"  \`-$pid sleep"
	cgctl ls -R --json "$group" | jq -se 'map(.processes) == [0, 0, 1] and (.[0].hierarchies | length > 0)'
	run --separate-stderr cgctl ls
	assert_line "$group"
	run --separate-stderr cgctl ls "$group-none"
	assert_status 1
	assert_one_line "cgctl ls: open group '$group-none': no such group"
}

@test "cgctl ls -c: only the hierarchy with that controller" {
	cgctl create "$group"
	run --separate-stderr cgctl ls -c memory
	assert_line "$group"
	run --separate-stderr cgctl ls -c blkio -c io -c pids
	assert_line "$group"
	if [ -d /sys/fs/cgroup/memory ]; then
		mkdir "$top/pids/$group/only"
		run --separate-stderr cgctl ls -c memory "$group"
		assert_output ""
		run --separate-stderr cgctl ls -c pids "$group"
		assert_output "$group/only"
	fi
}

@test "cgctl ls: control bytes of a name do not reach a terminal" {
	cgctl create "$group"
	mkdir "$(v2_dir)/$group/"$'x\ry'
	run --separate-stderr cgctl ls -T "$group"
	assert_status 0
	[[ $output != *$'\r'* ]]
}

@test "cgctl snapshot: apply makes what it printed, also twice" {
	cgctl create "$group/a/b" "$group/c"
	cgctl set "$group/a" memory.max=48M pids.max=33 cpu.weight=77 "cpu.max=20000 100000"
	cgctl set "$group/a/b" memory.max=16M
	cgctl snapshot "$group" >"$BATS_TEST_TMPDIR/one"
	run --separate-stderr cat "$BATS_TEST_TMPDIR/one"
	assert_line "$group/a"
	assert_line "$group/a"$'\t'"memory.max=50331648"
	assert_line "$group/a"$'\t'"cpu.max=20000 100000"
	assert_line "$group/c"
	[[ $output != *pids.max=max* ]] || fail "what is as in a new group is left out: $output"
	cgctl rm "$group"
	cgctl apply "$BATS_TEST_TMPDIR/one"
	diff "$BATS_TEST_TMPDIR/one" <(cgctl snapshot "$group")
	cgctl apply <"$BATS_TEST_TMPDIR/one"
	diff "$BATS_TEST_TMPDIR/one" <(cgctl snapshot "$group")
	# Under another name, everything included.
	cgctl snapshot -a "$group/a" | sed "s|^$group/a|$group/z|" | cgctl apply -
	diff <(cgctl get "$group/a") <(cgctl get "$group/z")
	[ "$(cgctl get "$group/z/b" memory.max)" = 16777216 ]
}

@test "cgctl apply: raises and lowers, leaves what is not named" {
	cgctl create "$group"
	cgctl set "$group" memory.max=16M pids.max=9
	printf '# limits\n\n%s\tmemory.max=64M\n%s/x\n' "$group" "$group" | cgctl apply
	[ "$(cgctl get "$group" memory.max)" = 67108864 ]
	[ "$(cgctl get "$group" pids.max)" = 9 ]
	printf '%s\tmemory.max=16M\n' "$group" | cgctl apply
	[ "$(cgctl get "$group" memory.max)" = 16777216 ]
	cgctl ls "$group" | grep -x "$group/x"
}

@test "cgctl apply: a bad line changes nothing" {
	local bad
	for bad in "$group/x"$'\t'"memory.max" "$group/../y" "$group/x"$'\t'"nonsense.max=1" "$group/x"$'\t'"owner=root"; do
		run --separate-stderr cgctl apply <<<"$group/x"$'\n'"$bad"
		assert_status 1
		assert_one_line "cgctl apply: *"
		[ -z "$(places "$group")" ]
	done
	run --separate-stderr cgctl apply -n <<<"$group/x"
	assert_status 0
	[ -z "$(places "$group")" ]
	run --separate-stderr cgctl apply <<<"$group"$'\n'"$group"$'\t'"memory.max=lots"
	assert_status 1
	assert_one_line "cgctl apply: group '$group': *"
	run --separate-stderr cgctl apply /no/such/file
	assert_one_line "cgctl apply: open '/no/such/file': No such file or directory"
}

@test "cgctl delegate: the user makes groups and moves processes there, and changes no limit" {
	need setpriv
	local v2
	v2=$(v2_dir)
	as() {
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	}
	cgctl create "$group/mine"
	cgctl set "$group/mine" pids.max=50
	cgctl delegate nobody:65534 "$group/mine"
	cgctl delegate 65534 "$group/mine"
	run --separate-stderr cgctl snapshot "$group/mine"
	assert_line "$group/mine"$'\t'"owner=65534:65534"
	as mkdir "$v2/$group/mine/a" "$v2/$group/mine/b"
	cgctl exec "$group/mine" setpriv --reuid 65534 --regid 65534 --clear-groups sh -c \
	    "echo 0 >$v2/$group/mine/a/cgroup.procs; echo 0 >$v2/$group/mine/b/cgroup.procs; grep ^0: /proc/self/cgroup" \
	    >"$BATS_TEST_TMPDIR/where"
	grep -x "0::/$group/mine/b" "$BATS_TEST_TMPDIR/where"
	run --separate-stderr as sh -c "echo 1 >$v2/$group/mine/cgroup.max.depth"
	[ "$status" -ne 0 ]
	run --separate-stderr cgctl delegate no-such-user "$group/mine"
	assert_status 1
	assert_one_line "cgctl delegate: delegate to 'no-such-user': no such user"
	run --separate-stderr cgctl delegate nobody "$group/none"
	assert_status 1
}

@test "cgctl delegate --v1: hands over the v1 parts, not their limits" {
	need kernel:cgroup1
	cgctl create "$group"
	cgctl delegate nobody "$group"
	[ "$(stat -c %u "$top/memory/$group")" -eq 0 ]
	cgctl delegate --v1 nobody "$group"
	[ "$(stat -c %u "$top/memory/$group" "$top/memory/$group/tasks" "$top/memory/$group/memory.limit_in_bytes" | tr '\n' ' ')" = \
	    "65534 65534 0 " ]
}

@test "cgctl info: names version, hierarchies and features, plain and as JSON alike" {
	run --separate-stderr cgctl info
	assert_status 0
	assert_line "version=*"
	assert_line "root=/sys/fs/cgroup"
	assert_line "hierarchy=* memory*"
	cgctl info --json | jq -r '"version=" + .version, "root=" + .root,
		(.hierarchies[] | "hierarchy=" + ([.name, "v" + (.version | tostring)] + .controllers | join(" "))),
		(.features[] | "feature=" + .)' | diff - <(printf '%s\n' "$output")
}

@test "cgctl attach: moves processes, and single threads within one" {
	cgctl create "$group/a" "$group/b"
	sleeper "$group/a"
	cgctl attach "$group/b" "$pid"
	cgctl attach "$group/b" "$pid"
	[ "$(cgctl ps "$group/b")" = "$pid" ]
	[ -z "$(cgctl ps "$group/a")" ]
	! grep -v ":/$group/b\$" "/proc/$pid/cgroup" || fail "not moved everywhere"
	cgctl attach / "$pid"
	[ -z "$(cgctl ps -r "$group")" ]
	kill "$pid"
	run --separate-stderr cgctl attach "$group/a" 4194304
	assert_status 1
	assert_one_line "cgctl attach: move 4194304 to group '$group/a': no such process"
	run --separate-stderr cgctl attach "$group/none" "$$"
	assert_status 1
	assert_one_line "cgctl attach: open group '$group/none': no such group"
}

@test "cgctl create --threaded: threads of one process are spread over groups" {
	local tids v2
	v2=$(v2_dir)
	cgctl create "$group"
	cgctl create --threaded "$group/a" "$group/b"
	[ "$(cat "$v2/$group/cgroup.type" "$v2/$group/a/cgroup.type" | tr '\n' ,)" = "domain threaded,threaded," ]
	cgctl create "$group/a/below"
	[ "$(cat "$v2/$group/a/below/cgroup.type")" = threaded ]
	cgctl exec "$group" threads 2 >"$BATS_TEST_TMPDIR/tids" 3>&- 2>/dev/null &
	wait_for 20 eval "[ \$(wc -l <$BATS_TEST_TMPDIR/tids) -eq 2 ]"
	pid=$(cgctl ps "$group")
	mapfile -t tids <"$BATS_TEST_TMPDIR/tids"
	cgctl attach --thread "$group/a" "${tids[0]}"
	cgctl attach --thread "$group/b" "${tids[1]}"
	[ "$(cat "$v2/$group/a/cgroup.threads" "$v2/$group/b/cgroup.threads" | tr '\n' ' ')" = "${tids[0]} ${tids[1]} " ]
	[ "$(cgctl ps "$group/a")" = "$pid" ]
	[ "$(cgctl ps -r "$group")" = "$pid" ]
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		cgctl set "$group/a" pids.max=5 "cpu.max=50000 100000" cpuset.cpus=0
		[ "$(cgctl get "$group/a" pids.max)" = 5 ]
		run --separate-stderr cgctl set "$group/a" memory.max=1M
		assert_status 1
		assert_one_line "*controller memory does not offer it in this group*"
	fi
	cgctl snapshot "$group" | grep -x "$group/a"$'\t'"cgroup.type=threaded"
	cgctl freeze "$group"
	cgctl thaw "$group"
	cgctl kill -w "$group/a"
	wait_for 20 empty "$group"
	cgctl snapshot "$group" >"$BATS_TEST_TMPDIR/one"
	cgctl rm "$group"
	cgctl apply "$BATS_TEST_TMPDIR/one"
	diff "$BATS_TEST_TMPDIR/one" <(cgctl snapshot "$group")
}

@test "cgctl create --threaded: not below a group that hands down memory or pages" {
	grep -qE 'memory|io|hugetlb' "$(v2_dir)/cgroup.controllers" || need kernel:cgroup2-memory
	cgctl create "$group/d/e"
	run --separate-stderr cgctl create --threaded "$group/d/t"
	assert_status 1
	assert_one_line "cgctl create: create group '$group/d/t': the group above hands down controllers that know no threads"
	[ -z "$(places "$group/d/t")" ]
}

@test "cgctl attach: says that a group hands controllers to groups below" {
	grep -q . "$(v2_dir)/cgroup.controllers" || need kernel:cgroup2-memory
	cgctl create "$group/inner/leaf"
	sleeper "$group/inner/leaf"
	run --separate-stderr cgctl attach "$group/inner" "$pid"
	assert_status 1
	assert_one_line "cgctl attach: move $pid to group '$group/inner': it hands controllers to groups below"
	run --separate-stderr cgctl exec "$group/inner" true
	assert_status 125
	assert_one_line "cgctl exec: join group '$group/inner': it hands controllers to groups below"
}

@test "cgctl rm: a name is free again at once, whatever of the old group is still dying" {
	local i
	for i in 1 2 3 4 5; do
		cgctl create "$group/g"
		cgctl exec "$group/g" sh -c 'head -c 1m /dev/zero >"$0"' "$BATS_TEST_TMPDIR/cache"
		cgctl rm "$group/g"
		[ -z "$(places "$group/g")" ]
	done
}

@test "cgctl rm --kill: ends what v1's freezer holds, here, below and above" {
	need kernel:cgroup1
	local dir
	cgctl create "$group/a/b"
	sleeper "$group/a/b"
	for dir in "$group" "$group/a" "$group/a/b"; do
		echo FROZEN >"$top/freezer/$dir/freezer.state"
	done
	# A process that must not be thawed to die is stuck for whoever only sends a signal.
	kill -KILL "$pid"
	kill -0 "$pid"
	cgctl kill --wait "$group"
	cgctl rm --kill "$group"
	[ -z "$(places "$group")" ]
}
