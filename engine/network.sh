# shellcheck shell=dash disable=SC2034,SC2154
# network.sh - manage networks; netns knows how.

VERB='network'
USAGE='network ls [-q] | create [OPTION]... NAME | rm NAME... | inspect NAME... | connect [OPTION]... NETWORK CONTAINER | disconnect NETWORK CONTAINER'
HELP='Manage networks.

options:
  -q, --quiet                    ls: only names
      --subnet SUBNET            create: addresses to hand out
      --gateway ADDRESS          create: the address of the host
      --internal                 create: without a way out
      --ipv6                     create: IPv6 too
      --driver DRIVER            create: bridge, ptp, macvlan, ipvlan
  -o, --opt KEY=VALUE            create: parent, macvlan_mode, ipvlan_mode
      --ip ADDRESS               connect: this address instead of the next free one
      --alias NAME               connect: a name there, besides its own
  -f, --force                    disconnect: accepted, changes nothing'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

# running NAME - set $space, the namespace of a container that runs; another one has none to change.
running() {
	find_container "$1" || exit 1
	[ "$status" = running ] || die "container $1 is not running"
	space=lash-${id%"${id#????????????}"}
}

verb=${1-}
case $verb in
--help) show_help ;;
ls | list | rm | remove | inspect | create) shift ;;
connect)
	shift
	n=0
	while [ "$n" -lt $# ]; do
		case $1 in
		--help) show_help ;;
		--ip | --alias)
			need_arg "$@"
			set -- "$@" "$1" "$2"
			shift 2
			n=$((n + 2))
			;;
		-*) usage_die "unknown option '$1'" ;;
		*) break ;;
		esac
	done
	[ $(($# - n)) -eq 2 ] || usage_die "need a network and a container"
	network=$1
	running "$2"
	shift 2
	netns connect "$@" "$space" "$network" >/dev/null || exit 1
	exit
	;;
disconnect)
	shift
	case ${1-} in
	--help) show_help ;;
	-f | --force) shift ;;
	-*) usage_die "unknown option '$1'" ;;
	esac
	[ $# -eq 2 ] || usage_die "need a network and a container"
	running "$2"
	netns disconnect "$space" "$1" || exit 1
	exit
	;;
*) usage_die "need ls, create, rm, inspect, connect or disconnect" ;;
esac

# Docker's spellings that differ are put right; the rest goes on as it is.
n=$#
while [ "$n" -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-d)
		need_arg "$@"
		set -- "$@" --driver "$2"
		shift
		n=$((n - 1))
		;;
	-o | --opt)
		need_arg "$@"
		case $2 in
		parent=*) set -- "$@" --parent "${2#parent=}" ;;
		macvlan_mode=* | ipvlan_mode=*) set -- "$@" --mode "${2#*=}" ;;
		*) usage_die "option '$2' is not supported" ;;
		esac
		shift
		n=$((n - 1))
		;;
	*) set -- "$@" "$1" ;;
	esac
	shift
	n=$((n - 1))
done
case $verb in
list) verb='ls' ;;
remove) verb='rm' ;;
esac
exec netns network "$verb" "$@"
