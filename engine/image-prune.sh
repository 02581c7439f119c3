# shellcheck shell=dash disable=SC2034,SC2154
# image-prune.sh - remove what no image uses.

VERB='image prune'
USAGE='image prune [-f]'
HELP='Remove blobs and unpacked layers that no image in the store has and no container uses.

options:
  -f, --force                    accepted'

while [ $# -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-f | --force) ;;
	*) usage_die "unknown option '$1'" ;;
	esac
	shift
done
[ -f "$LASH_ROOT/images/index.json" ] || exit 0
step imgctl gc --layers "$LASH_ROOT/layers" "$LASH_ROOT/images"
