# shim.bash - bundles and containers for the shim's tests: `load lib/shim` behind lib/common.
#
# Defines: shim_setup, shim_teardown, make_bundle, start, stop_all, exit_of, pid_of, shim_pid_of.
# Sets: $rt (state root of the runtime), $runtime, $LASH_RUN; ids and clients (pids) are cleaned up.
# shellcheck shell=bash

shim_setup() {
	runtime=${SHIM_TEST_RUNTIME:-/usr/sbin/runc}
	rt=$BATS_TEST_TMPDIR/rt
	export LASH_RUN=$BATS_TEST_TMPDIR/run
	mkdir -p "$BATS_FILE_TMPDIR/rootfs"
	[ -e "$BATS_FILE_TMPDIR/rootfs/bin/sh" ] || busybox_rootfs "$BATS_FILE_TMPDIR/rootfs"
	cd "$BATS_TEST_TMPDIR" || return
	ids=() clients=()
}

# Everything goes, and is checked to be gone.
shim_teardown() {
	local id
	# A client that was left stopped or stalled must not keep the test's own descriptors.
	[ "${#clients[@]}" -eq 0 ] || kill -KILL "${clients[@]}" 2>/dev/null || :
	for id in "${ids[@]}"; do
		"$runtime" --root "$rt" delete --force "$id" 2>/dev/null || :
		if [ -e "$LASH_RUN/shim/$id/shim-pid" ]; then
			wait_for 20 gone "$(cat "$LASH_RUN/shim/$id/shim-pid")"
		fi
	done
	cd /
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# make_bundle DIR TERMINAL COMMAND... - a bundle of busybox. RESOURCES: its linux.resources; HOST_PIDS=1: it has
# no pid namespace of its own.
make_bundle() {
	local dir=$1 terminal=$2 args resources=${RESOURCES-} pidns=',{"type": "pid"}'
	shift 2
	[ -n "$resources" ] || resources='{}'
	[ -z "${HOST_PIDS-}" ] || pidns=
	mkdir -p "$dir"
	args=$(jq -nc '$ARGS.positional' --args -- "$@")
	cat >"$dir/config.json" <<-END
		{"ociVersion": "1.0.2", "hostname": "test",
		"process": {"terminal": $terminal, "user": {"uid": 0, "gid": 0}, "cwd": "/",
		"args": $args, "env": ["PATH=/bin", "TERM=xterm"],
		"capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]}},
		"root": {"path": "$BATS_FILE_TMPDIR/rootfs", "readonly": false},
		"mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
		{"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]}],
		"linux": {"cgroupsPath": "/lash-test-shim-$$-$BATS_TEST_NUMBER-$dir",
		"resources": $resources, "namespaces": [{"type": "mount"}, {"type": "uts"},
		{"type": "ipc"}, {"type": "network"}$pidns]}}
	END
}

# make ID [OPTION]... - a created container of bundle ID.
make() {
	local id=$1
	shift
	ids+=("$id")
	shim -b "$id" --runtime "$runtime" --runtime-root "$rt" "$@" "$id"
}

start() {
	"$runtime" --root "$rt" start "$1"
}

# run_to_end ID [OPTION]... - made, started, ended.
run_to_end() {
	make "$@"
	start "$1"
	shim wait "$1"
}

place() {
	cat "$LASH_RUN/shim/$1/$2"
}

# texts LOG - what a json-file log holds, piece by piece, as bytes.
texts() {
	jq -rj .log "$@"
}
