# shellcheck shell=dash disable=SC2034,SC2154
# ended.sh - what a shim runs after a container has ended: let go of what the run held, keep how it ended.
# One argument, the ID. Every step can be repeated; `lash rm --force` does the same.

VERB='ended'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"
# shellcheck source=engine/release.sh
. "$LASH_LIBEXEC/sh/release.sh"

id=$1
dir=$LASH_ROOT/containers/$id
release_run
state_get rm
if [ -n "$value" ]; then
	record rm --volumes "$id"
else
	record ended "$id"
fi
