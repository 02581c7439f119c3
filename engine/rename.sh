# shellcheck shell=dash disable=SC2034,SC2154
# rename.sh - give a container another name.

VERB='rename'
USAGE='rename CONTAINER NAME'
HELP='Give a container another name.'
case ${1-} in
--help) show_help ;;
-*) usage_die "unknown option '$1'" ;;
esac
[ $# -eq 2 ] || usage_die "need a container and a name"
exec record rename "$1" "$2"
