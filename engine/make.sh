# shellcheck shell=dash disable=SC2034,SC2154
# make.sh - from an image and options to a container that can be started.
# Defines: make_container, abandon_new. Sets: dir, short, values begin.sh wants.
# Reads: run_* (see args(8)), run_volatile: the root file system will not be mounted again.

# abandon_new - the whole of error recovery: what was begun is removed by its ID.
abandon_new() {
	rc=$?
	trap - EXIT
	if [ "$rc" -ne 0 ] && ! is_printing; then
		"$LASH" rm --force --volumes "$run_id" >/dev/null || :
	fi
	exit "$rc"
}

# pull_image - fetch it into the store; what goes wrong there is the engine's failure.
pull_image() {
	fetch_out=$pull_out
	fetch_image ${run_quiet:+-q} ${run_platform:+--platform "$run_platform"} \
		"docker://$run_ref" "$LASH_ROOT/images:$run_ref" || exit 125
}

# unpack_image - mount the root file system and keep the image's configuration. What is removed at its end need not be
# synced before.
unpack_image() {
	step_to "$dir/image.json" imgunpack ${run_volatile:+--volatile} ${run_platform:+--platform "$run_platform"} --overlay "$dir" \
		"$LASH_ROOT/images:$run_ref" "$dir/rootfs"
}

# has_image - only asked where nothing is run, or before a pull that might not be needed.
has_image() {
	[ -f "$LASH_ROOT/images/index.json" ] &&
		imgctl inspect ${run_platform:+--platform "$run_platform"} "$LASH_ROOT/images:$run_ref" >/dev/null 2>&1
}

# get_image - pull if asked to or needed, unpack. The image is nearly always there: so unpack first, ask later.
get_image() {
	pull_out=/dev/null
	case $run_pull in
	always) pull_image ;;
	missing) [ -f "$LASH_ROOT/images/index.json" ] && ! is_printing || has_image || pull_image ;;
	never) [ -f "$LASH_ROOT/images/index.json" ] || die "no such image: $run_image" ;;
	esac
	if is_printing; then
		unpack_image
		return
	fi
	step_error=$error_file
	if unpack_image; then
		step_error=''
		return
	fi
	step_error=''
	if has_image; then
		show_error
		exit 125
	fi
	[ "$run_pull" = missing ] || die "no such image: $run_image"
	pull_image
	unpack_image || exit 125
}

# show_error - pass on what a step wrote to $error_file.
show_error() {
	while IFS= read -r line || [ -n "$line" ]; do
		printf '%s\n' "$line" >&2
	done <"$error_file"
}

# make_record BUNDLE_OPTION... - write down what is wanted, before anything is made.
make_record() {
	set -- "image=$run_image" "ref=$run_ref" "network=$run_network" "cgroup=$run_cgroup" "log-driver=$run_log_driver"
	[ -z "${run_hostname-}" ] || set -- "$@" "hostname=$run_hostname"
	[ -z "${run_bridged-}" ] || set -- "$@" "bridged=1"
	[ -z "${run_netns_args-}" ] || set -- "$@" "netns-args=$run_netns_args"
	[ -z "${run_etc_args-}" ] || set -- "$@" "etc-args=$run_etc_args"
	[ -z "${run_log_args-}" ] || set -- "$@" "log-args=$run_log_args"
	[ -z "${run_rm-}" ] || set -- "$@" "rm=1"
	[ -z "${run_tty-}" ] || set -- "$@" "tty=1"
	[ -z "${run_stdin-}" ] || set -- "$@" "stdin=1"
	[ -z "${run_stop_timeout-}" ] || set -- "$@" "stop-timeout=$run_stop_timeout"
	[ -z "${run_runtime-}" ] || set -- "$@" "runtime=$run_runtime"
	[ -z "${run_platform-}" ] || set -- "$@" "platform=$run_platform"
	[ -z "${run_pid-}" ] || set -- "$@" "join-pid=$run_pid"
	[ -z "${run_ipc-}" ] || set -- "$@" "join-ipc=$run_ipc"
	if [ -n "${run_name_given-}" ]; then
		step record new "$run_id" "$run_name" "$@"
	else
		step record new --spare "$run_id" "$run_name" "$@"
	fi
}

# netns_option - what --network means to bundle; a container's namespace is joined at each start.
netns_option() {
	netns=none
	case $run_network in
	host) netns=host ;;
	*) [ -z "${run_bridged-}" ] || netns=${LASH_NETNS_DIR:-/run/netns}/lash-$short ;;
	esac
}

# publish_all - -P: every port the image or --expose names gets a free one of the host's.
publish_all() {
	is_printing && [ ! -f "$dir/image.json" ] && die "-P needs the image's configuration, and -n does not unpack it"
	ports=$(bundle get --keys "$dir/image.json" config.ExposedPorts) || ports=''
	ports=$ports$NL${run_expose-}
	while IFS= read -r port; do
		[ -z "$port" ] || run_netns_args=${run_netns_args-}${run_netns_args:+$NL}-p$NL$port
	done <<END
$ports
END
	step record put "$run_id" "netns-args=${run_netns_args-}" || exit 125
}

# make_container BUNDLE_OPTION... -- COMMAND...
make_container() {
	[ -z "${run_cidfile-}" ] || [ ! -e "$run_cidfile" ] || die "container ID file found, make sure the other" \
		"container isn't running or delete $run_cidfile"
	dir=$LASH_ROOT/containers/$run_id
	short=${run_id%"${run_id#????????????}"}
	error_file=$dir/error
	introduce "$run_id" "$dir"
	make_record || exit 125
	get_image
	[ -z "${run_publish_all-}" ] || [ -z "${run_bridged-}" ] || publish_all
	netns_option
	step_to "$dir/config.json" bundle create -b "$dir" --rootfs "$dir/rootfs" --image "$dir/image.json" \
		--etc "$dir/etc" --volumes "$LASH_ROOT/volumes" --volume-list "$dir/volumes" \
		--cgroups-path "$run_cgroup" --netns "$netns" "$@" || exit 125
	if is_printing || [ -f "$dir/volumes" ]; then
		make_volumes
	fi
	[ -z "${run_cidfile-}" ] || step_to "$run_cidfile" printf %s "$run_id"
}

make_volumes() {
	if is_printing; then
		quote "$dir/volumes" "$dir/rootfs"
		printf '[ ! -f %s ] || volume fill %s\n' "${quoted%% *}" "$quoted"
	else
		step volume fill "$dir/volumes" "$dir/rootfs" || exit 125
	fi
}
