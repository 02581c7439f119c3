# shellcheck shell=dash disable=SC2034,SC2154
# attach.sh - connect to a running container.

VERB='attach'
USAGE='attach [--no-stdin] [--sig-proxy=false] [--detach-keys KEYS] CONTAINER'
HELP='Connect this terminal, or stdin and stdout, to a running container.

options:
      --no-stdin                 only look
      --sig-proxy BOOL           pass signals on (true)
      --detach-keys KEYS         leave by these (ctrl-p,ctrl-q)'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

look='' keep='' keys=''
while :; do
	case ${1-} in
	--no-stdin) look=1 ;;
	--sig-proxy=false) keep=1 ;;
	--sig-proxy | --sig-proxy=true) ;;
	--detach-keys) need_arg "$@" && keys=$2 && shift ;;
	--detach-keys=*) keys=${1#*=} ;;
	--help) show_help ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done
[ $# -eq 1 ] || usage_die "need one container"

find_container "$1" || exit 1
[ "$status" = running ] || die "container $1 is $status, not running"
state_get stdin
[ -n "$value" ] || look=1
exec shim attach ${look:+--no-stdin} ${keep:+--no-sig-proxy} ${keys:+--detach-keys "$keys"} "$id"
