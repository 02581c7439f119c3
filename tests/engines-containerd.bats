# engines-containerd.bats - containerd runs its containers through containerd-shim-lash-v2.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common
load lib/containerd

setup_file() {
	need root containerd ctr busybox script
	containerd_start
	containerd_image
}

teardown() {
	local id
	for id in $(c tasks ls -q); do
		c tasks kill -s KILL "$id" || :
		wait_for 60 is_status "$id" STOPPED
		c tasks delete "$id" >/dev/null || :
	done
	for id in $(c containers ls -q); do
		c containers delete "$id"
	done
}

# What is left when all containers have gone: nothing.
teardown_file() {
	local left
	wait_for 60 no_shims
	left=$(
		ls /run/containerd/s /run/cd/state/io.containerd.runtime.v2.task/default
		grep ' /run/cd/state' /proc/self/mounts
		find /sys/fs/cgroup -path '*/default/lash-test-*'
	) || :
	containerd_kill TERM
	rmdir /sys/fs/cgroup/*/default 2>/dev/null || :
	assert_empty "$(grep -v '^$\|:$' <<<"$left")" "left behind"
}

no_shims() {
	[ -z "$(shims)" ]
}

# shims - their pids, those that are no zombies.
shims() {
	local exe
	for exe in /proc/[0-9]*/exe; do
		case $(readlink "$exe") in */containerd-shim-lash-v2) basename "$(dirname "$exe")" ;; esac
	done
}

is_status() {
	[ "$(c tasks ls | awk -v id="$1" '$1 == id { print $3 }')" = "$2" ]
}

run_ctr() {
	c run --runtime "${RUNTIME-io.containerd.lash.v2}" "$@"
}

cid() {
	printf 'lash-test-%s-%s' "$BATS_TEST_NUMBER" "$1"
}

@test "ctr run: output, exit status, standard input, terminal" {
	run --separate-stderr run_ctr --rm box:latest "$(cid a)" sh -c 'echo out; echo err >&2; exit 7'
	assert_status 7
	assert_output out
	[ "$stderr" = err ]
	# More than pipes hold: ctr does not tell of an end that comes before the container.
	seq 200000 >"$BATS_TEST_TMPDIR/in"
	run_ctr --rm box:latest "$(cid b)" cat <"$BATS_TEST_TMPDIR/in" | cmp - "$BATS_TEST_TMPDIR/in"
	run in_terminal "$(declare -f c run_ctr); run_ctr --rm -t box:latest $(cid c) sh -c 'test -t 0 && tty; exit 4'"
	assert_status 4
	[[ $output == */dev/pts/0* ]] || fail "$output"
	run run_ctr --rm box:latest "$(cid d)" nosuch
	assert_status 1
	[[ $output == *"OCI runtime create failed: "*'executable file not found in $PATH'* ]] || fail "$output"
	RUNTIME=$(command -v containerd-shim-lash-v2) run run_ctr --rm box:latest "$(cid e)" echo by path
	assert_output "by path"
}

@test "ctr tasks: ls, ps, exec, pause, metrics, attach, kill" {
	local a rc
	a=$(cid a)
	run_ctr -d --memory-limit 67108864 box:latest "$a" sh -c 'trap "exit 3" TERM; while :; do echo tick; sleep 0.2; done' >/dev/null
	is_status "$a" RUNNING
	run c tasks ps "$a"
	[ "${#lines[@]}" -ge 2 ]
	run --separate-stderr c tasks exec --exec-id x "$a" sh -c 'echo in; exit 5'
	assert_status 5
	assert_output in
	run c tasks exec --exec-id y "$a" cat <<<through
	assert_output through
	run in_terminal "$(declare -f c); c tasks exec -t --exec-id z $a tty"
	[[ $output == */dev/pts/0* ]] || fail "$output"
	run c tasks exec --exec-id w "$a" nosuch
	[[ $output == *'executable file not found in $PATH'* ]] || fail "$output"
	c tasks pause "$a"
	is_status "$a" PAUSED
	c tasks resume "$a"
	is_status "$a" RUNNING
	run c tasks metrics "$a"
	assert_line 'memory.*67108864*'
	c tasks attach "$a" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null &
	wait_for 60 grep -q tick "$BATS_TEST_TMPDIR/out"
	c tasks kill -s TERM "$a"
	rc=0
	wait $! || rc=$?
	[ "$rc" -eq 3 ]
}

@test "containerd killed: containers go on, and how they ended is known when it is back" {
	local a b
	a=$(cid a) b=$(cid b)
	mkfifo "$BATS_FILE_TMPDIR/go"
	run_ctr -d box:latest "$a" sleep 1000 >/dev/null
	run_ctr -d --mount "type=bind,src=$BATS_FILE_TMPDIR,dst=/host,options=rbind" box:latest "$b" \
		sh -c 'read -r x </host/go; exit 9' >/dev/null
	containerd_kill KILL
	echo >"$BATS_FILE_TMPDIR/go"
	containerd_start
	is_status "$a" RUNNING
	run c tasks exec --exec-id x "$a" echo still here
	assert_output "still here"
	wait_for 60 is_status "$b" STOPPED
	run c tasks delete "$b"
	[[ $output == *"non-zero exit code 9"* ]] || fail "$output"
	c tasks kill -s KILL "$a"
	wait_for 60 is_status "$a" STOPPED
	run c tasks delete "$a"
	[[ $output == *"non-zero exit code 137"* ]] || fail "$output"
}

@test "the shim killed: containerd has it cleaned up after, and nothing stays" {
	local a
	a=$(cid a)
	run_ctr -d box:latest "$a" sleep 1000 >/dev/null
	# shellcheck disable=SC2046 # pids
	kill -KILL $(shims)
	wait_for 60 no_task "$a"
	c containers delete "$a"
	# containerd forgets a task a moment after it has stopped to list it.
	wait_for 60 again "$a"
}

again() {
	[ "$(run_ctr --rm box:latest "$1" echo again)" = again ]
}

no_task() {
	! c tasks ls -q | grep -qx "$1"
}
