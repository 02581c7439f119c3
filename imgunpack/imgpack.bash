# bash completion for imgpack
_imgpack()
{
	local cur=$2 prev=$3
	case $prev in
	--layer | --merged | --since | --upper)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--compress)
		mapfile -t COMPREPLY < <(compgen -W 'gzip zstd none' -- "$cur")
		return
		;;
	--clear)
		mapfile -t COMPREPLY < <(compgen -W 'cmd entrypoint env expose health label onbuild shell stop-signal
			user volume workdir' -- "$cur")
		return
		;;
	--tar)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'new add index squash layer --help --version' -- "$cur")
	elif [[ $cur == -* && ${COMP_WORDS[1]} == layer ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--help --compress --content --merged --root --rootless --since --upper' -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--help --author --clear --cmd --comment --compress --content
			--created-by --env --entrypoint --expose --health-cmd --health-interval --health-retries
			--health-start-period --health-timeout --label --layer --merged --no-healthcheck --onbuild
			--platform --root --rootless --shell --since --stop-signal --tag --tar --upper --user --volume
			--workdir' -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	fi
}
complete -F _imgpack imgpack
