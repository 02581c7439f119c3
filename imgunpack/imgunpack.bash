# bash completion for imgunpack
_imgunpack()
{
	local cur=$2 prev=$3
	case $prev in
	--overlay | --layers)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--platform)
		mapfile -t COMPREPLY < <(compgen -W 'linux/amd64 linux/arm64 linux/arm/v7' -- "$cur")
		return
		;;
	--max-*) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--help --version --gid-map --keep-ids --layers --max-depth --max-entries
			--max-ratio --max-size --no-devices --overlay --platform --sync --uid-map --volatile' -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	fi
}
complete -F _imgunpack imgunpack
