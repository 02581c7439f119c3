# bash completion for bundle
_bundle()
{
	local cur=$2 prev=$3 options
	options='--help --version '
	options+='--rootfs --bundle --image --no-image --etc --volumes --volume-list --process'
	options+=' --env --env-file --user --group-add --workdir --entrypoint --tty --interactive --init --ulimit --oom-score-adj --volume --mount --tmpfs --shm-size --read-only'
	options+=' --netns --pid --ipc --uts --userns --cgroupns --hostname --domainname --memory --memory-reservation --memory-swap --memory-swappiness --oom-kill-disable --cpus --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --device-read-bps --device-write-bps --device-read-iops --device-write-iops --cgroups-path'
	options+=' --cap-add --cap-drop --privileged --security-opt --device --device-cgroup-rule --sysctl --annotation --label --label-file --hook --stop-signal'
	case $prev in
	--image | --env-file | --label-file | --volume-list)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-b | --bundle | --rootfs | --etc | --volumes | check)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	esac
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'create edit get check spec --help --version' -- "$cur")
	elif [[ ${COMP_WORDS[1]} == get ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--json --keys --null' -f -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	fi
}
complete -F _bundle bundle
