# shellcheck shell=dash disable=SC2034,SC2154
# top.sh - list a container's processes.

VERB='top'
USAGE='top CONTAINER [PS-OPTION]...'
HELP="List a container's processes, as ps does."
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

case ${1-} in
--help) show_help ;;
-*) usage_die "unknown option '$1'" ;;
'') usage_die "need a container" ;;
esac
find_container "$1" || exit 1
[ "$status" = running ] || [ "$status" = paused ] || die "container $1 is not running"
shift
state_get runtime
exec "${value:-runc}" --root "$LASH_RUN/runc" ps "$id" "$@"
