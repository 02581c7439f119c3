# shellcheck shell=dash disable=SC2034,SC2154
# inspect.sh - describe containers or images in JSON.

VERB='inspect'
USAGE='inspect [-f TEMPLATE] [--type container|image] NAME...'
HELP='Describe containers, or else images, in JSON.

options:
  -f, --format TEMPLATE          {{.State.Status}}, {{json .Mounts}}
      --type TYPE                container or image'

format='' type=''
while :; do
	case ${1-} in
	-f | --format) need_arg "$@" && format=$2 && shift ;;
	--format=*) format=${1#*=} ;;
	--type) need_arg "$@" && type=$2 && shift ;;
	--type=*) type=${1#*=} ;;
	--help) show_help ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || usage_die "need a name"

if [ "$type" != image ] && { [ "$type" = container ] || record find "$@" >/dev/null 2>&1; }; then
	exec record inspect ${format:+--format "$format"} "$@"
fi
for name; do
	ref=$(imgctl ref "$name") || exit 1
	imgctl inspect "$LASH_ROOT/images:$ref" 2>/dev/null || die "no such container or image: $name"
done
