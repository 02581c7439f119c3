# shellcheck shell=dash disable=SC2034,SC2154
# begin.sh - from a container that was made to one that runs.
# Defines: begin_container, begin_started, begin_attached. Reads: id, dir, LASH_*, the container's record
# (in a run that made it: run_*). Sets: runtime, bridged.

# with_lines LINES COMMAND... - COMMAND with each line of LINES as one more argument.
with_lines() {
	lines=$1
	shift
	while [ -n "$lines" ]; do
		set -- "$@" "${lines%%"$NL"*}"
		case $lines in
		*"$NL"*) lines=${lines#*"$NL"} ;;
		*) lines= ;;
		esac
	done
	"$@"
}

begin_network() {
	if [ -z "${run_bridged-}" ]; then
		return
	fi
	with_lines "${run_netns_args-}" netns_add || exit 125
}

# netns_add ARG... - the namespace's name comes last. On networks of the user's, others find the container by
# its name and ID.
netns_add() {
	if [ "$run_network" != bridge ]; then
		name=$run_name
		[ ! -f "$dir/name" ] || IFS= read -r name <"$dir/name"
		set -- "$@" --alias "$name" --alias "$short"
	fi
	step_to "$dir/net.json" netns add "$@" "lash-$short"
}

begin_etc() {
	set -- etcfiles ${run_hostname:+--hostname "$run_hostname"}
	[ -z "${run_bridged-}" ] || set -- "$@" --net "$dir/net.json"
	[ "$run_network" != host ] || set -- "$@" --host-network
	with_lines "${run_etc_args-}" step "$@" "$dir/etc" || exit 125
}

# begin_joins - namespaces of other containers: their processes change from start to start.
begin_joins() {
	set --
	case $run_network in
	container:*) join_of "${run_network#container:}" net && set -- "$@" --netns "$joined" ;;
	esac
	[ -z "${run_pid-}" ] || { join_of "$run_pid" pid && set -- "$@" --pid "$joined"; }
	[ -z "${run_ipc-}" ] || { join_of "$run_ipc" ipc && set -- "$@" --ipc "$joined"; }
	[ $# -gt 0 ] || return 0
	step bundle_edit "$@" || exit 125
}

# join_of CONTAINER NAMESPACE - set $joined.
join_of() {
	other=$(record status "$1") || exit 125
	case $other in
	*' running '* | *' paused '*) ;;
	*) die "cannot join container $1: it is not running" ;;
	esac
	other=${other#* * }
	joined=/proc/${other%% *}/ns/$2
}

bundle_edit() {
	bundle edit "$@" <"$dir/config.json" >"$dir/config.json.new" &&
		mv "$dir/config.json.new" "$dir/config.json"
}

# begin_shim - create it. The runtime's own message is the reason; its wording decides docker's exit status.
begin_shim() {
	set -- shim -b "$dir" --runtime "$runtime" --runtime-root "$LASH_RUN/runc"
	[ -z "${run_stdin-}" ] || set -- "$@" -i
	case $run_log_driver in
	none) set -- "$@" -l none ;;
	*) set -- "$@" -l "$run_log_driver:$dir/log" ;;
	esac
	with_lines "${run_log_args-}" begin_shim_with "$@"
}

begin_shim_with() {
	set -- "$@" --on-exit "$LASH" --on-exit-arg ended --on-exit-arg "$id" "$id"
	step_error "$dir/error" "$@" || fail_of_runtime
}

# fail_of_runtime - 127: no such command, 126: it cannot be executed, 125: everything else. A runtime's line is
# time="..." level=error msg="...": the message is shown, as ours.
fail_of_runtime() {
	rc=125
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		*' level='*' msg="'*) unwrap_line && warn "$line" ;;
		*) printf '%s\n' "$line" >&2 ;;
		esac
		case $line in
		*'executable file not found'* | *[Nn]'o such file or directory'*) rc=127 ;;
		*[Pp]'ermission denied'* | *[Ii]'s a directory'* | *[Ee]'xec format error'*) rc=126 ;;
		esac
	done <"$dir/error"
	exit "$rc"
}

# unwrap_line - what stands between msg=" and the last quote of $line, its \" made plain.
unwrap_line() {
	rest=${line#*' msg="'}
	rest=${rest%\"}
	line=
	while :; do
		case $rest in
		*\\\"*) line="$line${rest%%\\\"*}\"" rest=${rest#*\\\"} ;;
		*) break ;;
		esac
	done
	line=$line$rest
}

begin_container() {
	runtime=${run_runtime:-runc}
	begin_network
	begin_etc
	begin_joins
	begin_shim
}

begin_started() {
	step_error "$dir/error" "$runtime" --root "$LASH_RUN/runc" start "$id" || fail_of_runtime
}

# begin_attached VERB STDIN NO_SIG_PROXY KEYS - start, stay connected, leave as the container does, when its clean-up is
# over: only then is it gone, or to be started again. Does not return.
begin_attached() {
	verb=$1
	shift
	set -- ${1:+stdin} ${2:+--no-sig-proxy} ${3:+--detach-keys "$3"}
	case ${1-} in
	stdin) shift ;;
	*) set -- --no-stdin "$@" ;;
	esac
	set -- shim attach "$@" "$id" -- "$runtime" --root "$LASH_RUN/runc" start "$id"
	if is_printing; then
		step "$@"
		step record await "$id"
		exit 0
	fi
	[ -z "${LASH_CHAIN-}" ] || show_step "$@"
	exec record attend --else "$LASH" --else unstarted --else "$verb" "$id" "$@"
}
