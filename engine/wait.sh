# shellcheck shell=dash disable=SC2034,SC2154
# wait.sh - wait for containers to end, print their exit codes.

VERB='wait'
USAGE='wait CONTAINER...'
HELP='Wait for containers to end and print their exit codes.'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

case ${1-} in
--help) show_help ;;
-*) usage_die "unknown option '$1'" ;;
'') usage_die "need a container" ;;
esac

rc=0
for name; do
	if ! find_container "$name"; then
		rc=1
	elif [ -d "$LASH_RUN/shim/$id" ]; then
		shim wait "$id" || rc=1
	else
		printf '%s\n' "$code"
	fi
done
exit "$rc"
