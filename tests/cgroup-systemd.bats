#!/usr/bin/env bats
# cgroup-systemd.bats - what systemd would be asked for. With a real systemd: vm/systemd.bats.

# shellcheck disable=SC2154 # $stderr is set by run

load lib/common

setup() {
	need cgroup-systemd
}

# host v1|v2 - LASH_CGROUP becomes a tree of that version.
host() {
	LASH_CGROUP=$BATS_TEST_TMPDIR/$1
	export LASH_CGROUP
	mkdir -p "$LASH_CGROUP/memory"
	if [ "$1" = v2 ]; then
		echo "cpu memory pids io" >"$LASH_CGROUP/cgroup.controllers"
	else
		: >"$LASH_CGROUP/memory/cgroup.procs"
	fi
}

# asks JSON [OPTION]... - the properties a create with it asks for.
asks() {
	local json=$1
	shift
	run --separate-stderr cgroup-systemd create -n --path :lash:web "$@" <<<"$json"
}

@test "cgroup-systemd: misuse is one line and 2" {
	for args in "" "nonsense" "create" "create --path :a:b" "create --path :a:b --pid 1 more" "delete" "update --path a:b" \
	    "create --path :a:b.slice --pid 1" "create --path :a:b --hold-fd 77" "create -n --path :a:b --property X" \
	    "create -n --path :a:b --property Foo=bar" "create -n --path :a:b --property a_b=1"; do
		# shellcheck disable=SC2086 # words on purpose
		run --separate-stderr cgroup-systemd $args </dev/null
		assert_status 2
		assert_one_line "cgroup-systemd*"
	done
}

@test "cgroup-systemd create: a path is a scope in a slice, or a slice" {
	local path
	while read -r path want; do
		run --separate-stderr cgroup-systemd create -n --path "$path" </dev/null
		assert_status 0
		[ "${lines[0]}" = "$want" ] || fail "$path is ${lines[0]}, not $want"
	done <<-'EOF2'
		:lash:web /system.slice/lash-web.scope
		::web /system.slice/web.scope
		a.slice:lash:web /a.slice/lash-web.scope
		a-b-c.slice:lash:web /a.slice/a-b.slice/a-b-c.slice/lash-web.scope
		-.slice:lash:web /lash-web.scope
		machine.slice:libpod:0123 /machine.slice/libpod-0123.scope
		::pods-a.slice /pods.slice/pods-a.slice
	EOF2
	run --separate-stderr cgroup-systemd create -n --user --path :lash:web </dev/null
	[ "${lines[0]}" = /user.slice/lash-web.scope ]
}

@test "cgroup-systemd create: refuses names that are none" {
	local path
	for path in a/b.slice:lash:web a:lash:web -a.slice:lash:web a-.slice:lash:web a--b.slice:lash:web .slice:lash:web \
	    :lash: :../x:web :lash:a/b ":lash:a b" ::-.slice ::a--b.slice ":lash:$(printf '%300s' | tr ' ' x)"; do
		run --separate-stderr cgroup-systemd create -n --path "$path" </dev/null
		assert_status 2
		assert_one_line "cgroup-systemd create: '*' is no name of a s*"
	done
	run --separate-stderr cgroup-systemd create -n --path web </dev/null
	assert_one_line "cgroup-systemd create: 'web' is not SLICE:PREFIX:NAME"
}

@test "cgroup-systemd create: every unit has these" {
	host v2
	asks ''
	assert_status 0
	for line in "Description=s container web" "Slice=s system.slice" "Delegate=b true" "PIDs=au *" "MemoryAccounting=b true" \
	    "CPUAccounting=b true" "IOAccounting=b true" "TasksAccounting=b true" "DefaultDependencies=b false"; do
		assert_line "$line"
	done
	run --separate-stderr cgroup-systemd create -n --path ::pods-a.slice </dev/null
	assert_line "Wants=as pods.slice"
	[[ $output != *Delegate* ]]
}

@test "cgroup-systemd create: resources are v2's properties" {
	host v2
	asks '{"memory":{"limit":1000,"swap":3000,"reservation":500},"cpu":{"shares":1024,"quota":12345,"period":100000,
		"cpus":"0-2,9","mems":"0"},"pids":{"limit":-1},"blockIO":{"weight":1000,
		"weightDevice":[{"major":8,"minor":0,"weight":10}],"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":7}],
		"throttleWriteIOPSDevice":[{"major":8,"minor":0,"rate":0}]}}'
	assert_status 0
	[ "$(printf '%s\n' "$output" | sed '1,/DefaultDependencies/d')" = "MemoryMax=t 1000
MemoryLow=t 500
MemorySwapMax=t 2000
CPUWeight=t 100
CPUQuotaPerSecUSec=t 130000
CPUQuotaPeriodUSec=t 100000
AllowedCPUs=ay 7 2
AllowedMemoryNodes=ay 1
TasksMax=t 18446744073709551615
IOWeight=t 10000
IODeviceWeight=a(st) /dev/block/8:0 1
IOReadBandwidthMax=a(st) /dev/block/8:0 7
IOWriteIOPSMax=a(st) /dev/block/8:0 18446744073709551615" ] || fail "$output"
	asks '{"memory":{"limit":-1},"cpu":{"shares":2,"idle":1,"quota":-1},"pids":{"limit":0}}'
	[ "$(printf '%s\n' "$output" | sed '1,/DefaultDependencies/d')" = "MemoryMax=t 18446744073709551615
MemorySwapMax=t 18446744073709551615
CPUWeight=t 0
CPUQuotaPerSecUSec=t 18446744073709551615
TasksMax=t 1" ] || fail "$output"
}

@test "cgroup-systemd create: unified is v2's properties, and wins" {
	host v2
	asks '{"memory":{"limit":1000},"unified":{"memory.max":"2000","memory.high":"max","memory.min":"1K","cpu.max":"5000 10000",
		"cpu.weight":"7","cpuset.cpus":"1","pids.max":"9","memory.oom.group":"1","memory.swap.max":"0","io.max":"8:0 rbps=1"}}'
	assert_status 0
	[ "$(printf '%s\n' "$output" | sed '1,/DefaultDependencies/d')" = "MemoryMax=t 2000
MemoryHigh=t 18446744073709551615
MemoryMin=t 1024
CPUQuotaPerSecUSec=t 500000
CPUQuotaPeriodUSec=t 10000
CPUWeight=t 7
AllowedCPUs=ay 2
TasksMax=t 9
OOMPolicy=s kill
MemorySwapMax=t 0" ] || fail "$output"
	run --separate-stderr cgroup-systemd update -n --path :lash:web <<<'{"unified":{"memory.oom.group":"1"}}'
	assert_output ""
}

