# shellcheck shell=dash disable=SC2034,SC2154
# exec.sh - run another program in a container.

VERB='exec'
FAILURE=1
USAGE='exec [OPTION]... CONTAINER COMMAND [ARG]...'
HELP='Run another program in a running container.

options:
  -d, --detach                   do not wait for it
  -e, --env NAME=VALUE           set a variable
      --env-file FILE            variables, one a line
  -i, --interactive              connect standard input
      --privileged               with all capabilities
  -t, --tty                      on a terminal of its own
  -u, --user USER[:GROUP]        as this user
  -w, --workdir DIR              in this directory'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

# Options move to the end, for bundle; the first operand ends them.
detach='' stdin='' tty='' n=0 left=$#
while [ "$left" -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-d | --detach) detach=1 ;;
	-i | --interactive) stdin=1 ;;
	-t | --tty) tty=1 ;;
	-it | -ti) stdin=1 tty=1 ;;
	--privileged) set -- "$@" "$1" && n=$((n + 1)) ;;
	-e | --env | --env-file | -u | --user | -w | --workdir)
		[ "$left" -gt 1 ] || usage_die "$1 needs a value"
		set -- "$@" "$1" "$2"
		shift
		n=$((n + 2)) left=$((left - 1))
		;;
	-e* | -u* | -w* | --env=* | --env-file=* | --user=* | --workdir=*) set -- "$@" "$1" && n=$((n + 1)) ;;
	--detach-keys) shift && left=$((left - 1)) ;;
	--detach-keys=*) ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
	left=$((left - 1))
done
[ "$left" -ge 2 ] || usage_die "need a container and a command"
find_container "$1" || exit 1
[ "$status" = running ] || die "container $1 is $status, not running"
[ -z "$tty" ] || [ -z "$stdin" ] || [ -t 0 ] || die "the input device is not a TTY"

# The command goes behind the options again.
name=$1
shift
left=$((left - 1))
set -- "$@" --
while [ "$left" -gt 0 ]; do
	set -- "$@" "$1"
	shift
	left=$((left - 1))
done

# fail_of_exec - 127 when there is no such command.
fail_of_exec() {
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		*'executable file not found'* | *[Nn]'o such file or directory'*) rc=127 ;;
		esac
	done <"$log"
}

process=$dir/.exec.$$ log=$dir/.exec-log.$$
# shellcheck disable=SC2317 # called by on_exit
forget() {
	rc=$?
	trap - EXIT
	rm -f "$process" "$log"
	exit "$rc"
}
on_exit forget
bundle edit --process -b "$dir" ${tty:+--tty} "$@" <"$dir/config.json" >"$process"
state_get runtime
set -- "${value:-runc}" --log "$log" --root "$LASH_RUN/runc" exec ${detach:+--detach} --process "$process" "$id"
rc=0
if [ -n "$detach" ]; then
	"$@" </dev/null >/dev/null || rc=$?
elif [ -n "$stdin" ] || [ -n "$tty" ]; then
	"$@" || rc=$?
else
	"$@" </dev/null || rc=$?
fi
# 255 is the runtime's own failure when it left a reason.
[ "$rc" -ne 255 ] || [ ! -s "$log" ] || rc=126
[ "$rc" -ne 126 ] || [ ! -s "$log" ] || fail_of_exec
exit "$rc"
