# netns.bash - bash completion for netns.
# shellcheck shell=bash

_netns_verbs='add del exec ls show publish unpublish connect disconnect check gc network'

_netns_networks() {
	local file
	printf '%s\n' bridge none pasta slirp4netns
	for file in "${LASH_ETC:-/etc/lash}"/net.d/*.conflist; do
		[ -e "$file" ] && basename "$file" .conflist
	done
}

_netns() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
	COMPREPLY=()
	case $prev in
	--network)
		words=$(_netns_networks)
		;;
	--publish | -p | --ip | --mac)
		return
		;;
	*)
		case $COMP_CWORD:${COMP_WORDS[1]} in
		1:*) words="$_netns_verbs --help --version" ;;
		*:add) words="--network --publish --ip --mac --ifname --alias --sysctl --rate-in --rate-out --help" ;;
		*:ls) words="--json --quiet --help" ;;
		*:gc) words="--help" ;;
		2:exec) words="$(netns ls --quiet 2>/dev/null) --help" ;;
		*:exec)
			mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
			return
			;;
		*:del) words="$(netns ls --quiet 2>/dev/null) --wait --help" ;;
		*:show | *:publish | *:unpublish) words="$(netns ls --quiet 2>/dev/null) --ifname --help" ;;
		*:connect) words="$(netns ls --quiet 2>/dev/null) $(_netns_networks) --ip --mac --ifname --alias --help" ;;
		*:disconnect) words="$(netns ls --quiet 2>/dev/null) $(_netns_networks) --help" ;;
		*:check) words="$(netns ls --quiet 2>/dev/null) --repair --help" ;;
		2:network) words="create rm ls prune inspect --help" ;;
		*:network)
			words="$(_netns_networks) --subnet --gateway --first --last --bridge --internal --isolated"
			words="$words --mtu --ipv4 --ipv6 --part --reserve --label --no-masquerade --filter --keep --no-dns --gateway-mode --driver --parent --mode --vlan --dhcp --json --quiet --help"
			;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _netns netns
