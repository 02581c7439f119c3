# shellcheck shell=dash disable=SC2034,SC2154
# release.sh - taking apart what a run is made of.
# Defines: release_run. Reads: id, dir, LASH_RUN.

# release_run - the runtime's state and the network; all of it may be gone already.
release_run() {
	state_get runtime
	"${value:-runc}" --root "$LASH_RUN/runc" delete --force "$id" >/dev/null 2>&1 || :
	state_get bridged
	[ -z "$value" ] || netns del "lash-${id%"${id#????????????}"}" || :
}
