# shellcheck shell=dash disable=SC2034,SC2154
# info.sh - describe this host.

VERB='info'
USAGE='info'
HELP='Describe this host and what is kept on it.'
case ${1-} in
--help) show_help ;;
?*) usage_die "unknown option '$1'" ;;
esac

count() {
	counted=0
	for entry; do
		[ ! -e "$entry" ] || counted=$((counted + 1))
	done
}

lines() {
	counted=0
	while IFS= read -r _; do
		counted=$((counted + 1))
	done <<END
$1
END
	[ -n "$1" ] || counted=0
}

count "$LASH_ROOT"/containers/*
printf 'Containers: %s\n' "$counted"
for state in running paused; do
	list=$(record ls -q --filter status="$state")
	lines "$list"
	printf ' %s: %s\n' "$state" "$counted"
done
list=''
[ ! -f "$LASH_ROOT/images/index.json" ] || list=$(imgctl ls -q "$LASH_ROOT/images")
lines "$list"
printf 'Images: %s\n' "$counted"
printf 'Server Version: %s\nStorage Driver: overlay\nLogging Driver: json-file\n' "$LASH_VERSION"
if [ -f "${LASH_CGROUP:-/sys/fs/cgroup}/cgroup.controllers" ]; then
	cgroup=2
else
	cgroup=1
fi
printf 'Cgroup Driver: cgroupfs\nCgroup Version: %s\n' "$cgroup"
IFS= read -r release </proc/sys/kernel/osrelease
IFS= read -r host </proc/sys/kernel/hostname
printf 'Kernel Version: %s\nOSType: linux\nName: %s\nRoot Dir: %s\nRun Dir: %s\n' "$release" "$host" \
	"$LASH_ROOT" "$LASH_RUN"
