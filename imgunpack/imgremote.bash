# bash completion for imgremote
_imgremote()
{
	local cur=$2 prev=$3
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'catalog inspect referrers rm tags --help --version' -- "$cur")
		return
	fi
	case $prev in
	--authfile | --tls-ca)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--creds | --tries | --timeout | --artifact-type) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--creds --authfile --tls-ca --insecure --tries --timeout
			--raw --artifact-type --help' -- "$cur")
	fi
}
complete -F _imgremote imgremote
