# runc-fail.bats - any system call of runc may fail: it says so and leaves nothing, or does what it was told to.
#
# Every place in runc that makes a system call is a step (see failat). make check takes a part of them, spread
# evenly; LASH_TEST_LONG=1 takes all, with more kinds of errors.
# shellcheck shell=bash disable=SC2154

load lib/common
load lib/runc

setup_file() {
	need failat
	runc_setup_file
}

setup() {
	runc_setup
	mkdir "$root" "$rootfs/data"
	chmod a+rx "$BATS_TEST_TMPDIR" "$bundle"
	configure '.process.args = ["sleep", "1000"] | .process.user = {uid: 1000, gid: 1000, additionalGids: [5]} |
		.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 2}] | .process.oomScoreAdj = 100 |
		.root.readonly = true | .linux.sysctl = {"net.ipv4.ip_forward": "1"} |
		.linux.devices = [{path: "/dev/extra", type: "c", major: 1, minor: 3, uid: 7, fileMode: 288}] |
		.linux.resources = {memory: {limit: 67108864}, pids: {limit: 20}, devices: [{allow: false, access: "rwm"}]} |
		.mounts += [{destination: "/data", type: "tmpfs", options: ["ro", "tmpcopyup"]},
			{destination: "/bind", source: "'"$rootfs"'/etc", options: ["rbind", "ro"]}] |
		.hooks.createRuntime = [{path: "/bin/true"}] | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	errors=${LASH_TEST_LONG:+EPERM EINVAL EACCES EBUSY EIO}
	stride=8
	[ -z "${LASH_TEST_LONG-}" ] || stride=1
}

teardown() {
	runc_teardown
}

# problem TEXT... - what a step has shown; all are told in the end.
problem() {
	printf '%s\n' "$@" >>"$BATS_TEST_TMPDIR/problems"
}

# fail_everywhere - let $command fail at every step, each time after `before`; then call `check STEP`, with $status and
# what it said in $said.
fail_everywhere() {
	local process call number error n=0
	before
	failat list "$BATS_TEST_TMPDIR/steps" runc --root "$root" "${command[@]}" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
		fail "$(<"$BATS_TEST_TMPDIR/out")"
	end
	for error in ENOMEM $errors; do
		while read -r process call number; do
			n=$((n + 1))
			[ $((n % stride)) -eq 0 ] || continue
			before
			status=0
			timeout 30 failat fail "$error" "$process" "$call" "$number" runc --root "$root" "${command[@]}" \
				</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || status=$?
			said=$(<"$BATS_TEST_TMPDIR/out")
			[ "$status" -eq 99 ] || check "$error in call $number ($process $call of ${command[0]})"
			end
		done <"$BATS_TEST_TMPDIR/steps"
	done
	[ "$n" -gt "$atleast" ] || fail "only $n steps"
	[ ! -e "$BATS_TEST_TMPDIR/problems" ] || fail "$(<"$BATS_TEST_TMPDIR/problems")"
}

# told STEP - a failure is one line of runc's, and neither a crash nor endless.
told() {
	[[ -n $said && $(grep -c level=error <<<"$said") -le 1 ]] || problem "$1: status $status, said: $said"
	[[ $status -ne 124 && ($status -lt 128 || $status -eq 255) ]] || problem "$1: status $status, said: $said"
}

nothing_left() {
	[[ -z $(group_dirs) && ! -e $root/$id && ! -e $BATS_TEST_TMPDIR/pid ]] ||
		problem "$1: left behind; status $status, said: $said"
}

end() {
	rc delete --force "$id" || problem "cannot be deleted"
	rm -f "$BATS_TEST_TMPDIR/pid"
}

# look - everything about the created container that config.json decides.
look() {
	local pid
	pid=$(<"$BATS_TEST_TMPDIR/pid")
	awk -v id="$id" '
		FILENAME ~ /status$/ { if ($1 ~ /^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask|Sig...|State):/) print; next }
		FILENAME ~ /mountinfo$/ { $1 = $2 = $3 = ""; gsub(/(master|shared):[0-9]+/, "peer") }
		{ gsub(id, "ID"); print }' "/proc/$pid/status" "/proc/$pid/mountinfo" "/proc/$pid/limits" "/proc/$pid/cgroup" \
		"/proc/$pid/oom_score_adj" "/proc/$pid/root/proc/sys/net/ipv4/ip_forward" "/sys/fs/cgroup/memory/$group/memory.limit_in_bytes" \
		"/sys/fs/cgroup/pids/$group/pids.max" "/sys/fs/cgroup/devices/$group/devices.list" 2>&1
	# shellcheck disable=SC2012 # owners, modes and device numbers, of names that are ours
	ls -ln "/proc/$pid/root/dev" "/proc/$pid/root/data" | awk 'NF > 5 { print $1, $3, $4, $5, $6, $NF }'
}

@test "runc create: a failing system call is told and leaves nothing, or changes nothing" {
	command=(create --bundle "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" "$id") atleast=250
	before() {
		:
	}
	check() {
		if [ "$status" -ne 0 ]; then
			told "$1"
			nothing_left "$1"
			return
		fi
		# Parked at the fifo it has nobody left to tell, and start tells.
		[ "$(status_of)" = created ] || [[ $1 == *"in call 257 (1 "* ]] || problem "$1: is $(status_of)"
		[ "$(status_of)" != created ] || look | diff "$BATS_TEST_TMPDIR/wanted" - >"$BATS_TEST_TMPDIR/diff" ||
			problem "$1: succeeded, but" "$(<"$BATS_TEST_TMPDIR/diff")"
	}
	rc "${command[@]}" </dev/null >/dev/null 2>&1 3>&-
	look >"$BATS_TEST_TMPDIR/wanted"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/wanted")" -gt 60 ] || fail "$(<"$BATS_TEST_TMPDIR/wanted")"
	end
	fail_everywhere
}

@test "runc start: a failing system call is told, or the program runs" {
	command=(start "$id") atleast=50
	before() {
		rc create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
			fail "$(<"$BATS_TEST_TMPDIR/out")"
	}
	check() {
		if [ "$status" -ne 0 ]; then
			told "$1"
		else
			[ "$(status_of)" = running ] || problem "$1: is $(status_of)"
		fi
	}
	fail_everywhere
}

@test "runc delete: a failing system call is told, or nothing is left" {
	command=(delete --force "$id") atleast=50
	before() {
		rc run -d --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
			fail "$(<"$BATS_TEST_TMPDIR/out")"
	}
	check() {
		if [ "$status" -ne 0 ]; then
			told "$1"
		else
			nothing_left "$1"
		fi
	}
	fail_everywhere
}

@test "runc exec: a failing system call is told or changes nothing, and leaves no process" {
	command=(exec "$id" grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp)' /proc/self/status) atleast=120
	before() {
		[ -e "$root/$id" ] || rc run -d --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
			fail "$(<"$BATS_TEST_TMPDIR/out")"
	}
	end() {
		:
	}
	alone() {
		[ "$(rc ps --format json "$id")" = "[$(rc state "$id" | jq .pid)]" ]
	}
	check() {
		if [ "$status" -ne 0 ]; then
			told "$1"
		else
			[ "$said" = "$wanted" ] || problem "$1: succeeded, but is" "$said" "instead of" "$wanted"
		fi
		wait_for 20 alone
	}
	before
	wanted=$(rc "${command[@]}")
	fail_everywhere
}
