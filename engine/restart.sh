# shellcheck shell=dash disable=SC2034,SC2154
# restart.sh - stop and start again.

VERB='restart'
USAGE='restart [-s SIGNAL] [-t SECONDS] CONTAINER...'
HELP='Stop containers and start them again; the options are those of stop.'
case ${1-} in
--help) show_help ;;
esac
"$LASH" stop "$@" >/dev/null
while :; do
	case ${1-} in
	-s | --signal | -t | --time | --timeout) shift 2 ;;
	-*) shift ;;
	*) break ;;
	esac
done
exec "$LASH" start "$@"
