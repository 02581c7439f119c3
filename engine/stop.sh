# shellcheck shell=dash disable=SC2034,SC2154
# stop.sh - ask containers to end, then make them.

VERB='stop'
USAGE='stop [-s SIGNAL] [-t SECONDS] CONTAINER...'
HELP='Ask containers to end, then make them.

options:
  -s, --signal SIGNAL            ask with this signal
  -t, --time SECONDS             wait so long before killing (10); -1: for ever
      --timeout SECONDS          the same'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

signal='' seconds=''
while :; do
	case ${1-} in
	-s | --signal) need_arg "$@" && signal=$2 && shift ;;
	--signal=*) signal=${1#*=} ;;
	-t | --time | --timeout) need_arg "$@" && seconds=$2 && shift ;;
	-t*) seconds=${1#-t} ;;
	--time=* | --timeout=*) seconds=${1#*=} ;;
	--help) show_help ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || usage_die "need a container"
case $seconds in
'' | -1 | [0-9] | *[0-9][0-9]) ;;
*) usage_die "invalid time '$seconds'" ;;
esac

# stop NAME - the signal is the option's, the image's or TERM; the patience the option's, the container's or 10 s.
stop() {
	find_container "$1" || return 1
	case $status in
	running | paused) ;;
	*) return 0 ;;
	esac
	state_get runtime
	runtime=${value:-runc}
	[ "$status" = running ] || "$runtime" --root "$LASH_RUN/runc" resume "$id"
	asked=$signal
	[ -n "$asked" ] || asked=$(bundle get "$dir/config.json" 'annotations[org.opencontainers.image.stopSignal]') ||
		asked=TERM
	state_get stop-timeout
	patience=${seconds:-${value:-10}}
	"$runtime" --root "$LASH_RUN/runc" kill "$id" "$asked" || :
	record await -t "$patience" "$id" && return 0
	"$runtime" --root "$LASH_RUN/runc" kill "$id" KILL || :
	record await -t 10 "$id"
}

rc=0
for name; do
	if stop "$name"; then
		printf '%s\n' "$name"
	else
		rc=1
	fi
done
exit "$rc"
