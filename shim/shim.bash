# bash completion for shim
_shim()
{
	local cur=$2 prev=$3 options
	case ${COMP_WORDS[1]} in
	attach) options='--dir --tail --no-stdin --no-sig-proxy --detach-keys' ;;
	health) options='--interval --timeout --start-period --start-interval --retries --kill --foreground --dir' ;;
	logs) options='--details --follow --tail --since --until --timestamps --dir' ;;
	adopt) options='--dir --foreground' ;;
	wait | resize) options='--dir' ;;
	*)
		options='--bundle --stdin --stdin-from --log --log-max-size --log-max-files --log-compress --log-tag --log-label --log-attr'
		options+=' --syslog-format --runtime --runtime-root --runtime-arg --create-arg --dir --on-exit --on-exit-arg --ready-fd'
		options+=' --preserve-fds --stall-ms --restart --events --sdnotify-socket --keep-stdio --foreground'
		;;
	esac
	case $prev in
	-b | --bundle | --dir | --runtime-root)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--stdin-from | --runtime)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-l | --log)
		mapfile -t COMPREPLY < <(compgen -W 'json-file: k8s-file: journald syslog: exec: none passthrough' -- "$cur")
		return
		;;
	--restart)
		mapfile -t COMPREPLY < <(compgen -W 'no always unless-stopped on-failure' -- "$cur")
		return
		;;
	--syslog-format)
		mapfile -t COMPREPLY < <(compgen -W 'local rfc3164 rfc5424 rfc5424micro' -- "$cur")
		return
		;;
	esac
	options+=' --help --version'
	((COMP_CWORD == 1)) && options+=' adopt attach health logs resize wait'
	mapfile -t COMPREPLY < <(compgen -W "$options $(ls "${LASH_RUN:-/run/lash}/shim" 2>/dev/null)" -- "$cur")
}
complete -F _shim shim
