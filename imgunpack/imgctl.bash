# bash completion for imgctl
_imgctl()
{
	local cur=$2 options
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'diff du gc history inspect load ls mount ref rm save sign signed tag umount unpack verify --help --version' -- "$cur")
		return
	fi
	case ${COMP_WORDS[1]} in
	ls) options='--json --quiet' ;;
	inspect) options='--manifest --index --platform' ;;
	history) options=--json ;;
	diff) options='--content --json --layers --platform' ;;
	du) options='--json --layers' ;;
	gc) options='--dry-run --layers' ;;
	mount) options='--layers --platform' ;;
	umount | verify) options=--layers ;;
	sign) options='--hook --identity' ;;
	signed) options=--hook ;;
	unpack) options='--follow --layers --platform' ;;
	ref) options=--familiar ;;
	rm) options=--layers ;;
	save) options='--output --platform' ;;
	load) options='--full --input' ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$cur")
		return
	fi
	compopt -o nospace -o filenames
	mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	# LAYOUT:TAG; ':' ends a word for readline, so the tag is a word of its own.
	if [[ $cur == *:* && -e ${cur%%:*}/oci-layout ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(imgctl ls -q "${cur%%:*}" 2>/dev/null)" -P "${cur%%:*}:" -- "${cur#*:}")
	fi
}
complete -F _imgctl imgctl
