# shellcheck shell=dash disable=SC2034,SC2154
# port.sh - list published ports.

VERB='port'
USAGE='port CONTAINER [PORT[/PROTOCOL]]'
HELP="List published ports, or where one of a container's ports is published."
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

case ${1-} in
--help) show_help ;;
-*) usage_die "unknown option '$1'" ;;
esac
[ $# -eq 1 ] || [ $# -eq 2 ] || usage_die "need a container, perhaps a port"
find_container "$1" || exit 1
case $status in
running | paused) ;;
*) exit 0 ;;
esac
[ -f "$dir/net.json" ] || set -- "$@"
want=${2-}
case $want in
'' | */*) ;;
*) want=$want/tcp ;;
esac

# Each mapping is one line of "CONTAINER/PROTOCOL ADDRESS:PORT"; read from a here-document, so without a pipe.
list=$(rows '{{.containerPort}}/{{.protocol}} {{.hostIP}} {{.hostPort}}' \
	bundle get --json "$dir/net.json" portMappings 2>/dev/null) || list=
found=''
while read -r inner address outer; do
	[ -n "$outer" ] || outer=$address address=0.0.0.0
	[ -n "$inner" ] || continue
	if [ -z "$want" ]; then
		printf '%s -> %s:%s\n' "$inner" "$address" "$outer"
	elif [ "$inner" = "$want" ]; then
		printf '%s:%s\n' "$address" "$outer"
		found=1
	fi
done <<END
$list
END
[ -z "$want" ] || [ -n "$found" ] || die "no public port '$want' published for $1"
