# runc-checkpoint.bats - containers frozen into files by criu, and made again from them.
# shellcheck shell=bash disable=SC2154,SC2016,SC2030,SC2031

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
	images=$BATS_TEST_TMPDIR/images
	export FAKE_CRIU_LOG=$BATS_TEST_TMPDIR/criu FAKE_CRIU=ok FAKE_CRIU_NOTIFY=
}

teardown() {
	runc_teardown
}

# The network of a container of its own would want criu's nftables or iptables to be locked.
counting='.process.args = ["sh", "-c", "i=0; while :; do echo $i >/tmp/m; mv /tmp/m /tmp/n; i=$((i+1)); sleep 0.05; done"] |
	.linux.namespaces |= map(select(.type != "network"))'

start() {
	configure "$1"
	rc run -d -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
}

# opt FIELD - the values of a member of the last request's criu_opts.
opt() {
	tail -n 1 "$FAKE_CRIU_LOG" | jq -c --arg f "$1" '.opts[$f] // []'
}

fake() {
	rc --criu "$LASH_TOP/tests/lib/fake-criu" "$@"
}

counts_past() {
	[ "$(cat "$rootfs/tmp/n")" -gt "$1" ]
}

@test "runc checkpoint, restore: a container goes on where it was, with its mounts, limits and names" {
	need criu kernel:criu
	local n
	mkdir "$BATS_TEST_TMPDIR/data"
	start "$counting"' | .linux.resources.pids = {limit: 50} |
		.mounts += [{destination: "/data", type: "bind", source: "'"$BATS_TEST_TMPDIR/data"'", options: ["bind"]},
			{destination: "/scratch", type: "tmpfs", source: "tmpfs"}]'
	rc exec "$id" sh -c 'echo kept >/scratch/file; echo out >/data/file'
	wait_for 20 counts_past 3
	rc checkpoint --image-path "$images" "$id"
	[ ! -e "$root/$id" ]
	assert_empty "$(group_dirs)" groups
	n=$(cat "$rootfs/tmp/n")
	rc restore -d -b "$bundle" --image-path "$images" --pid-file "$BATS_TEST_TMPDIR/pid" "$id" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || fail "$(cat "$BATS_TEST_TMPDIR/out")"
	[ "$(status_of)" = running ]
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(rc state "$id" | jq -r .pid)" ]
	wait_for 20 counts_past "$n"
	run --separate-stderr rc exec "$id" sh -c 'cat /scratch/file /data/file; hostname; cat /proc/self/cgroup'
	assert_line kept
	assert_line out
	assert_line runc
	assert_in_group
	[ "$(rc events --stats "$id" | jq .data.pids.limit)" = 50 ]
	# Nothing of criu's is left where the host would see it.
	[ ! -e "$root/$id/criu-root" ]
	! grep criu /proc/self/mountinfo
	run --separate-stderr rc restore -d -b "$bundle" --image-path "$images" "$id"
	assert_status 1
	[[ $stderr == *"container with given ID already exists"* ]] || fail "$stderr"
	rc kill "$id" KILL
	wait_for 20 is_stopped
}

@test "runc checkpoint: --leave-running does" {
	need criu kernel:criu
	start "$counting"
	wait_for 20 counts_past 1
	rc checkpoint --leave-running --image-path "$images" --work-path "$BATS_TEST_TMPDIR/work" "$id"
	[ "$(status_of)" = running ]
	[ -e "$BATS_TEST_TMPDIR/work/dump.log" ]
	wait_for 20 counts_past "$(cat "$rootfs/tmp/n")"
	rc delete --force "$id"
	rc restore -d -b "$bundle" --image-path "$images" "$id" </dev/null >/dev/null 2>&1 3>&-
	wait_for 20 counts_past "$(cat "$rootfs/tmp/n")"
}

@test "runc checkpoint: --pre-dump takes memory, and the next image only what changed after it" {
	need criu kernel:criu kernel:criu-mem-track
	start "$counting"
	wait_for 20 counts_past 1
	rc checkpoint --pre-dump --image-path "$images/first" "$id"
	[ "$(status_of)" = running ]
	rc checkpoint --leave-running --image-path "$images/second" --parent-path ../first "$id"
	[ "$(status_of)" = running ]
	[ -L "$images/second/parent" ]
	wait_for 20 counts_past "$(cat "$rootfs/tmp/n")"
	rc delete --force "$id"
	rc restore -d -b "$bundle" --image-path "$images/second" "$id" </dev/null >/dev/null 2>&1 3>&-
	wait_for 20 counts_past "$(cat "$rootfs/tmp/n")"
}

