# shellcheck shell=dash disable=SC2034,SC2154
# load.sh - add the images of an archive to the store.

VERB='load'
USAGE='load [-i FILE] [-q]'
HELP='Add the images of an archive, by docker save, podman save, lash save or an OCI layout, to the store.

options:
  -i, --input FILE               read this, not standard input
  -q, --quiet                    accepted'

input=''
while [ $# -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-i | --input) need_arg "$@" && input=$2 && shift ;;
	--input=*) input=${1#*=} ;;
	-q | --quiet) ;;
	-*) usage_die "unknown option '$1'" ;;
	*) usage_die "unexpected argument '$1'" ;;
	esac
	shift
done
[ -n "$input" ] || [ ! -t 0 ] || usage_die "an archive is expected on standard input"

set -- imgctl load --full ${input:+-i "$input"} "$LASH_ROOT/images"
is_printing || {
	mkdir -p "$LASH_ROOT"
	names=$("$@") || exit 1
	while IFS= read -r name; do
		[ -z "$name" ] || printf 'Loaded image: %s\n' "$name"
	done <<-NAMES
		$names
	NAMES
	exit 0
}
step "$@"
