# shellcheck shell=dash disable=SC2034,SC2154
# save.sh - write images to an archive.

VERB='save'
USAGE='save [-o FILE] [--platform OS/ARCH] IMAGE...'
HELP='Write images, with their names, as an archive that docker and podman load, too.

options:
  -o, --output FILE              write there, not to standard output
      --platform OS/ARCH         of images for several, this one'

n=$#
while [ "$n" -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-o | --output | --platform)
		[ "$n" -gt 1 ] || usage_die "$1 needs a value"
		set -- "$@" "$1" "$2"
		shift
		n=$((n - 1))
		;;
	--output=* | --platform=* | -o?*) set -- "$@" "$1" ;;
	-*) usage_die "unknown option '$1'" ;;
	*)
		ref=$(imgctl ref "$1") || exit 1
		set -- "$@" "$LASH_ROOT/images:$ref"
		image=$ref
		;;
	esac
	shift
	n=$((n - 1))
done
[ -n "${image-}" ] || usage_die "need an image"
step imgctl save "$@"
