# bash completion for rows
_rows()
{
	local cur=$2
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--header --set --help --version' -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _rows rows
