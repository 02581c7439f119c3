# bash completion for args
_args()
{
	local cur=$2
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W ' --help --version' -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _args args
