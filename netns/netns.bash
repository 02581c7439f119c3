# netns.bash - bash completion for netns.
# shellcheck shell=bash

_netns_networks() {
	local file
	printf '%s\n' bridge none
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
		1:*) words="add del exec ls show gc --help --version" ;;
		*:add) words="--network --publish --ip --mac --ifname --help" ;;
		*:ls) words="--json --quiet --help" ;;
		*:gc) words="--help" ;;
		2:exec) words="$(netns ls --quiet 2>/dev/null) --help" ;;
		*:exec)
			mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
			return
			;;
		*:del) words="$(netns ls --quiet 2>/dev/null) --wait --help" ;;
		*:show) words="$(netns ls --quiet 2>/dev/null) --ifname --help" ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _netns netns
