# shellcheck shell=dash disable=SC2034,SC2154
# create-split.sh - make a container from what args made of the command line: run_* and bundle's options.

VERB='create'
FAILURE=125
# shellcheck source=engine/make.sh
. "$LASH_LIBEXEC/sh/make.sh"

on_exit abandon_new
make_container "$@"
step record ended "$run_id"
trap - EXIT
is_printing || printf '%s\n' "$run_id"
