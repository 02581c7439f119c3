# shellcheck shell=dash disable=SC2034,SC2154
# push.sh - send an image of the store to its registry.

VERB='push'
USAGE='push [-q] [--all-platforms | --platform OS/ARCH] [--insecure] [--tls-ca FILE] [--creds USER:PASSWORD | --authfile FILE] IMAGE'
HELP='Send an image to the registry its name says.

options:
  -q, --quiet                    no progress
      --platform OS/ARCH         of images for several, this one
      --all-platforms            all of them, with their index
      --insecure                 accept http, and certificates nobody vouches for
      --tls-ca FILE              trust these authorities
      --creds USER:PASSWORD      log in with these
      --authfile FILE            log in with what stands there'

n=$# image=''
while [ "$n" -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-q | --quiet | --insecure | --all-platforms) set -- "$@" "$1" ;;
	--platform | --tls-ca | --creds | --authfile)
		[ "$n" -gt 1 ] || usage_die "$1 needs a value"
		set -- "$@" "$1" "$2"
		shift
		n=$((n - 1))
		;;
	--platform=* | --tls-ca=* | --creds=* | --authfile=*) set -- "$@" "$1" ;;
	-*) usage_die "unknown option '$1'" ;;
	*)
		[ -z "$image" ] || usage_die "more than one image"
		image=$1
		;;
	esac
	shift
	n=$((n - 1))
done
[ -n "$image" ] || usage_die "need an image"

ref=$(imgctl ref "$image") || exit 1
step imgpush "$@" "$LASH_ROOT/images:$ref" "docker://$ref"
