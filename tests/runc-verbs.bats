# runc-verbs.bats - the verbs that look at, signal, limit and remove containers.
# shellcheck shell=bash disable=SC2154,SC2030,SC2031

load lib/common

setup_file() {
	need root jq busybox
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

setup() {
	root=$BATS_TEST_TMPDIR/state
	bundle=$BATS_TEST_TMPDIR/bundle
	id=$(unique)
	group=$id
	mkdir "$bundle"
	ln -s "$BATS_FILE_TMPDIR/rootfs" "$bundle/rootfs"
	configure '.process.args = ["sleep", "1000"]'
}

teardown() {
	local left
	for left in "$root"/*/; do
		[ -d "$left" ] || continue
		left=${left%/}
		runc --root "$root" delete --force "${left##*/}"
	done
	[ -z "$(groups)" ] || fail "groups are left: $(groups)"
}

rc() {
	runc --root "$root" "$@"
}

# groups - the directories of this test's control group.
groups() {
	ls -d /sys/fs/cgroup/"$group" /sys/fs/cgroup/*/"$group" 2>/dev/null || :
}

# configure FILTER - a config.json for a container that needs nothing, changed by a jq filter.
configure() {
	rm -f "$bundle/config.json"
	runc spec -b "$bundle"
	jq --arg group "/$group" --arg rootfs "$BATS_FILE_TMPDIR/rootfs" '
		.process.terminal = false | .root.path = $rootfs | .linux.cgroupsPath = $group |
		.process.rlimits = [] | '"$1" "$bundle/config.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/config.json"
}

# start_container - made and running, detached from this test's descriptors.
start_container() {
	rc create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
		fail "$(cat "$BATS_TEST_TMPDIR/out")"
	rc start "$id"
}

status_of() {
	rc state "$id" | jq -r .status
}

is_status() {
	[ "$(status_of)" = "$1" ]
}

init_pid() {
	rc state "$id" | jq -r .pid
}

# in_group CONTROLLER FILE - a file of the container's v1 group.
in_group() {
	cat "/sys/fs/cgroup/$1/$group/$2"
}

@test "runc verbs: help goes to stdout, misuse says one thing and exits 2" {
	local verb
	for verb in state kill delete list ps pause resume update spec features; do
		run --separate-stderr runc "$verb" --help
		assert_status 0
		[[ $output == *"$verb"* ]] || fail "help of $verb: $output"
		assert_empty "$stderr" stderr
	done
	for verb in state kill delete pause resume update ps; do
		run --separate-stderr rc "$verb"
		assert_status 2
		[[ $stderr == *$verb*" requires "* ]] || fail "$verb: $stderr"
	done
	run --separate-stderr rc state one two
	assert_status 2
	[[ $stderr == *'requires exactly 1 argument(s)'* ]] || fail "$stderr"
}

@test "runc verbs: a container that is not there is said to be so" {
	local verb
	mkdir "$root"
	for verb in state kill delete pause resume update ps; do
		run --separate-stderr rc "$verb" nobody
		assert_status 1
		[[ $stderr == *'container does not exist'* ]] || fail "$verb: $stderr"
	done
	run --separate-stderr rc state ../x
	assert_status 1
	[[ $stderr == *'invalid container ID format'* ]] || fail "$stderr"
}

@test "runc state: prints the members runc prints, in its order, and when it was started" {
	configure '.process.args = ["sleep", "1000"] | .annotations = {"a.b": "c"}'
	start_container
	run --separate-stderr rc state "$id"
	assert_status 0
	[ "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" = \
		"ociVersion id pid status bundle rootfs created annotations owner started" ]
	[ "$(jq -r '.id, .status, .bundle, .annotations."a.b", .owner' <<<"$output")" = \
		"$(printf '%s\n' "$id" running "$bundle" c "")" ]
	[[ $(jq -r .created <<<"$output") =~ ^20[0-9-]+T[0-9:]+\.[0-9]+Z$ ]]
	kill -0 "$(jq .pid <<<"$output")"
	[[ $output == '{'$'\n''  "ociVersion": '* ]] || fail "indentation: $output"
}

@test "runc state: a container whose init has gone is stopped and has no pid" {
	configure '.process.args = ["true"]'
	start_container
	wait_for 20 is_status stopped
	[ "$(init_pid)" = 0 ]
}

@test "runc kill: takes names and numbers, and says when init is gone" {
	local signal
	start_container
	for signal in 0 CONT SIGCONT cont sigcont 18; do
		rc kill "$id" "$signal"
	done
	run --separate-stderr rc kill "$id" NOSUCH
	assert_status 1
	[[ $stderr == *'unknown signal \"NOSUCH\"'* ]] || fail "$stderr"
	rc kill "$id" KILL
	wait_for 20 is_status stopped
	run --separate-stderr rc kill "$id"
	assert_status 1
	[[ $stderr == *'container not running'* ]] || fail "$stderr"
	rc kill --all "$id" 9
}

@test "runc kill: --all reaches every process, whoever started it" {
	configure '.process.args = ["sh", "-c", "trap : TERM; sleep 1000 & sleep 1001 & wait; wait; wait"]'
	start_container
	wait_for 20 has_processes 3
	rc kill --all "$id" TERM
	wait_for 20 is_status stopped
}

has_processes() {
	[ "$(rc ps --format json "$id" | jq length)" -eq "$1" ]
}

@test "runc kill: KILL takes all processes along where they share the host's process namespace" {
	local pids pid
	configure '.process.args = ["sh", "-c", "sleep 1000 & sleep 1001 & wait"] |
		.linux.namespaces |= map(select(.type != "pid"))'
	start_container
	wait_for 20 has_processes 3
	pids=$(rc ps --format json "$id" | jq '.[]')
	rc kill "$id" KILL
	wait_for 20 is_status stopped
	for pid in $pids; do
		wait_for 20 is_gone "$pid"
	done
}

is_gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:	Z' "/proc/$1/status"
}

@test "runc kill: KILL ends a paused container" {
	start_container
	rc pause "$id"
	rc kill "$id" KILL
	wait_for 20 is_status stopped
}

@test "runc kill, delete: --regex and --all take several, and one that fails keeps nobody else" {
	local n
	for n in 1 2 3; do
		configure '.process.args = ["sleep", "1000"] | .linux.cgroupsPath = "/'"$group/$n"'"'
		rc create --bundle "$bundle" "$id-$n" </dev/null >/dev/null 2>&1 3>&-
		rc start "$id-$n"
	done
	run --separate-stderr rc kill --regex '[12' KILL
	assert_status 1
	[[ $stderr == *"'[12' is no regular expression"* ]] || fail "$stderr"
	rc kill --regex '[12]$' KILL
	wait_for 20 stopped_are 2
	run --separate-stderr rc kill -r '[123]$' KILL
	assert_status 1
	[[ $stderr == *'container not running'* ]] || fail "$stderr"
	wait_for 20 stopped_are 3
	run --separate-stderr rc delete --regex nobody
	assert_status 0
	rc delete --regex '1$'
	[ "$(rc list -q | wc -l)" -eq 2 ]
	run --separate-stderr rc delete --all "$id-2"
	assert_status 2
	rc delete --all
	assert_empty "$(rc list -q)"
	rmdir $(groups)
}

stopped_are() {
	[ "$(rc list -f json | jq 'map(select(.status == "stopped")) | length')" -eq "$1" ]
}

@test "runc delete: refuses what runs, takes what was created or has stopped" {
	start_container
	run --separate-stderr rc delete "$id"
	assert_status 1
	[[ $stderr == *"cannot delete container $id that is not stopped: running"* ]] || fail "$stderr"
	is_status running
	rc kill "$id" KILL
	wait_for 20 is_status stopped
	rc delete "$id"
	[ ! -e "$root/$id" ]
	assert_empty "$(groups)" groups
	rc create --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
	is_status created
	rc delete "$id"
	assert_empty "$(groups)" groups
}

@test "runc delete: --force kills, and says nothing when nothing is there" {
	local pid
	start_container
	pid=$(init_pid)
	run --separate-stderr rc delete --force "$id"
	assert_status 0
	assert_empty "$output$stderr"
	is_gone "$pid"
	assert_empty "$(groups)" groups
	run --separate-stderr rc delete --force "$id"
	assert_status 0
	assert_empty "$output$stderr"
	run --separate-stderr rc delete "$id"
	assert_status 1
}

@test "runc delete: --force ends a paused container and one with groups of its own" {
	local dir
	start_container
	for dir in $(groups); do
		mkdir "$dir/below" "$dir/below/below"
	done
	rc pause "$id"
	rc delete --force "$id"
	assert_empty "$(groups)" groups
}

@test "runc delete: what a create left before it wrote anything down is removed" {
	mkdir -p "$root/$id"
	rc delete --force "$id"
	[ ! -e "$root/$id" ]
	mkdir -p "$root/$id"
	echo '{"id":' >"$root/$id/state.json"
	rc delete --force "$id"
	[ ! -e "$root/$id" ]
}

@test "runc delete: does not signal a process that only has the number of a dead init" {
	start_container
	rc kill "$id" KILL
	wait_for 20 is_status stopped
	sleep 1000 3>&- &
	jq --argjson pid $! '.init_process_pid = $pid' "$root/$id/state.json" >"$root/$id/new"
	mv "$root/$id/new" "$root/$id/state.json"
	is_status stopped
	run --separate-stderr rc kill "$id" KILL
	assert_status 1
	rc delete --force "$id"
	kill -0 $!
	kill $!
}

@test "runc delete: runs poststop hooks when all is gone" {
	configure '.process.args = ["true"] | .hooks.poststop = [{"path": "/bin/sh",
		"args": ["sh", "-c", "cat >'"$BATS_TEST_TMPDIR"'/hook; ls '"$root"' >'"$BATS_TEST_TMPDIR"'/left"]}]'
	start_container
	wait_for 20 is_status stopped
	rc delete "$id"
	[ "$(jq -r '.id, .status' "$BATS_TEST_TMPDIR/hook")" = "$(printf '%s\n' "$id" stopped)" ]
	assert_empty "$(cat "$BATS_TEST_TMPDIR/left")" "state root"
}

@test "runc delete: --force ends a create that hangs in a hook, which hides it from nobody" {
	local creator
	configure '.hooks.createRuntime = [{"path": "/bin/sleep", "args": ["sleep", "1000"]}]'
	rc create --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&- &
	creator=$!
	wait_for 20 is_status creating
	run --separate-stderr timeout 20 runc --root "$root" list -q
	assert_output "$id"
	run timeout 20 runc --root "$root" delete --force "$id"
	assert_status 0
	[ ! -e "$root/$id" ]
	wait_for 20 is_gone "$creator"
	assert_empty "$(groups)" groups
}

@test "runc delete: a run whose container was deleted leaves its successor alone" {
	local first
	rc run --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&- &
	first=$!
	wait_for 20 is_status running
	kill -STOP "$first"
	rc delete --force "$id"
	start_container
	kill -CONT "$first"
	wait_for 20 is_gone "$first"
	is_status running
}

@test "runc list: shows a table, ids or JSON" {
	run --separate-stderr runc list
	assert_status 0
	run --separate-stderr runc --root "$BATS_TEST_TMPDIR/none" list
	assert_status 1
	mkdir "$root"
	run --separate-stderr rc list
	assert_status 0
	assert_output "ID          PID         STATUS      BUNDLE      CREATED     OWNER"
	run --separate-stderr rc list --format json
	assert_output null
	start_container
	run --separate-stderr rc list
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} =~ ^$id\ +[0-9]+\ +running\ +$bundle\ +20[^\ ]+Z\ +root$ ]] || fail "$output"
	local before=${lines[0]%%STATUS*} below=${lines[1]%%running*}
	[ "${#before}" -eq "${#below}" ] || fail "columns do not line up:" "$output"
	run --separate-stderr rc list -q
	assert_output "$id"
	run --separate-stderr rc list -f json
	[ "$(jq -r '.[0] | .id, .status, .owner' <<<"$output")" = "$(printf '%s\n' "$id" running root)" ]
	run --separate-stderr rc list --format yaml
	assert_status 1
	[[ $stderr == *'invalid format option'* ]] || fail "$stderr"
}

@test "runc list: says what it cannot read and goes on" {
	start_container
	mkdir "$root/broken" "$root/.hidden"
	run --separate-stderr rc list -q
	assert_status 0
	assert_output "$id"
	[[ $stderr == *broken* && $stderr != *hidden* ]] || fail "$stderr"
}

@test "runc ps: shows the processes of the container only" {
	start_container
	run --separate-stderr rc ps --format json "$id"
	assert_output "[$(init_pid)]"
	run --separate-stderr rc ps "$id"
	assert_status 0
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == *PID*CMD* && ${lines[1]} == *"sleep 1000"* ]] || fail "$output"
	run --separate-stderr rc ps "$id" -o pid,args
	[[ ${lines[1]} == *"$(init_pid) sleep 1000" ]] || fail "$output"
	run --separate-stderr rc ps "$id" -- -o pid,args
	[[ ${lines[1]} == *"$(init_pid) sleep 1000" ]] || fail "$output"
	run --separate-stderr rc ps "$id" --no-such-option
	assert_status 1
	run --separate-stderr rc ps "$id" -o args
	assert_status 1
	[[ $stderr == *"couldn't find PID field in ps output"* ]] || fail "$stderr"
	run --separate-stderr rc ps --format yaml "$id"
	assert_status 1
	rc kill "$id" KILL
	wait_for 20 is_status stopped
	run --separate-stderr rc ps --format json "$id"
	assert_output null
}

@test "runc pause, resume: stop and go on, and refuse the wrong state" {
	start_container
	run --separate-stderr rc resume "$id"
	assert_status 1
	[[ $stderr == *'container not paused'* ]] || fail "$stderr"
	rc pause "$id"
	is_status paused
	run --separate-stderr rc pause "$id"
	assert_status 1
	[[ $stderr == *'container not running'* ]] || fail "$stderr"
	run --separate-stderr rc delete "$id"
	assert_status 1
	[[ $stderr == *'not stopped: paused'* ]] || fail "$stderr"
	rc resume "$id"
	is_status running
}

@test "runc update: sets what its options name and leaves the rest" {
	need kernel:cgroup1
	configure '.process.args = ["sleep", "1000"] | .linux.resources = {"memory": {"limit": 67108864},
		"cpu": {"quota": 20000, "period": 100000, "shares": 512}, "pids": {"limit": 20}}'
	start_container
	rc update --memory 32M --pids-limit 10 --cpu-share 100 "$id"
	[ "$(in_group memory memory.limit_in_bytes)" = 33554432 ]
	[ "$(in_group pids pids.max)" = 10 ]
	[ "$(in_group cpu cpu.shares)" = 100 ]
	[ "$(in_group cpu cpu.cfs_quota_us)" = 20000 ]
	rc update --cpu-quota 50000 "$id"
	[ "$(in_group cpu cpu.cfs_quota_us)" = 50000 ]
	[ "$(in_group cpu cpu.cfs_period_us)" = 100000 ]
	rc update --cpu-period 200000 --pids-limit=-1 "$id"
	[ "$(in_group cpu cpu.cfs_quota_us)" = 50000 ]
	[ "$(in_group cpu cpu.cfs_period_us)" = 200000 ]
	[ "$(in_group pids pids.max)" = max ]
	rc update --memory -1 "$id"
	[ "$(in_group memory memory.limit_in_bytes)" -gt 1000000000000 ]
}

@test "runc update: every option reaches its file, and our copy of config.json" {
	need kernel:cgroup1
	start_container
	rc update --cpu-period 50000 --cpu-quota 20000 --cpu-burst 1000 --cpuset-cpus 0 --cpuset-mems 0 --memory-reservation 32M \
		--blkio-weight 200 "$id"
	[ "$(in_group cpu cpu.cfs_burst_us)" = 1000 ]
	[ "$(in_group cpuset cpuset.cpus)" = 0 ]
	[ "$(in_group cpuset cpuset.mems)" = 0 ]
	[ "$(in_group memory memory.soft_limit_in_bytes)" = 33554432 ]
	[[ $(cat "/sys/fs/cgroup/blkio/$group/"blkio*weight) == *200* ]]
	[ "$(jq -c '.linux.resources | .cpu.burst, .cpu.mems, .memory.reservation, .blockIO.weight' "$root/$id/config.json" | tr '\n' ' ')" = \
		'1000 "0" 33554432 200 ' ]
	rc update --cpu-idle 1 "$id"
	[ "$(in_group cpu cpu.idle)" = 1 ]
	rc update --cpu-idle 0 "$id"
	[ "$(in_group cpu cpu.idle)" = 0 ]
	if [ -e "/sys/fs/cgroup/cpu/$group/cpu.rt_period_us" ]; then
		rc update --cpu-rt-period 900000 "$id"
		[ "$(in_group cpu cpu.rt_period_us)" = 900000 ]
		rc update --cpu-rt-runtime 0 "$id"
		[ "$(in_group cpu cpu.rt_runtime_us)" = 0 ]
	else
		run --separate-stderr rc update --cpu-rt-period 900000 "$id"
		assert_status 1
		assert_one_line "*cpu.rt_period_us*"
	fi
}

@test "runc update: takes linux.resources from a file or stdin" {
	need kernel:cgroup1
	start_container
	echo '{"memory": {"limit": 33554432}, "pids": {"limit": 7}}' >"$BATS_TEST_TMPDIR/r"
	rc update --resources "$BATS_TEST_TMPDIR/r" --pids-limit 99 "$id"
	[ "$(in_group memory memory.limit_in_bytes)" = 33554432 ]
	[ "$(in_group pids pids.max)" = 7 ]
	echo '{"pids": {"limit": 8}}' | rc update -r - "$id"
	[ "$(in_group pids pids.max)" = 8 ]
	[ "$(jq -c '.linux.resources | .memory.limit, .pids.limit' "$root/$id/config.json" | tr '\n' ' ')" = \
		"33554432 8 " ]
}

@test "runc update: a refused value changes nothing" {
	need kernel:cgroup1
	configure '.process.args = ["sleep", "1000"] |
		.linux.resources = {"pids": {"limit": 20}, "cpu": {"shares": 512}}'
	start_container
	run --separate-stderr rc update --cpu-share 100 --cpuset-cpus 4000 --pids-limit 5 "$id"
	assert_status 1
	[ "$(in_group pids pids.max)" = 20 ]
	[ "$(in_group cpu cpu.shares)" = 512 ]
	[ "$(jq .linux.resources.pids.limit "$root/$id/config.json")" = 20 ]
	for args in --memory=1x --cpu-share=-1 --pids-limit=many --l3-cache-schema=L3:0=f; do
		run --separate-stderr rc update "$args" "$id"
		assert_status 1
	done
	[[ $stderr == *"Intel RDT/CAT: l3 cache schema is not enabled"* ]] || fail "$stderr"
	echo '{"memory": {"limit": "1"}}' >"$BATS_TEST_TMPDIR/r"
	run --separate-stderr rc update --resources "$BATS_TEST_TMPDIR/r" "$id"
	assert_status 1
	[[ $stderr == *'memory.limit: number wanted, string found'* ]] || fail "$stderr"
}

@test "runc update: a stopped container has no limits to change" {
	configure '.process.args = ["true"]'
	start_container
	wait_for 20 is_status stopped
	run --separate-stderr rc update --pids-limit 5 "$id"
	assert_status 1
	[[ $stderr == *'container not running'* ]] || fail "$stderr"
}

@test "runc spec: writes a config.json once" {
	mkdir "$BATS_TEST_TMPDIR/new"
	run --separate-stderr runc spec -b "$BATS_TEST_TMPDIR/new"
	assert_status 0
	assert_empty "$output$stderr"
	cp "$BATS_TEST_TMPDIR/new/config.json" "$BATS_TEST_TMPDIR/first"
	run --separate-stderr runc spec --bundle="$BATS_TEST_TMPDIR/new"
	assert_status 1
	[[ $stderr == *'File config.json exists. Remove it first'* ]] || fail "$stderr"
	cmp "$BATS_TEST_TMPDIR/new/config.json" "$BATS_TEST_TMPDIR/first"
}

@test "runc spec: is what another runc writes, but for what changed since" {
	need /usr/sbin/runc
	local mode
	for mode in "" --rootless; do
		rm -rf "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs"
		mkdir "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs"
		runc spec $mode -b "$BATS_TEST_TMPDIR/ours"
		/usr/sbin/runc spec $mode -b "$BATS_TEST_TMPDIR/theirs"
		jq --tab 'del(.process.capabilities.ambient, .ociVersion)' "$BATS_TEST_TMPDIR/theirs/config.json" \
			>"$BATS_TEST_TMPDIR/want"
		jq --tab 'del(.ociVersion)' "$BATS_TEST_TMPDIR/ours/config.json" >"$BATS_TEST_TMPDIR/got"
		diff -u "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
		diff <(jq --tab . "$BATS_TEST_TMPDIR/ours/config.json") \
			<(cat "$BATS_TEST_TMPDIR/ours/config.json" && echo)
	done
}

@test "runc spec: theirs runs on ours, ours runs on theirs" {
	need /usr/sbin/runc
	local writer runner
	for writer in runc /usr/sbin/runc; do
		rm -f "$bundle/config.json"
		"$writer" spec -b "$bundle"
		jq --arg group "/$group" --arg rootfs "$BATS_FILE_TMPDIR/rootfs" '
			.process.terminal = false | .root.path = $rootfs | .linux.cgroupsPath = $group |
			.process.args = ["sh", "-c", "hostname; id -u; grep CapEff /proc/self/status"]' \
			"$bundle/config.json" >"$bundle/new"
		mv "$bundle/new" "$bundle/config.json"
		for runner in runc /usr/sbin/runc; do
			run --separate-stderr "$runner" --root "$root-${writer//\//-}" run -b "$bundle" "$id" 3>&-
			assert_status 0
			assert_output "$(printf 'runc\n0\nCapEff:\t0000000020000420')"
		done
	done
}

@test "runc features: is JSON with what engines look for" {
	run --separate-stderr runc features
	assert_status 0
	[ "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" = \
		"ociVersionMin ociVersionMax hooks mountOptions linux annotations potentiallyUnsafeConfigAnnotations" ]
	[ "$(jq -r '.linux.mountExtensions.idmap.enabled, .linux.seccomp.enabled' <<<"$output")" = \
		"$(printf 'true\ntrue')" ]
	[ "$(jq '.hooks | length' <<<"$output")" = 6 ]
	[ "$(jq '.linux.capabilities | length' <<<"$output")" -ge 41 ]
	jq -e '.mountOptions | . == sort and (index("rbind") != null)' <<<"$output"
	jq -e '.linux.seccomp | .supportedFlags - .knownFlags == []' <<<"$output"
	[[ $output == '{'$'\n''    "ociVersionMin"'* ]]
}

@test "runc exec: of many in a row each runs once" {
	local i
	start_container
	for i in {1..60}; do
		rc exec "$id" echo once
	done >"$BATS_TEST_TMPDIR/said"
	[ "$(sort "$BATS_TEST_TMPDIR/said" | uniq -c | xargs)" = "60 once" ]
}
