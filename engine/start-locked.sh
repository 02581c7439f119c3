# shellcheck shell=dash disable=SC2034,SC2154
# start-locked.sh - the part of start that happens under the container's lock: started|made NAME.
# Status 3: it runs already.

VERB='start'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"
# shellcheck source=engine/release.sh
. "$LASH_LIBEXEC/sh/release.sh"
# shellcheck source=engine/begin.sh
. "$LASH_LIBEXEC/sh/begin.sh"

# load - the record as the run_* that begin.sh reads.
load() {
	state_get image && run_image=$value
	state_get ref && run_ref=$value
	state_get network && run_network=$value
	state_get name && run_name=$value
	state_get bridged && run_bridged=$value
	state_get hostname && run_hostname=$value
	state_get stdin && run_stdin=$value
	state_get log-driver && run_log_driver=$value
	state_get runtime && run_runtime=$value
	state_get platform && run_platform=$value
	state_get join-pid && run_pid=$value
	state_get join-ipc && run_ipc=$value
	state_lines netns-args && run_netns_args=$value
	state_lines etc-args && run_etc_args=$value
	state_lines log-args && run_log_args=$value
	short=${id%"${id#????????????}"}
	error_file=$dir/error
}

# give_up - a start that failed leaves the container as it was.
give_up() {
	rc=$?
	trap - EXIT
	release_run
	record ended "$id" || :
	rm -rf "$LASH_RUN/shim/$id"
	exit "$rc"
}

begin() {
	find_container "$1" || exit 1
	case $status in
	running | paused) exit 3 ;;
	unfinished) die "container $1 was never finished; remove it" ;;
	esac
	[ -f "$dir/config.json" ] || die "container $1 was never finished; remove it"
	record await "$id"
	load
	introduce "$id" "$dir"
	on_exit give_up
	release_run
	record ended "$id"
	rm -rf "$LASH_RUN/shim/$id" "$dir/exit.json"
	step_to "$dir/image.json" imgunpack ${run_platform:+--platform "$run_platform"} --overlay "$dir" \
		"$LASH_ROOT/images:$run_ref" "$dir/rootfs"
	begin_container
}

begin "$2"
[ "$1" = made ] || begin_started
trap - EXIT
