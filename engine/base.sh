# shellcheck shell=dash disable=SC2034,SC2154
# base.sh - what every engine script starts with: strict mode, messages, traps, places.
# Defines: warn, die, usage_die, need_arg, on_exit, show_help. Sets: LASH_ROOT, LASH_RUN, LASH_ETC, NL.
# Reads: VERB, USAGE, HELP (set by the verb), FAILURE (exit status of die, 1 unless set).

set -eu
umask 077
LC_ALL=C
export LC_ALL
unset CDPATH

NL='
'

warn() {
	printf '%s: %s\n' "lash${VERB:+ $VERB}" "$*" >&2
}

# die MESSAGE... - the one way an engine script fails on its own account.
# A failing tool has already said why; then only the status travels up.
die() {
	warn "$@"
	exit "${FAILURE:-1}"
}

# Misuse is 125 in docker's command line, whatever the verb.
usage_die() {
	warn "$*; see 'lash${VERB:+ $VERB} --help'"
	exit 125
}

# need_arg OPTION [VALUE...] - refuse an option that has lost its value.
need_arg() {
	[ $# -ge 2 ] || usage_die "$1 needs a value"
}

# on_exit COMMAND - run COMMAND (a function name) once, however we leave.
# dash runs no EXIT trap for a signal death, so signals become exits.
on_exit() {
	# shellcheck disable=SC2064 # the name is meant now
	trap "$1" EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# show_help - what --help prints.
show_help() {
	printf 'usage: lash %s\n%s\n' "$USAGE" "${HELP-}"
	exit 0
}

# Root has the system's places, anybody else their own.
if [ -O / ]; then
	: "${LASH_ROOT:=/var/lib/lash}" "${LASH_RUN:=/run/lash}" "${LASH_ETC:=/etc/lash}"
else
	: "${LASH_ROOT:=${XDG_DATA_HOME:-${HOME:?}/.local/share}/lash}"
	: "${LASH_RUN:=${XDG_RUNTIME_DIR:-/run/user}/lash}"
	: "${LASH_ETC:=${XDG_CONFIG_HOME:-${HOME:?}/.config}/lash}"
fi
export LASH_ROOT LASH_RUN LASH_ETC
