# bash completion for etcfiles
_etcfiles()
{
	local cur=$2
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--hostname --domainname --net --host-network --dns --dns-search --dns-option --add-host --help --version' -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _etcfiles etcfiles
