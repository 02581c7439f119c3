# bash completion for record
_record()
{
	local cur=$2
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'new put find lock await attend status ls inspect network rename ended rm --help --version' -- "$cur")
		return
	fi
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--spare --timeout --else --all --quiet --no-trunc --last --latest --filter --format --json --volumes --help --version' -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _record record
