# shellcheck shell=dash disable=SC2034,SC2154
# pause.sh - freeze containers.

VERB='pause'
USAGE='pause CONTAINER...'
HELP='Freeze containers.'
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
	if [ "$status" != running ]; then
		warn "container $name is not running"
		rc=1
	elif "${value:-runc}" --root "$LASH_RUN/runc" pause "$id"; then
		printf '%s\n' "$name"
	else
		rc=1
	fi
done
exit "$rc"
