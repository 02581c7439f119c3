# bash completion for volume
_volume()
{
	local cur=$2
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'fill inspect --help --version' -- "$cur")
		return
	fi
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--volumes --help --version' -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _volume volume