@test "cgroup-systemd create: resources are v1's properties" {
	host v1
	asks '{"memory":{"limit":1000,"swap":3000,"reservation":500},"cpu":{"shares":512,"cpus":"0"},"pids":{"limit":5},
		"blockIO":{"weight":500,"throttleWriteBpsDevice":[{"major":8,"minor":0,"rate":7}]}}'
	assert_status 0
	[ "$(printf '%s\n' "$output" | sed '1,/DefaultDependencies/d')" = "MemoryLimit=t 1000
CPUShares=t 512
TasksMax=t 5
BlockIOWeight=t 500
BlockIOWriteBandwidth=a(st) /dev/block/8:0 7" ] || fail "$output"
}

@test "cgroup-systemd create: device rules are a list of what is allowed" {
	host v2
	asks '{"devices":[{"allow":false},{"allow":true,"type":"c","major":10,"access":"rw"},
		{"allow":true,"type":"b","major":8,"minor":1,"access":"r"}]}'
	assert_line "DevicePolicy=s strict"
	assert_line "DeviceAllow=a(ss) char-10 rw /dev/block/8:1 r char-\* m block-\* m /dev/char/1:3 rwm*char-136 rwm"
	asks '{"devices":[{"allow":true}]}'
	assert_line "DevicePolicy=s auto"
	assert_line "DeviceAllow=a(ss)"
	run --separate-stderr cgroup-systemd update -n --path :lash:web <<<'{"devices":[{"allow":false}],"pids":{"limit":3}}'
	assert_output "TasksMax=t 3"
}

@test "cgroup-systemd create --property: reads GVariant's notation" {
	local word want
	while IFS='|' read -r word want; do
		run --separate-stderr cgroup-systemd create -n --path :lash:web --property "$word" </dev/null
		assert_status 0
		assert_line "$want"
	done <<-'EOF2'
		TimeoutStopSec=5|TimeoutStopUSec=t 5000000
		TimeoutStopSec=1.5|TimeoutStopUSec=t 1500000
		TimeoutStopUSec=uint64 7|TimeoutStopUSec=t 7
		CollectMode='inactive-or-failed'|CollectMode=s inactive-or-failed
		CollectMode="it's"|CollectMode=s it's
		CPUAccounting=false|CPUAccounting=b false
		After=['a.service', 'b.service']|After=as a.service b.service
		After=@as []|After=as
		TasksMax=@t 18446744073709551615|TasksMax=t 18446744073709551615
		OOMScoreAdjust=-5|OOMScoreAdjust=i -5
		AllowedCPUs=@ay [1, 255]|AllowedCPUs=ay 1 255
	EOF2
	for word in "Foo=" "Foo='a" "Foo=[1, 'a']" "Foo=[]" "Foo=@ay [256]" "Foo=1.5" "Foo=uint32 -1" "Foo=2147483648" "Foo=(1, 2)" \
	    "Foo='a' b" "FooSec='a'" "Foo=@z 1" "Foo=\\"; do
		run --separate-stderr cgroup-systemd create -n --path :lash:web --property "$word" </dev/null
		assert_status 2
		assert_one_line "cgroup-systemd create: property Foo*: '*' is no value for it"
	done
}

@test "cgroup-systemd create: names what is wrong in the resources" {
	host v2
	asks '{"memory":{"limit":"x"}}'
	assert_status 1
	assert_one_line "cgroup-systemd create: decode standard input: memory.limit: number wanted, string found"
	asks '{"cpu":{"cpus":"3-1"}}'
	assert_status 1
	assert_one_line "cgroup-systemd create: resources: '3-1' is no list of CPUs or nodes"
	asks '{"memory":{"limit":2000,"swap":1000}}'
	assert_one_line "cgroup-systemd create: resources: memory.swap is below memory.limit"
	asks '{"unified":{"pids.max":"lots"}}'
	assert_one_line "cgroup-systemd create: resources: unified 'pids.max' cannot be 'lots'"
}

@test "cgroup-systemd: without systemd says so" {
	[ ! -d /run/systemd/system ] || skip "systemd runs here"
	run --separate-stderr cgroup-systemd create --path :lash:web --pid $$ </dev/null
	assert_status 1
	assert_one_line "cgroup-systemd create: connect to systemd: it does not run here*"
	DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent XDG_RUNTIME_DIR=/nonexistent \
	    run --separate-stderr cgroup-systemd delete --user --path :lash:web
	assert_status 1
	assert_one_line "cgroup-systemd delete: connect to systemd of the user: No such file or directory"
}
