# shellcheck shell=dash disable=SC2034,SC2154
# unstarted.sh - what record attend runs when a foreground ended before its container: run|start ID STATUS.
# Either the user left and the container goes on, or it was made and could not be started.

VERB=$1
FAILURE=125
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

id=$2 rc=$3
dir=$LASH_ROOT/containers/$id
state_get runtime
if "${value:-runc}" --root "$LASH_RUN/runc" state "$id" >"$dir/state.json" 2>/dev/null; then
	now=$(bundle get "$dir/state.json" status) || now=''
	[ "$now" = created ] || exit "$rc"
fi
case $VERB in
run) "$LASH" rm --force --volumes "$id" >/dev/null || : ;;
*) "$LASH" kill "$id" >/dev/null 2>&1 || : ;;
esac
exit 125