@test "runc checkpoint: --page-server has the memory go there" {
	need criu kernel:criu
	start "$counting"
	wait_for 20 counts_past 1
	mkdir "$images"
	ip link set lo up
	# It listens when it has gone to the background, and ends with the one that it served.
	criu page-server --images-dir "$images" --log-file server.log -v4 --address 127.0.0.1 --port 9753 --daemon \
		</dev/null >/dev/null 2>&1 3>&- || fail "$(tail -n 5 "$images/server.log")"
	rc checkpoint --page-server 127.0.0.1:9753 --image-path "$images" --work-path "$BATS_TEST_TMPDIR/work" "$id" ||
		fail "$(tail -n 5 "$BATS_TEST_TMPDIR/work/dump.log" "$images/server.log")"
	[ -n "$(find "$images" -name 'pages-*' -size +3k)" ]
	rc restore -d -b "$bundle" --image-path "$images" "$id" </dev/null >/dev/null 2>&1 3>&-
	wait_for 20 counts_past "$(cat "$rootfs/tmp/n")"
}

@test "runc restore: in the foreground it has our pipes and gives the exit status" {
	need criu kernel:criu
	local restored
	configure '.process.args = ["sh", "-c", "read a; echo got $a; exit 7"] |
		.linux.namespaces |= map(select(.type != "network"))'
	mkfifo "$BATS_TEST_TMPDIR/in"
	sleep 1000 | rc run -d -b "$bundle" "$id" 2>/dev/null 3>&- | cat >"$BATS_TEST_TMPDIR/first" 3>&- &
	wait_for 20 running
	rc checkpoint --image-path "$images" "$id"
	pkill -P $$ -x sleep || :
	(echo word; sleep 0.1) | rc restore -b "$bundle" --image-path "$images" "$id" \
		2>"$BATS_TEST_TMPDIR/err" 3>&- | cat >"$BATS_TEST_TMPDIR/second" && restored=${PIPESTATUS[1]}
	[ "$restored" = 7 ] || fail "status $restored: $(cat "$BATS_TEST_TMPDIR/err")"
	[ "$(cat "$BATS_TEST_TMPDIR/second")" = "got word" ]
	[ ! -e "$root/$id" ]
}

running() {
	[ "$(status_of 2>/dev/null)" = running ]
}

