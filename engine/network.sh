# shellcheck shell=dash disable=SC2034,SC2154
# network.sh - manage networks; netns knows how. Options are docker's; each verb puts them into netns's words.

VERB='network'
USAGE='network ls [OPTION]... | create [OPTION]... NAME | rm [-f] NAME... | inspect [-f TEMPLATE] NAME... | connect [OPTION]... NETWORK CONTAINER | disconnect NETWORK CONTAINER | prune [OPTION]...'
HELP='Manage networks. A name is also the ID.

options:
  -q, --quiet                    ls: only names
  -f, --filter KEY=VALUE         ls: name, id, driver, label, scope, type, dangling; prune (no -f): until, label, label!
      --format TEMPLATE          ls: {{.Name}} {{.Driver}} ..., table ... or json
      --no-trunc                 ls: accepted; nothing is shortened
      --json                     ls: one object a line, as netns describes it
  -f, --format TEMPLATE          inspect: {{.Driver}}, {{json .Containers}}
  -v, --verbose                  inspect: accepted
      --subnet SUBNET            create: addresses to hand out
      --gateway ADDRESS          create: the address of the host, one of each family
      --ip-range SUBNET          create: hand out only these
      --aux-address NAME=ADDRESS create: never hand out this one
      --internal                 create: without a way out
      --ipv4                     create: --ipv4=false for IPv6 alone
      --ipv6                     create: IPv6 too
  -d, --driver DRIVER            create: bridge, ptp, macvlan, ipvlan
      --ipam-driver DRIVER       create: default or dhcp
      --label KEY=VALUE          create: what filters find it by
      --attachable               create: accepted; all are
      --scope SCOPE              create: local
  -o, --opt KEY=VALUE            create: parent, macvlan_mode, ipvlan_mode, com.docker.network.driver.mtu,
                                 com.docker.network.bridge.{name,enable_icc,enable_ip_masquerade,gateway_mode_ipv4}
      --ip ADDRESS               connect: this address instead of the next free one
      --alias NAME               connect: a name there, besides its own
  -f, --force                    disconnect: accepted; rm: one that is not there is no error; prune: do not ask'
# shellcheck source=engine/state.sh
. "$LASH_LIBEXEC/sh/state.sh"

# running NAME - set $space, the namespace of a container that runs; another one has none to change.
running() {
	find_container "$1" || exit 1
	[ "$status" = running ] || die "container $1 is not running"
	space=lash-${id%"${id#????????????}"}
}

# refuse_option OPTION - by what it is.
refuse_option() {
	case $1 in
	--ingress | --config-only | --config-from | --config-from=* | --ipam-opt | --ipam-opt=* | --driver-opt | \
		--driver-opt=* | --link | --link=* | --link-local-ip | --link-local-ip=* | --gw-priority | \
		--gw-priority=* | --ip6 | --ip6=*) usage_die "option '$1' is not supported" ;;
	*) usage_die "unknown option '$1'" ;;
	esac
}

connect() {
	n=0
	while [ "$n" -lt $# ]; do
		case $1 in
		--help) show_help ;;
		--ip=* | --alias=*)
			set -- "$@" "$1"
			shift
			n=$((n + 1))
			;;
		--ip | --alias)
			need_arg "$@"
			set -- "$@" "$1" "$2"
			shift 2
			n=$((n + 2))
			;;
		-*) refuse_option "$1" ;;
		*) break ;;
		esac
	done
	[ $(($# - n)) -eq 2 ] || usage_die "need a network and a container"
	network=$1
	running "$2"
	shift 2
	netns connect "$@" "$space" "$network" >/dev/null
}

disconnect() {
	case ${1-} in
	--help) show_help ;;
	-f | --force) shift ;;
	-*) refuse_option "$1" ;;
	esac
	[ $# -eq 2 ] || usage_die "need a network and a container"
	running "$2"
	netns disconnect "$space" "$1"
}

# driver_option KEY=VALUE - set $option to netns's option for one of docker's drivers', or to nothing.
driver_option() {
	case $1 in
	parent=*) option=--parent=${1#*=} ;;
	macvlan_mode=* | ipvlan_mode=*) option=--mode=${1#*=} ;;
	com.docker.network.driver.mtu=*) option=--mtu=${1#*=} ;;
	com.docker.network.bridge.name=*) option=--bridge=${1#*=} ;;
	com.docker.network.bridge.enable_icc=false) option=--isolated ;;
	com.docker.network.bridge.enable_ip_masquerade=false) option=--no-masquerade ;;
	com.docker.network.bridge.enable_icc=true | com.docker.network.bridge.enable_ip_masquerade=true) option='' ;;
	com.docker.network.bridge.gateway_mode_ipv4=*) option=--gateway-mode=${1#*=} ;;
	*) usage_die "option '$1' is not supported" ;;
	esac
}

# create_option OPTION VALUE - set $option to netns's option, or to nothing.
create_option() {
	case $1 in
	-o | --opt) driver_option "$2" ;;
	-d) option=--driver=$2 ;;
	--ip-range) option=--part=$2 ;;
	--aux-address) option=--reserve=${2#*=} ;;
	--ipam-driver)
		case $2 in
		default) option='' ;;
		dhcp) option=--dhcp ;;
		*) usage_die "IPAM driver '$2' is not supported" ;;
		esac
		;;
	--scope)
		[ "$2" = local ] || usage_die "scope '$2' is not supported"
		option=''
		;;
	*) option=$1=$2 ;;
	esac
}

