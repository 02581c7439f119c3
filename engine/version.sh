# shellcheck shell=dash disable=SC2034,SC2154
# version.sh - print versions.

VERB='version'
USAGE='version [--short]'
HELP='Print versions.'
case ${1-} in
--help) show_help ;;
--short)
	printf 'lash (lash) %s\n' "$LASH_VERSION"
	exit 0
	;;
'') ;;
*) usage_die "unknown option '$1'" ;;
esac
printf 'lash     %s\n' "$LASH_VERSION"
for program in runc shim netns cgctl bundle imgpull imgunpack imgctl imgpack; do
	text=$("$program" --version 2>/dev/null) || text='not installed'
	text=${text%%"$NL"*}
	printf '%-9s%s\n' "$program" "${text##* }"
done
