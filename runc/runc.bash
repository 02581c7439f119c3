# bash completion for runc
_runc()
{
	local cur=$2 prev=$3 i verb= root=/run/runc
	local -A options=(
		[check]='--bundle --config --json'
		[checkpoint]='--image-path --work-path --tcp-established --ext-unix-sk --shell-job --file-locks --manage-cgroups-mode --empty-ns --auto-dedup --lazy-pages --leave-running --pre-dump --parent-path --page-server --status-fd --tcp-skip-in-flight --link-remap'
		[create]='--bundle --config --console-socket --pidfd-socket --pid-file --no-pivot --no-new-keyring --no-subreaper --preserve-fds'
		[delete]='--force --regex --all'
		[exec]='--process --cwd --env --tty --user --additional-gids --cap --detach --console-socket --pidfd-socket --pid-file --process-label --apparmor --no-new-privs --preserve-fds --cgroup --ignore-paused'
		[events]='--interval --stats'
		[features]=''
		[kill]='--all --regex'
		[list]='--format --quiet'
		[mounts]=''
		[pause]=''
		[ps]='--format'
		[restore]='--image-path --work-path --tcp-established --ext-unix-sk --shell-job --file-locks --manage-cgroups-mode --empty-ns --auto-dedup --lazy-pages --bundle --console-socket --pid-file --detach --no-subreaper --no-pivot --tcp-close --lsm-profile --lsm-mount-context'
		[resume]=''
		[spec]='--bundle --rootless'
		[start]=''
		[state]=''
		[update]='--resources --blkio-weight --cpu-period --cpu-quota --cpu-burst --cpu-share --cpu-rt-period --cpu-rt-runtime --cpu-idle --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --pids-limit --unified --mount-add --mount-rm --device-add --device-rm --l3-cache-schema --mem-bw-schema'
		[wait]='--ended'
	)
	options[run]="${options[create]} --detach --keep"
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == --root ]] && root=${COMP_WORDS[i + 1]}
		[[ -n ${options[${COMP_WORDS[i]}]+is} ]] && verb=${COMP_WORDS[i]} && break
	done
	case $prev in
	-b | --bundle | --root)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	-f | --config | --log | --pid-file | --console-socket | --pidfd-socket | -p | --process | -r | --resources)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--log-format | --format)
		mapfile -t COMPREPLY < <(compgen -W 'text json table' -- "$cur")
		return
		;;
	esac
	if [[ -z $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${!options[*]} --root --log --log-format --log-level --criu --debug --rootless --cgroup-manager --systemd-cgroup --help --version" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${options[$verb]} --help" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(find "$root" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f\n' 2>/dev/null)" -- "$cur")
	fi
}
complete -F _runc runc
