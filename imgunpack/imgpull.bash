# bash completion for imgpull
_imgpull()
{
	local cur=$2 prev=$3
	case $prev in
	--authfile | --tls-ca | --verify)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--platform)
		mapfile -t COMPREPLY < <(compgen -W 'linux/amd64 linux/arm64 linux/arm/v7 linux/386 linux/riscv64' -- "$cur")
		return
		;;
	--creds | --tries | --timeout | -j | --jobs) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--platform --all-platforms --json --verify --creds --authfile --tls-ca --insecure --jobs --tries --timeout
			--quiet --help --version' -- "$cur")
	else
		compopt -o nospace -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	fi
}
complete -F _imgpull imgpull
