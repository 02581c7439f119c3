# bash completion for lash
_lash_containers()
{
	lash ps -a --format '{{.Names}}' 2>/dev/null
}

_lash_images()
{
	lash images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null
}

_lash()
{
	local cur=$2 verb='' word words i
	local run='--add-host --annotation --attach --blkio-weight --cap-add --cap-drop --cgroup-parent --cgroupns --cidfile --cpu-period --cpu-quota --cpu-shares --cpus --cpuset-cpus --cpuset-mems --detach --detach-keys --device --device-cgroup-rule --device-read-bps --device-read-iops --device-write-bps --device-write-iops --dns --dns-opt --dns-option --dns-search --domainname --entrypoint --env --env-file --expose --group-add --hook --hostname --init --interactive --ip --ipc'
	run+=' --label --label-file --log-driver --log-opt --memory --memory-reservation --memory-swap --memory-swappiness --mount --name --net --network --network-alias --oom-kill-disable --oom-score-adj --pid --pids-limit --platform --privileged --publish --publish-all --pull --quiet --read-only --restart --rm --runtime --security-opt --shm-size --sig-proxy --stop-signal --stop-timeout --sysctl --tmpfs --tty --ulimit --user --userns --uts --volume --workdir'
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[[ $word == -* ]] || { verb=$word && break; }
	done
	case $verb in
	'') words='--dry-run --help --version run create start stop restart kill pause unpause rm rename ps logs exec attach wait top port inspect images pull push import load save tag rmi image volume network info version env' ;;
	run | create) words="$run $(_lash_images)" ;;
	rmi | tag | pull) words="--force --quiet --platform --verify --insecure --tls-ca --creds --authfile $(_lash_images)" ;;
	push) words="--quiet --platform --all-platforms --insecure --tls-ca --creds --authfile $(_lash_images)" ;;
	save) words="--output --platform $(_lash_images)" ;;
	load) words='--input --quiet' ;;
	image) words='ls rm prune inspect pull push import load save tag' ;;
	images) words='--all --quiet --no-trunc --format --json' ;;
	ps) words='--all --quiet --no-trunc --last --latest --filter --format --json' ;;
	logs) words="--details --follow --tail --since --until --timestamps $(_lash_containers)" ;;
	exec) words="--detach --env --env-file --interactive --privileged --tty --user --workdir $(_lash_containers)" ;;
	volume) words='ls create rm inspect prune --quiet --force' ;;
	network) words='ls create rm inspect connect disconnect prune --quiet --filter --format --no-trunc --json --verbose --subnet --gateway --ip-range --aux-address --internal --ipv4 --ipv6 --driver --ipam-driver --label --attachable --scope --opt --ip --alias --force' ;;
	info | version | env) words='' ;;
	rm) words="--force --volumes $(_lash_containers)" ;;
	start) words="--attach --interactive --detach-keys $(_lash_containers)" ;;
	stop | restart) words="--signal --time $(_lash_containers)" ;;
	kill) words="--signal $(_lash_containers)" ;;
	inspect) words="--format --type $(_lash_containers) $(_lash_images)" ;;
	*) words=$(_lash_containers) ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _lash lash
