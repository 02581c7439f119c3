# shellcheck shell=dash disable=SC2034,SC2154
# create.sh - make a container. args splits the command line and comes back to create-split.
exec args "$LASH" create-split -- create "$@"
