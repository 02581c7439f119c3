# shellcheck shell=dash disable=SC2034,SC2154
# rmi.sh - remove images.

VERB='rmi'
USAGE='rmi [-f] IMAGE...'
HELP='Remove names of images, and what only they used.

options:
  -f, --force                    also when containers were made of it'

force=''
while :; do
	case ${1-} in
	-f | --force) force=1 ;;
	--no-prune) ;;
	--help) show_help ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || usage_die "need an image"

# user_of REF - the container that was made of it.
user_of() {
	for used in "$LASH_ROOT"/containers/*/ref; do
		[ -f "$used" ] || continue
		IFS= read -r value <"$used" || continue
		[ "$value" != "$1" ] || return 0
	done
	return 1
}

rc=0
for name; do
	ref=$(imgctl ref "$name") || {
		rc=1
		continue
	}
	if [ -z "$force" ] && user_of "$ref"; then
		used=${used%/ref}
		used=${used##*/}
		warn "image $name is in use by container ${used%"${used#????????????}"}"
		rc=1
	elif ! imgctl inspect "$LASH_ROOT/images:$ref" >/dev/null 2>&1; then
		warn "no such image: $name"
		rc=1
	elif imgctl rm --layers "$LASH_ROOT/layers" "$LASH_ROOT/images:$ref"; then
		printf 'Untagged: %s\n' "$ref"
	else
		rc=1
	fi
done
exit "$rc"
