# shellcheck shell=dash disable=SC2034,SC2154
# rm.sh - remove containers; with --force whatever state they were left in.

VERB='rm'
USAGE='rm [-f] [-v] CONTAINER...'
HELP='Remove containers.

options:
  -f, --force                    end them first; clean up after a crash
  -v, --volumes                  remove volumes without a name as well'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"
# shellcheck source=engine/release.sh
. "$LASH_LIBEXEC/sh/release.sh"

force='' volumes=''
while :; do
	case ${1-} in
	-f | --force) force=1 ;;
	-v | --volumes) volumes=1 ;;
	-fv | -vf) force=1 volumes=1 ;;
	--help) show_help ;;
	--) shift && break ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || usage_die "need a container"

# end_run - nothing of the container lives afterwards, also when its shim, its runtime or its record are gone.
end_run() {
	state_get runtime
	[ "$pid" = 0 ] || "${value:-runc}" --root "$LASH_RUN/runc" kill "$id" KILL >/dev/null 2>&1 || :
	record await -t 10 "$id" || :
	release_run
	# That may have been what ended it: its shim has a clean-up to run first.
	record await -t 10 "$id" || :
	netns del "lash-${id%"${id#????????????}"}" || :
	state_get cgroup
	value=${value:-${LASH_GROUP:-/lash}/$id}
	if cgctl kill "$value"; then
		cgctl rm "$value" || :
	fi
}

# find NAME - with --force an ID will do, and what is not there is removed already.
find() {
	if [ -z "$force" ]; then
		find_container "$1"
	elif ! find_container "$1" 2>/dev/null; then
		case $1 in
		*[!0-9a-f]*) return 2 ;;
		????????????????????????????????????????????????????????????????) ;;
		*) return 2 ;;
		esac
		id=$1 dir=$LASH_ROOT/containers/$1 status=unfinished pid=0
	fi
}

remove() {
	rc=0
	find "$1" || rc=$?
	case $rc in
	1) return 1 ;;
	2) return 0 ;;
	esac
	case $status in
	running | paused)
		[ -n "$force" ] || {
			warn "cannot remove $status container $1: stop it first, or use --force"
			return 1
		}
		;;
	esac
	[ -z "$force" ] || end_run
	record rm ${volumes:+--volumes} "$id" || return 1
	printf '%s\n' "$1"
}

failed=0
for name; do
	remove "$name" || failed=1
done
exit "$failed"
