# engines-ctr.bats - containerd and buildah run ordinary containers on our runc.
# shellcheck shell=bash disable=SC2154,SC2016 # $status and friends are bats's; $ in quotes is for the container

load lib/common

setup_file() {
	need root busybox containerd ctr buildah jq
	busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
	cat >"$BATS_FILE_TMPDIR/config.toml" <<-END
		version = 2
		root = "$BATS_FILE_TMPDIR/root"
		state = "/run/ctr/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "/run/ctr/sock"
	END
	mkdir -p /run/ctr
	containerd -c "$BATS_FILE_TMPDIR/config.toml" >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/pid"
	wait_for 30 c version >/dev/null 2>&1 || fail "$(tail -n 5 "$BATS_FILE_TMPDIR/log")"
}

setup() {
	id=$(unique)
}

teardown() {
	c tasks kill -s KILL "$id" >/dev/null 2>&1 || :
	wait_for 20 is_gone
	c tasks rm "$id" >/dev/null 2>&1 || :
	c containers rm "$id" >/dev/null 2>&1 || :
	local left
	left=$(find /sys/fs/cgroup -maxdepth 2 -name "$id")
	assert_empty "$left" "control groups"
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/pid")"
}

c() {
	timeout -k 5 60 ctr -a /run/ctr/sock "$@" 3>&-
}

# start [OPTION]... COMMAND... - `ctr run` of our root file system.
start() {
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		shift
	done
	c run --runc-binary "$(command -v runc)" --runc-root /run/ctr/runc --cgroup "/$id" --rootfs "${options[@]}" \
		"$BATS_FILE_TMPDIR/rootfs" "$id" "$@"
}

state() {
	c tasks ls | awk -v id="$id" '$1 == id { print $3 }'
}

is() {
	[ "$(state)" = "$1" ]
}

is_gone() {
	[[ $(state) == "" || $(state) == STOPPED ]]
}

# What is said goes to a file: this ctr may end before it has copied all that came through its fifos.
@test "ctr run: what it runs runs, with its exit status, and runc's messages come through" {
	run start --rm sh -c 'echo hello >/tmp/said'
	assert_status 0
	[ "$(cat "$BATS_FILE_TMPDIR/rootfs/tmp/said")" = hello ]
	run start --rm sh -c 'exit 7'
	assert_status 7
	run start --rm nosuch
	[ "$status" -ne 0 ]
	[[ $output == *'executable file not found in $PATH'* ]] || fail "$output"
}

@test "ctr tasks: exec, pause, resume, ps, metrics, kill and rm" {
	start -d sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	is RUNNING
	[ -e "/run/ctr/runc/default/$id/state.json" ]
	run c tasks exec --exec-id one "$id" sh -c 'id -u >/tmp/id; exit 4'
	assert_status 4
	[ "$(cat "$BATS_FILE_TMPDIR/rootfs/tmp/id")" = 0 ]
	run c tasks exec --exec-id two "$id" nosuch
	[[ $output == *'executable file not found in $PATH'* ]] || fail "$output"
	c tasks pause "$id"
	is PAUSED
	c tasks resume "$id"
	is RUNNING
	run c tasks ps "$id"
	[[ $output == *"$(jq .init_process_pid "/run/ctr/runc/default/$id/state.json")"* ]] || fail "$output"
	run c tasks metrics "$id"
	[[ $output == *memory* ]] || fail "$output"
	c tasks kill -s TERM "$id"
	wait_for 20 is_gone
	run c tasks rm "$id"
	[[ $output == *"exit code 3"* ]] || fail "$output"
	[ ! -e "/run/ctr/runc/default/$id" ]
}

@test "buildah run: runs its commands by our runc" {
	local from=/run/buildah
	b() {
		timeout -k 5 60 buildah --root "$BATS_TEST_TMPDIR/storage" --runroot "$from" --storage-driver vfs "$@" 3>&-
	}
	b from --name box scratch
	b copy box "$BATS_FILE_TMPDIR/rootfs" / >/dev/null
	run --separate-stderr b run --runtime "$(command -v runc)" --isolation oci --network none box -- \
		sh -c 'echo made >/made; id -u; exit 3'
	assert_status 3
	assert_output 0
	run --separate-stderr b run --runtime "$(command -v runc)" --isolation oci --network none \
		-v "$BATS_FILE_TMPDIR:/host:ro" box -- sh -c 'cat /made; ls /host/config.toml; touch /host/x'
	[[ $output == made*/host/config.toml ]] || fail "$output" "$stderr"
	[[ $stderr == *Read-only* ]] || fail "$stderr"
	b rm box >/dev/null
}
