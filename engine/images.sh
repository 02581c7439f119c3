# shellcheck shell=dash disable=SC2034,SC2154
# images.sh - list images.

VERB='images'
USAGE='images [-q] [--no-trunc] [--format TEMPLATE] [--json]'
HELP='List images.

options:
  -a, --all                      accepted
  -q, --quiet                    only IDs
      --no-trunc                 do not shorten IDs
      --format TEMPLATE          {{.Repository}} {{.Tag}} {{.ID}} {{.CreatedSince}} {{.Size}}
      --json                     one object a line'

id='{{short .config}}' template='{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}'
header='REPOSITORY	TAG	IMAGE ID	CREATED	SIZE' json=
while [ $# -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-q | --quiet) template='{{.ID}}' header= ;;
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
	--set 'CreatedSince={{ago .created}}' --set 'Size={{size .size}}' "$template" "$@"
