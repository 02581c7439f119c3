# shellcheck shell=dash disable=SC2034,SC2154
# ps.sh - list containers.

VERB='ps'
USAGE='ps [OPTION]...'
HELP="List containers.

options:
  -a, --all                      those that do not run as well
  -q, --quiet                    only IDs
      --no-trunc                 do not shorten
  -n, --last N                   the N newest, in any state
  -l, --latest                   the newest, in any state
  -f, --filter KEY=VALUE         id, name, status, label, ancestor, network, exited
      --format TEMPLATE          {{.ID}} {{.Names}} ..., 'table ...' or json
      --json                     one object a line"
case ${1-} in
--help) show_help ;;
esac
exec record ls "$@"