create() {
	n=$#
	while [ "$n" -gt 0 ]; do
		case $1 in
		--help) show_help ;;
		-o | --opt | -d | --driver | --subnet | --gateway | --ip-range | --aux-address | --ipam-driver | --scope | --label)
			need_arg "$@"
			create_option "$1" "$2"
			shift
			n=$((n - 1))
			;;
		--opt=* | --driver=* | --subnet=* | --gateway=* | --ip-range=* | --aux-address=* | --ipam-driver=* | --scope=* | --label=*)
			create_option "${1%%=*}" "${1#*=}"
			;;
		--attachable) option='' ;;
		--internal | --internal=* | --ipv4 | --ipv4=* | --ipv6 | --ipv6=*) option=$1 ;;
		-*) refuse_option "$1" ;;
		*) option=$1 ;;
		esac
		shift
		n=$((n - 1))
		[ -z "$option" ] || set -- "$@" "$option"
	done
	exec netns network create "$@"
}

list() {
	template='table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}' json=
	n=$#
	while [ "$n" -gt 0 ]; do
		case $1 in
		--help) show_help ;;
		-q | --quiet) template='{{.ID}}' ;;
		--no-trunc) ;;
		--json) json=1 ;;
		--format) need_arg "$@" && template=$2 && shift && n=$((n - 1)) ;;
		--format=*) template=${1#*=} ;;
		-f | --filter) need_arg "$@" && set -- "$@" "--filter=$2" && shift && n=$((n - 1)) ;;
		--filter=*) set -- "$@" "$1" ;;
		-*) usage_die "unknown option '$1'" ;;
		*) usage_die "no operands, please: '$1'" ;;
		esac
		shift
		n=$((n - 1))
	done
	[ "$template" != table ] || template='table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}'
	set -- netns network ls --json "$@"
	[ -z "$json" ] || exec "$@"
	exec rows --set 'ID={{.name}}' --set 'Name={{.name}}' --set 'Driver={{.driver}}' --set 'Scope=local' \
		--set 'IPv4={{.ipv4}}' --set 'IPv6={{.ipv6}}' --set 'Internal={{.internal}}' \
		--set 'Labels={{words .labels}}' --set 'CreatedAt={{.created}}' "$template" "$@"
}

# known NAME - is there such a network?
known() {
	netns network inspect "$1" >/dev/null 2>&1
}

remove() {
	force='' rc=0
	case ${1-} in
	--help) show_help ;;
	-f | --force) force=1 && shift ;;
	-*) usage_die "unknown option '$1'" ;;
	esac
	[ $# -gt 0 ] || usage_die "need a network"
	for name; do
		if known "$name"; then
			netns network rm "$name" && printf '%s\n' "$name" || rc=1
		elif [ -z "$force" ]; then
			warn "no such network: $name" && rc=1
		fi
	done
	exit "$rc"
}

inspect() {
	format=''
	while :; do
		case ${1-} in
		--help) show_help ;;
		-f | --format) need_arg "$@" && format=$2 && shift ;;
		--format=*) format=${1#*=} ;;
		-v | --verbose) ;;
		-*) usage_die "unknown option '$1'" ;;
		*) break ;;
		esac
		shift
	done
	[ $# -gt 0 ] || usage_die "need a network"
	described=$(netns network ls --json -- "$@") || exit 1
	printf '%s\n' "$described" | record network ${format:+--format="$format"}
}

# ask QUESTION - docker's way; anything but y is no, and no failure.
ask() {
	printf '%s\nAre you sure you want to continue? [y/N] ' "$1"
	read -r answer || answer=n
	case $answer in
	[yY]) ;;
	*) exit 0 ;;
	esac
}

# prune removes those that no container was made with, be it running or not.
prune() {
	force='' n=$#
	while [ "$n" -gt 0 ]; do
		case $1 in
		--help) show_help ;;
		-f | --force) force=1 ;;
		--filter) need_arg "$@" && set -- "$@" "--filter=$2" && shift && n=$((n - 1)) ;;
		--filter=*) set -- "$@" "$1" ;;
		*) usage_die "unknown option '$1'" ;;
		esac
		shift
		n=$((n - 1))
	done
	[ -n "$force" ] ||
		ask 'WARNING! This will remove all custom networks not used by at least one container.'
	for file in "$LASH_ROOT"/containers/*/network; do
		if [ -f "$file" ] && IFS= read -r name <"$file"; then
			set -- "$@" "--keep=$name"
		fi
	done
	removed=$(netns network prune "$@") || exit 1
	[ -z "$removed" ] || printf 'Deleted Networks:\n%s\n\n' "$removed"
}

verb=${1-}
[ $# -eq 0 ] || shift
case $verb in
--help) show_help ;;
ls | list) list "$@" ;;
rm | remove) remove "$@" ;;
inspect | create | connect | disconnect | prune) "$verb" "$@" ;;
*) usage_die "need ls, create, rm, inspect, connect, disconnect or prune" ;;
esac
