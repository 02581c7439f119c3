# bash completion for imgpack
_imgpack()
{
	local cur=$2 prev=$3
	case $prev in
	--layer | --upper)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--compress)
		mapfile -t COMPREPLY < <(compgen -W 'gzip zstd none' -- "$cur")
		return
		;;
	--tar)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'new add layer --help --version' -- "$cur")
	elif [[ $cur == -* && ${COMP_WORDS[1]} == layer ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--help --compress --upper' -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--help --author --cmd --comment --compress --created-by --env
			--entrypoint --expose --label --layer --platform --stop-signal --tag --tar --upper --user
			--volume --workdir' -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	fi
}
complete -F _imgpack imgpack
