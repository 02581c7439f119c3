# shellcheck shell=dash disable=SC2034,SC2154
# run.sh - make a container of an image and run it. args splits the command line and comes back to run-split.
exec args "$LASH" run-split -- run "$@"
