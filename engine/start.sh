# shellcheck shell=dash disable=SC2034,SC2154
# start.sh - run containers that were made.

VERB='start'
USAGE='start [-a] [-i] [--detach-keys KEYS] CONTAINER...'
HELP='Run containers that were made, or have ended.

options:
  -a, --attach                   stay connected, exit as the container does
  -i, --interactive              connect standard input as well
      --detach-keys KEYS         leave by these (ctrl-p,ctrl-q)'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"
# shellcheck source=engine/begin.sh
. "$LASH_LIBEXEC/sh/begin.sh"

attach='' interactive='' keys=''
while :; do
	case ${1-} in
	-a | --attach) attach=1 ;;
	-i | --interactive) attach=1 interactive=1 ;;
	-ai | -ia) attach=1 interactive=1 ;;
	--detach-keys) need_arg "$@" && keys=$2 && shift ;;
	--detach-keys=*) keys=${1#*=} ;;
	--help) show_help ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || usage_die "need a container"
[ -z "$attach" ] || [ $# -eq 1 ] || usage_die "--attach takes one container"

# Making the run is done under the container's lock, by start-locked: two starts at once make one run.
if [ -n "$attach" ]; then
	rc=0
	record lock "$1" "$LASH" start-locked made "$1" || rc=$?
	find_container "$1" || exit 1
	case $rc in
	0) ;;
	3) exec "$LASH" attach ${keys:+--detach-keys "$keys"} "$1" ;;
	*) exit "$rc" ;;
	esac
	state_get runtime
	runtime=${value:-runc}
	begin_attached start "$interactive" '' "$keys"
fi
failed=0
for name; do
	rc=0
	record lock "$name" "$LASH" start-locked started "$name" || rc=$?
	case $rc in
	0 | 3) is_printing || printf '%s\n' "$name" ;;
	*) failed=1 ;;
	esac
done
exit "$failed"
