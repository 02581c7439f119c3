# shellcheck shell=dash disable=SC2034,SC2154
# pull.sh - fetch images from registries into the store.

VERB='pull'
USAGE='pull [-q] [--platform OS/ARCH] [--verify PROGRAM] [--insecure] [--tls-ca FILE] [--creds USER:PASSWORD | --authfile FILE] IMAGE'
HELP='Fetch an image from a registry.

options:
  -q, --quiet                    no progress
      --verify PROGRAM           only what has a signature that this accepts
      --platform OS/ARCH         which of its platforms
      --insecure                 accept http, and certificates nobody vouches for
      --tls-ca FILE              trust these authorities
      --creds USER:PASSWORD      log in with these
      --authfile FILE            log in with what stands there'

n=$# image=''
while [ "$n" -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-q | --quiet | --insecure) set -- "$@" "$1" ;;
	--platform | --verify | --tls-ca | --creds | --authfile)
		[ "$n" -gt 1 ] || usage_die "$1 needs a value"
		set -- "$@" "$1" "$2"
		shift
		n=$((n - 1))
		;;
	--platform=* | --verify=* | --tls-ca=* | --creds=* | --authfile=*) set -- "$@" "$1" ;;
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

ref=$(imgctl ref "${image#docker://}") || exit 1
is_printing || {
	digest=$(fetch_image "$@" "docker://$ref" "$LASH_ROOT/images:$ref") || exit 1
	printf '%s\n%s\n' "$digest" "$ref"
	exit 0
}
fetch_image "$@" "docker://$ref" "$LASH_ROOT/images:$ref"
