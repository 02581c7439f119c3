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
      --driver DRIVER            create: bridge'

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
	-d | --driver)
		[ "${2-}" = bridge ] || usage_die "driver '${2-}' is not supported"
		shift
		n=$((n - 1))
		;;
	--driver=bridge) ;;
	--driver=*) usage_die "driver '${1#*=}' is not supported" ;;
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
