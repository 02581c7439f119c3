# bash completion for imgpush
_imgpush()
{
	local cur=$2 prev=$3
	case $prev in
	--authfile | --tls-ca)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--platform)
		mapfile -t COMPREPLY < <(compgen -W 'linux/amd64 linux/arm64 linux/arm/v7 linux/386 linux/riscv64' -- "$cur")
		return
		;;
	--chunk | --mount-from | --creds | --tries | --timeout | -j | --jobs) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--platform --all-platforms --chunk --mount-from --creds --authfile --tls-ca --insecure --jobs --tries --timeout
			--quiet --json --help --version' -- "$cur")
	else
		compopt -o nospace -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	fi
}
complete -F _imgpush imgpush
