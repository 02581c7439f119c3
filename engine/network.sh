# shellcheck shell=dash disable=SC2034,SC2154
# network.sh - manage networks; netns knows how.

VERB='network'
USAGE='network ls [-q] | create [OPTION]... NAME | rm NAME... | inspect NAME...'
HELP='Manage networks.

options:
  -q, --quiet                    ls: only names
      --subnet SUBNET            create: addresses to hand out
      --gateway ADDRESS          create: the address of the host
      --internal                 create: without a way out
      --ipv6                     create: IPv6 too
      --driver DRIVER            create: bridge, ptp, macvlan, ipvlan
  -o, --opt KEY=VALUE            create: parent, macvlan_mode, ipvlan_mode'

verb=${1-}
case $verb in
--help) show_help ;;
ls | list | rm | remove | inspect | create) shift ;;
*) usage_die "need ls, create, rm or inspect" ;;
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
