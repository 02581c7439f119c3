# shellcheck shell=dash disable=SC2034,SC2154
# run-split.sh - make and run a container from what args made of the command line: run_* and bundle's options.

VERB='run'
FAILURE=125
# shellcheck source=engine/make.sh
. "$LASH_LIBEXEC/sh/make.sh"
# shellcheck source=engine/begin.sh
. "$LASH_LIBEXEC/sh/begin.sh"

if [ -n "${run_tty-}" ] && [ -n "${run_stdin-}" ] && [ -z "${run_detach-}" ]; then
	is_printing || [ -t 0 ] || die "the input device is not a TTY"
fi

run_volatile=${run_rm-}
on_exit abandon_new
make_container "$@"
id=$run_id
begin_container
if [ -n "${run_detach-}" ]; then
	begin_started
	trap - EXIT
	is_printing || printf '%s\n' "$id"
	exit 0
fi
# From here on the container is its shim's affair; ours is only to stay connected.
trap - EXIT HUP INT TERM
begin_attached run "${run_stdin-}" "${run_no_sig_proxy-}" "${run_detach_keys-}"
