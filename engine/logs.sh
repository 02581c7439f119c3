# shellcheck shell=dash disable=SC2034,SC2154
# logs.sh - print what a container wrote.

VERB='logs'
USAGE='logs [-f] [-t] [-n N] [--details] [--since TIME] [--until TIME] CONTAINER'
HELP='Print what a container wrote.

options:
  -f, --follow                   go on until it ends
  -n, --tail N                   only the last N lines, or all
      --since TIME               only what was written at or after it
      --until TIME               only what was written before it
  -t, --timestamps               put the time before each line
      --details                  put the attributes of the record before each line'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

# The container comes last; what is before it goes to shim as it is.
n=$#
while [ "$n" -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-n | --tail | --since | --until)
		need_arg "$@"
		set -- "$@" "$1" "$2"
		shift
		n=$((n - 1))
		;;
	-f | -t | -ft | -tf | --follow | --timestamps | --details | -n[0-9]* | --tail=* | --since=* | --until=*) set -- "$@" "$1" ;;
	-*) usage_die "unknown option '$1'" ;;
	*)
		[ -z "${name-}" ] || usage_die "more than one container"
		name=$1
		;;
	esac
	shift
	n=$((n - 1))
done
[ -n "${name-}" ] || usage_die "need a container"

find_container "$name" || exit 1
state_get log-driver
[ "$value" != none ] || die "container $name has no log (log driver none)"
if [ -d "$LASH_RUN/shim/$id" ]; then
	exec shim logs "$@" "$id"
fi
[ -f "$dir/log" ] || exit 0
exec shim logs "$@" "$dir/log"
