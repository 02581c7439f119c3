# shellcheck shell=dash disable=SC2034,SC2154
# import.sh - make an image of a directory or an archive.

VERB='import'
USAGE='import [-c CHANGE]... DIRECTORY|FILE|- IMAGE'
HELP='Make an image of one layer from a directory or a tar archive; print its digest.

options:
  -c, --change CHANGE            CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR
  -m, --message TEXT             comment in its history
      --platform OS/ARCH         what it is for'

# change_of INSTRUCTION - set $option and $value to what imgpack calls it.
change_of() {
	value=${1#* }
	case $1 in
	[Cc][Mm][Dd]\ *) option=--cmd ;;
	[Ee][Nn][Tt][Rr][Yy]*\ *) option=--entrypoint ;;
	[Ee][Nn][Vv]\ *) option=--env ;;
	[Ee][Xx][Pp]*\ *) option=--expose ;;
	[Ll][Aa][Bb]*\ *) option=--label ;;
	[Ss][Tt][Oo]*\ *) option=--stop-signal ;;
	[Uu][Ss][Ee]*\ *) option=--user ;;
	[Vv][Oo][Ll]*\ *) option=--volume ;;
	[Ww][Oo][Rr]*\ *) option=--workdir ;;
	*) usage_die "change '$1' is not supported" ;;
	esac
	# The shell form of a command is run by the image's shell.
	case $option$value in
	--cmd\[* | --entrypoint\[*) ;;
	--cmd* | --entrypoint*)
		set -- "$value"
		value=$(rows_quote "$1") || exit 1
		;;
	esac
}

rows_quote() {
	bundle spec -- /bin/sh -c "$1" >"$LASH_ROOT/.import.$$" || return 1
	bundle get --json "$LASH_ROOT/.import.$$" process.args
	rm -f "$LASH_ROOT/.import.$$"
}

n=$# source='' image=''
while [ "$n" -gt 0 ]; do
	case $1 in
	--help) show_help ;;
	-c | --change | -m | --message | --platform)
		[ "$n" -gt 1 ] || usage_die "$1 needs a value"
		case $1 in
		-c | --change) change_of "$2" && set -- "$@" "$option" "$value" ;;
		-m | --message) set -- "$@" --comment "$2" ;;
		--platform) set -- "$@" --platform "$2" ;;
		esac
		shift
		n=$((n - 1))
		;;
	--change=*) change_of "${1#*=}" && set -- "$@" "$option" "$value" ;;
	-?*) usage_die "unknown option '$1'" ;;
	*)
		[ -z "$image" ] || usage_die "more than a source and a name"
		[ -n "$source" ] && image=$1 || source=$1
		;;
	esac
	shift
	n=$((n - 1))
done
[ -n "$image" ] || usage_die "need a source and a name"

ref=$(imgctl ref "$image") || exit 1
if [ -d "$source" ]; then
	kind=--layer
else
	kind=--tar
fi
mkdir -p "$LASH_ROOT"
step imgpack new "$kind" "$source" "$@" "$LASH_ROOT/images:$ref"
