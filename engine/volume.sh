# shellcheck shell=dash disable=SC2034,SC2154
# volume.sh - manage volumes: directories below $LASH_ROOT/volumes.

VERB='volume'
USAGE='volume ls [-q] | create [NAME] | rm [-f] NAME... | inspect NAME... | prune'
HELP='Manage volumes.

options:
  -q, --quiet                    only names
  -f, --force                    rm: a volume that is not there is no error'
volumes=$LASH_ROOT/volumes

# check_name NAME - docker's rule for names.
check_name() {
	case $1 in
	? | [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) usage_die "invalid volume name '$1'" ;;
	esac
}

# user_of NAME - set $user to a container that mounts the volume.
user_of() {
	for list in "$LASH_ROOT"/containers/*/volumes; do
		[ -f "$list" ] || continue
		while IFS='	' read -r _ used _; do
			[ "$used" != "$1" ] || {
				user=${list%/volumes} && user=${user##*/}
				return 0
			}
		done <"$list"
	done
	return 1
}

list_volumes() {
	[ -n "${quiet-}" ] || printf 'DRIVER    VOLUME NAME\n'
	for volume in "$volumes"/*/_data; do
		[ -d "$volume" ] || continue
		volume=${volume%/_data}
		printf '%s%s\n' "${quiet:-local     }" "${volume##*/}"
	done
}

create_volume() {
	name=${1-}
	[ -n "$name" ] || IFS= read -r name </proc/sys/kernel/random/uuid
	check_name "$name"
	[ -d "$volumes" ] || mkdir -p "$volumes"
	chmod 711 "$volumes"
	[ -d "$volumes/$name" ] || mkdir -m 711 "$volumes/$name"
	[ -d "$volumes/$name/_data" ] || mkdir -m 755 "$volumes/$name/_data"
	printf '%s\n' "$name"
}

remove_volume() {
	check_name "$1"
	if user_of "$1"; then
		warn "volume $1 is in use by container ${user%"${user#????????????}"}"
		return 1
	fi
	if [ ! -d "$volumes/$1" ] && [ -z "${force-}" ]; then
		warn "no such volume: $1"
		return 1
	fi
	rm -rf --one-file-system "${volumes:?}/$1" && printf '%s\n' "$1"
}

verb=${1-}
case $verb in
--help) show_help ;;
'') usage_die "need ls, create, rm, inspect or prune" ;;
esac
shift
quiet='' force=''
while :; do
	case ${1-} in
	-q | --quiet) quiet=' ' ;;
	-f | --force) force=1 ;;
	--help) show_help ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done

rc=0
case $verb in
ls | list) list_volumes ;;
create) create_volume "$@" ;;
rm | remove)
	[ $# -gt 0 ] || usage_die "need a volume"
	for name; do
		remove_volume "$name" || rc=1
	done
	;;
inspect)
	[ $# -gt 0 ] || usage_die "need a volume"
	exec volume inspect "$@"
	;;
prune)
	for marked in "$volumes"/*/anonymous; do
		[ -f "$marked" ] || continue
		name=${marked%/anonymous} && name=${name##*/}
		user_of "$name" || remove_volume "$name" || rc=1
	done
	;;
*) usage_die "unknown verb '$verb'" ;;
esac
exit "$rc"
