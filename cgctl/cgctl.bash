# bash completion for cgctl
_cgctl()
{
	local cur=$2 prev=$3 verb=${COMP_WORDS[1]} options root=${LASH_CGROUP:-/sys/fs/cgroup}
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'create rm ls set get apply snapshot stat top events wait exec attach ps freeze thaw kill delegate info --help --version' -- "$cur")
		return
	fi
	[[ $verb != kill || $prev != -s ]] || prev=--signal
	case $prev in
	--signal)
		mapfile -t COMPREPLY < <(compgen -A signal -- "$cur")
		return
		;;
	-c | --controller)
		mapfile -t COMPREPLY < <(compgen -W 'cpu cpuacct cpuset memory io pids hugetlb rdma misc devices freezer net_cls net_prio perf_event' -- "$cur")
		return
		;;
	-s | --sort)
		mapfile -t COMPREPLY < <(compgen -W 'cpu memory tasks io name' -- "$cur")
		return
		;;
	-u | --until)
		mapfile -t COMPREPLY < <(compgen -W 'empty populated frozen thawed removed' -- "$cur")
		return
		;;
	-t | --timeout | --count | -d | --delay | --depth | -i | --interval | --pressure)
		return
		;;
	esac
	case $verb in
	create) options='--threaded' ;;
	rm) options='--kill --timeout' ;;
	ls) options='--recursive --tree --processes --controller --json --null' ;;
	apply)
		options='--dry-run'
		[[ $cur == -* ]] || compopt -o default
		;;
	snapshot) options='--all' ;;
	top) options='--count --delay --sort --depth --json' ;;
	events) options='--pressure --count --timeout --interval' ;;
	wait) options='--until --timeout' ;;
	attach) options='--thread' ;;
	delegate) options='--v1' ;;
	info) options='--json' ;;
	set) options='--oci --dry-run' ;;
	get | stat) options='--json' ;;
	exec) options='--create --set --rm --same-pid' ;;
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
