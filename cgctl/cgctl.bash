# bash completion for cgctl
_cgctl()
{
	local cur=$2 prev=$3 verb=${COMP_WORDS[1]} options root=${LASH_CGROUP:-/sys/fs/cgroup}
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'create rm set get stat exec ps freeze thaw kill --help --version' -- "$cur")
		return
	fi
	case $prev in
	-s | --signal)
		mapfile -t COMPREPLY < <(compgen -A signal -- "$cur")
		return
		;;
	-t | --timeout)
		return
		;;
	esac
	case $verb in
	rm) options='--kill --timeout' ;;
	set) options='--oci --dry-run' ;;
	get | stat) options='--json' ;;
	exec) options='--same-pid' ;;
	ps) options='--recursive --json --null' ;;
	freeze) options='--timeout' ;;
	kill) options='--signal --wait --timeout' ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options --help --version" -- "$cur")
		return
	fi
	[[ -e $root/cgroup.controllers ]] || root=$root/unified
	compopt -o nospace
	mapfile -t COMPREPLY < <(cd "$root" 2>/dev/null && compgen -d -S / -- "$cur")
}
complete -F _cgctl cgctl
