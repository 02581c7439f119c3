# bash completion for cgroup-systemd
_cgroup_systemd()
{
	local cur=$2 prev=$3 verb=${COMP_WORDS[1]} options
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'create update delete --help --version' -- "$cur")
		return
	fi
	case $prev in
	-p | --path | --pid | --hold-fd | --property | --description | -t | --timeout) return ;;
	esac
	options='--path --user --timeout --help --version'
	case $verb in
	create) options="$options --pid --hold-fd --property --description --dry-run" ;;
	update) options="$options --dry-run" ;;
	delete) options="$options --kill" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -F _cgroup_systemd cgroup-systemd
