# shellcheck shell=dash disable=SC2034,SC2154
# env.sh - print settings to use the small programs by hand.

VERB='env'
USAGE='env'
HELP="Print settings to use the small programs by hand, for a shell to evaluate."
case ${1-} in
--help) show_help ;;
?*) usage_die "unknown option '$1'" ;;
esac
quote "$LASH_LIBEXEC"
printf "PATH=%s:\$PATH\n" "$quoted"
for name in LASH_LIBEXEC LASH_ROOT LASH_RUN LASH_ETC; do
	case $name in
	LASH_LIBEXEC) quote "$LASH_LIBEXEC" ;;
	LASH_ROOT) quote "$LASH_ROOT" ;;
	LASH_RUN) quote "$LASH_RUN" ;;
	LASH_ETC) quote "$LASH_ETC" ;;
	esac
	printf '%s=%s\n' "$name" "$quoted"
done
printf 'export PATH LASH_LIBEXEC LASH_ROOT LASH_RUN LASH_ETC\n'
