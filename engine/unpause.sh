# shellcheck shell=dash disable=SC2034,SC2154
# unpause.sh - let frozen containers go on.

VERB='unpause'
USAGE='unpause CONTAINER...'
HELP='Let frozen containers go on.'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

case ${1-} in
--help) show_help ;;
-*) usage_die "unknown option '$1'" ;;
'') usage_die "need a container" ;;
esac

rc=0
for name; do
	find_container "$name" || {
		rc=1
		continue
	}
	state_get runtime
	if [ "$status" != paused ]; then
		warn "container $name is not paused"
		rc=1
	elif "${value:-runc}" --root "$LASH_RUN/runc" resume "$id"; then
		printf '%s\n' "$name"
	else
		rc=1
	fi
done
exit "$rc"