@test "runc checkpoint: every option reaches criu" {
	need python3
	ip netns add "$id" 2>/dev/null || need kernel:net
	start '.process.args = ["sleep", "1000"] | .hooks = {} |
		.mounts += [{destination: "/data", type: "bind", source: "'"$BATS_TEST_TMPDIR"'", options: ["bind"]}] |
		(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/'"$id"'" |
		.annotations = {"org.criu.config": "/etc/mine"}'
	exec 7>"$BATS_TEST_TMPDIR/status"
	mkdir -p "$images/../before"
	FAKE_CRIU_NOTIFY="pre-dump status-ready post-dump" fake checkpoint --leave-running --tcp-established \
		--tcp-skip-in-flight --link-remap --ext-unix-sk --shell-job --file-locks --auto-dedup --lazy-pages \
		--status-fd 7 --page-server 10.0.0.1:99 --manage-cgroups-mode strict --empty-ns network \
		--image-path "$images" --work-path "$BATS_TEST_TMPDIR/work" --parent-path ../before "$id"
	exec 7>&-
	[ "$(jq -c .type "$FAKE_CRIU_LOG" | xargs)" = "9 1" ]
	[ "$(opt 2)" = "[$(rc state "$id" | jq .pid)]" ]
	local on
	for on in 3 4 5 7 8 12 15 16 18 24 46 48 50; do
		[ "$(opt $on)" = "[1]" ] || fail "$on: $(opt $on)"
	done
	[ "$(opt 10)" = '["dump.log"]' ]
	[ "$(opt 11)" = '[{"1":["10.0.0.1"],"2":[99]}]' ]
	[ "$(opt 13)" = "[\"$rootfs\"]" ]
	[ "$(opt 14)" = '["../before"]' ]
	[ "$(opt 34)" = '[5]' ]
	[ "$(opt 38)" = '[1073741824]' ]
	[ "$(opt 37)" = "[\"net[$(stat -L -c %i "/run/netns/$id")]:extRootNetNS\"]" ]
	[ "$(opt 51)" = '["/etc/mine"]' ]
	[[ $(opt 44) == *"$group\"]" ]] || fail "$(opt 44)"
	[[ $(opt 23) == *'{"1":["/data"],"2":["/data"]}'*'{"1":["/proc/'*'"],"2":["/dev/null"]}'* ]] || fail "$(opt 23)"
	[ "$(od -An -tx1 "$BATS_TEST_TMPDIR/status" | tr -d ' ')" = 00 ]
	[ "$(jq -c . "$images/descriptors.json")" = '["/dev/null","/dev/null","/dev/null"]' ]
	[ "$(status_of)" = running ]
	fake checkpoint --pre-dump --image-path "$images" "$id"
	[ "$(jq -c .type "$FAKE_CRIU_LOG" | xargs)" = "9 1 9 4" ]
	[ "$(opt 23)" = "[]" ]
	fake checkpoint --image-path "$images" "$id"
	[ ! -e "$root/$id" ]
	ip netns del "$id"
}

@test "runc checkpoint: what cannot be is refused, and the container is left as it was" {
	need python3
	configure '.process.args = ["sleep", "1000"]'
	rc create -b "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&-
	refused() {
		run --separate-stderr "${@:2}" --image-path "$images" "$id"
		assert_status 1
		assert_one_line "$1"
	}
	refused "*container cannot be checkpointed in created state*" fake checkpoint
	rc start "$id"
	refused "*--parent-path must be relative*" fake checkpoint --parent-path /x
	refused "*invalid --parent-path: open 'x': No such file*" fake checkpoint --parent-path x
	refused "*--page-server: 'x' is not ADDRESS:PORT*" fake checkpoint --page-server x
	refused "*invalid manage-cgroups-mode value: 'x'*" fake checkpoint --manage-cgroups-mode x
	refused "*--empty-ns: 'pid' is not supported*" fake checkpoint --empty-ns pid
	refused "*exec: ?*nosuch?*: executable file not found in *PATH*" rc --criu nosuch checkpoint
	FAKE_CRIU=fail refused "*criu dump: no?way*" fake checkpoint
	FAKE_CRIU=garbage refused "*criu: malformed answer*" fake checkpoint
	FAKE_CRIU=quiet refused "*criu ended without an answer*" fake checkpoint
	FAKE_CRIU=lacking refused "*criu is missing features: mem_track*" fake checkpoint --pre-dump
	[ "$(status_of)" = running ]
}

@test "runc restore: every option reaches criu, and a failure leaves nothing" {
	need python3
	configure '.process.args = ["sleep", "1000"] | .linux.resources.pids = {limit: 50} |
		.mounts += [{destination: "/new/data", type: "bind", source: "'"$BATS_TEST_TMPDIR"'", options: ["bind"]}]'
	mkdir "$images"
	echo '["pipe:[12]","/dev/null","pipe:[34]"]' >"$images/descriptors.json"
	run --separate-stderr fake restore -d -b "$bundle" --image-path "$images" --work-path "$BATS_TEST_TMPDIR/work" \
		--tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --auto-dedup --lazy-pages \
		--manage-cgroups-mode full --empty-ns network --lsm-profile apparmor:x --lsm-mount-context y \
		--no-subreaper --no-pivot --pid-file "$BATS_TEST_TMPDIR/pid" "$id"
	assert_status 1
	assert_one_line "*runc restore failed: criu did not say what it restored*"
	[ "$(jq -c .type "$FAKE_CRIU_LOG" | xargs)" = 2 ]
	local on
	for on in 4 5 6 7 8 12 16 24 26 48 50 52; do
		[ "$(opt $on)" = "[1]" ] || fail "$on: $(opt $on)"
	done
	[ "$(opt 13)" = "[\"$root/$id/criu-root\"]" ]
	[ "$(opt 27)" = '[{"1":["pipe:[12]"],"2":[0]},{"1":["pipe:[34]"],"2":[2]}]' ]
	[ "$(opt 34)" = '[4]' ]
	[ "$(opt 51)" = '["/etc/criu/runc.conf"]' ]
	[ "$(opt 53)$(opt 63)" = '["apparmor:x"]["y"]' ]
	[[ $(opt 25) == *"\"2\":[\"/$group\"]"* ]] || fail "$(opt 25)"
	[[ $(opt 23) == *"{\"1\":[\"/new/data\"],\"2\":[\"$BATS_TEST_TMPDIR\"]}"* ]] || fail "$(opt 23)"
	[ -d "$rootfs/new/data" ]
	local nothing
	for nothing in "$root/$id" "$BATS_TEST_TMPDIR/pid"; do
		[ ! -e "$nothing" ] || fail "$nothing is left"
	done
	assert_empty "$(group_dirs)" groups
	FAKE_CRIU=fail run --separate-stderr fake restore -d -b "$bundle" --image-path "$images" "$id"
	assert_status 1
	assert_one_line "*criu restore: no?way*"
	[ ! -e "$root/$id" ]
	run --separate-stderr fake restore -d -b "$bundle" --image-path "$BATS_TEST_TMPDIR/none" "$id"
	assert_status 1
	assert_one_line "*open criu's directory '$BATS_TEST_TMPDIR/none': No such file*"
	assert_empty "$(group_dirs)" groups
}

@test "runc restore: the terminal that criu has made again goes to the console socket" {
	need python3
	configure '.process.args = ["sleep", "1000"] | .process.terminal = true'
	mkdir "$images"
	echo '["/dev/pts/0","/dev/pts/0","/dev/pts/0"]' >"$images/descriptors.json"
	cat >"$BATS_TEST_TMPDIR/take.py" <<-'END'
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen(1)
		c, _ = s.accept()
		name, fds, _, _ = socket.recv_fds(c, 4096, 4)
		print(name.decode(), len(fds), os.read(fds[0], 100).decode(), flush=True)
	END
	python3 "$BATS_TEST_TMPDIR/take.py" "$BATS_TEST_TMPDIR/sock" >"$BATS_TEST_TMPDIR/took" 3>&- &
	wait_for 20 test -S "$BATS_TEST_TMPDIR/sock"
	FAKE_CRIU_NOTIFY="orphan-pts-master post-restore" fake restore -d -b "$bundle" --image-path "$images" \
		--console-socket "$BATS_TEST_TMPDIR/sock" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || fail "$(<"$BATS_TEST_TMPDIR/out")"
	wait_for 20 grep -qx '/dev/ptmx 1 from the terminal' "$BATS_TEST_TMPDIR/took"
	rc delete --force "$id"
	run --separate-stderr fake restore -d -b "$bundle" --image-path "$images" "$id"
	assert_status 1
	assert_one_line "*cannot allocate tty if runc will detach without setting console socket*"
}

@test "runc restore: killed while criu works, it leaves what delete --force removes" {
	need python3
	local restore criu
	configure '.process.args = ["sleep", "1000"]'
	mkdir "$images"
	echo '[]' >"$images/descriptors.json"
	FAKE_CRIU=hang runc --root "$root" --criu "$LASH_TOP/tests/lib/fake-criu" restore -d -b "$bundle" \
		--image-path "$images" "$id" </dev/null >/dev/null 2>&1 3>&- &
	restore=$!
	wait_for 20 grep -qs type "$FAKE_CRIU_LOG"
	criu=$(pgrep -P "$restore")
	kill -KILL "$restore"
	wait "$restore" || :
	rc delete --force "$id"
	[ ! -e "$root/$id" ]
	wait_for 20 test ! -e "/proc/$criu"
	assert_empty "$(group_dirs)" groups
}

@test "runc restore: with systemd the unit is left to the container, and it joins its RDT group" {
	need python3
	export FAKE_SYSTEMD=$BATS_TEST_TMPDIR/systemd LASH_RESCTRL=$BATS_TEST_TMPDIR/resctrl
	export LASH_CGROUP_SYSTEMD=$LASH_TOP/tests/lib/fake-cgroup-systemd
	mkdir "$images" "$FAKE_SYSTEMD" "$LASH_RESCTRL"
	touch "$LASH_RESCTRL/schemata"
	echo '[]' >"$images/descriptors.json"
	configure '.process.args = ["sleep", "1000"] | .linux.resources.pids = {limit: 50} |
		.linux.cgroupsPath = ":lash:'"$id"'" | .linux.intelRdt = {schemata: ["MB:0=50"]}'
	FAKE_CRIU_NOTIFY=post-restore fake --systemd-cgroup restore -d -b "$bundle" --image-path "$images" "$id" \
		</dev/null >/dev/null 2>&1 3>&-
	[ "$(status_of)" = running ]
	[ "$(cgctl ps "lash-test-slice/$id")" = "$(rc state "$id" | jq .pid)" ]
	[ "$(cgctl get "lash-test-slice/$id" pids.max)" = 50 ]
	[ -s "$LASH_RESCTRL/$id/tasks" ]
	[ "$(<"$LASH_RESCTRL/$id/schemata")" = MB:0=50 ]
	rc delete --force "$id"
	[ ! -e "$LASH_RESCTRL/$id" ]
	configure '.process.args = ["sleep", "1000"] | .linux.netDevices = {lash1: {}}'
	run --separate-stderr fake restore -d -b "$bundle" --image-path "$images" "$id"
	assert_status 1
	assert_one_line "*linux.netDevices: criu cannot restore*"
	[ ! -e "$root/$id" ]
}
