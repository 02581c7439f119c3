# shellcheck shell=dash disable=SC2034,SC2154
# kill.sh - send a signal to containers.

VERB='kill'
USAGE='kill [-s SIGNAL] CONTAINER...'
HELP='Send a signal to the first process of containers.

options:
  -s, --signal SIGNAL            this one, not KILL'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

signal=KILL
while :; do
	case ${1-} in
	-s | --signal) need_arg "$@" && signal=$2 && shift ;;
	-s*) signal=${1#-s} ;;
	--signal=*) signal=${1#*=} ;;
	--help) show_help ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || usage_die "need a container"

send() {
	find_container "$1" || return 1
	case $status in
	running | paused) ;;
	*)
		warn "container $1 is not running"
		return 1
		;;
	esac
	state_get runtime
	"${value:-runc}" --root "$LASH_RUN/runc" kill "$id" "$signal" || return 1
	printf '%s\n' "$1"
}

rc=0
for name; do
	send "$name" || rc=1
done
exit "$rc"
