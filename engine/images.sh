# shellcheck shell=dash disable=SC2034,SC2154
# images.sh - list images.

VERB='images'
USAGE='images [-q] [--digests] [--no-trunc] [--format TEMPLATE] [--json]'
HELP='List images.

options:
  -a, --all                      accepted
  -q, --quiet                    only IDs
      --digests                  digests of manifests as well
      --no-trunc                 do not shorten IDs
      --format TEMPLATE          {{.Repository}} {{.Tag}} {{.ID}} {{.CreatedSince}} {{.Size}}
      --json                     one object a line'

id='{{short .config}}' template='{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}'
header='REPOSITORY	TAG	IMAGE ID	CREATED	SIZE' json=
while [ $# -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-q | --quiet) template='{{.ID}}' header= ;;
	--digests)
		template='{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}'
		header='REPOSITORY	TAG	DIGEST	IMAGE ID	CREATED	SIZE'
		;;
	--no-trunc) id='{{.config}}' ;;
	-a | --all) ;;
	--format) need_arg "$@" && template=$2 header= && shift ;;
	--format=*) template=${1#*=} header= ;;
	--json) json=1 ;;
	*) usage_die "unknown option '$1'" ;;
	esac
	shift
done
if [ -f "$LASH_ROOT/images/index.json" ]; then
	set -- imgctl ls --json "$LASH_ROOT/images"
else
	set -- true
fi
[ -z "$json" ] || exec "$@"
exec rows ${header:+--header "$header"} --set 'Repository={{repo .name}}' --set 'Tag={{tag .name}}' --set "ID=$id" \
	--set 'Digest={{.digest}}' \
	--set 'CreatedSince={{ago .created}}' --set 'Size={{size .size}}' "$template" "$@"
