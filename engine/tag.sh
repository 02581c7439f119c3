# shellcheck shell=dash disable=SC2034,SC2154
# tag.sh - give an image another name.

VERB='tag'
USAGE='tag IMAGE NAME'
HELP='Give an image another name.'
case ${1-} in
--help) show_help ;;
-*) usage_die "unknown option '$1'" ;;
esac
[ $# -eq 2 ] || usage_die "need an image and a name"
old=$(imgctl ref "$1") || exit 1
new=$(imgctl ref "$2") || exit 1
exec imgctl tag "$LASH_ROOT/images:$old" "$new"
