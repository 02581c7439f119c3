#!/bin/sh
# shellcheck shell=dash
# lash - containers out of small programs: finds the verb's script and runs it.

# Where the programs were installed; in a tree that was only built they are beside this script.
: "${LASH_LIBEXEC:=@libexecdir@}"
[ -d "$LASH_LIBEXEC/sh" ] || LASH_LIBEXEC=${0%/*}
export LASH_VERSION=@version@
VERB=
USAGE='[-n|-x] VERB [OPTION]... [ARG]...'
HELP="Run and manage containers.

verbs:
  run          make a container of an image and run it
  create       make a container
  start        run a container that was made
  stop         ask containers to end, then make them
  restart      stop and start again
  kill         send a signal
  pause        freeze containers
  unpause      let them go on
  rm           remove containers
  rename       give a container another name
  ps           list containers
  logs         print what a container wrote
  exec         run another program in a container
  attach       connect to a running container
  wait         wait for containers to end, print their exit codes
  top          list a container's processes
  port         list published ports
  inspect      describe containers or images in JSON
  images       list images
  pull         fetch an image from a registry
  push         send an image to its registry
  import       make an image of a directory or an archive
  load         add the images of an archive
  save         write images to an archive
  tag          give an image another name
  rmi          remove images
  image        ls, rm, prune, and the verbs above
  volume       ls, create, rm, inspect, prune
  network      ls, create, rm, inspect, connect, disconnect, prune
  info         describe this host
  version      print versions
  env          print settings to use the small programs by hand

options:
  -n, --dry-run                  print the chain of programs instead of running it
  -x                             print the chain while running it
      --help                     show this help; also behind every verb
      --version                  show the version"

# shellcheck source=engine/base.sh
. "$LASH_LIBEXEC/sh/base.sh"
# shellcheck source=engine/chain.sh
. "$LASH_LIBEXEC/sh/chain.sh"

# The small programs are found through PATH, ours first; lash itself by its full name, also after a chdir.
case :$PATH: in
*:"$LASH_LIBEXEC":*) ;;
*) PATH=$LASH_LIBEXEC:$PATH ;;
esac
case $0 in
/*) LASH=$0 ;;
*/*) LASH=$PWD/$0 ;;
*) LASH=lash ;;
esac
export LASH LASH_LIBEXEC PATH

while :; do
	case ${1-} in
	-n | --dry-run) LASH_CHAIN=print ;;
	-x) LASH_CHAIN=show ;;
	--help) show_help ;;
	--version) set -- version --short ;;
	-*) usage_die "unknown option '$1'" ;;
	*) break ;;
	esac
	export LASH_CHAIN
	[ "$1" = version ] || shift
done
[ $# -gt 0 ] || usage_die "a verb is missing"

# docker's management commands, "container ls", "image rm", are the same verbs.
verb=$1
shift
case "$verb ${1-}" in
'container ls' | 'container list' | 'container ps') verb='ps' && shift ;;
'image ls' | 'image list') verb=images && shift ;;
'image rm') verb=rmi && shift ;;
'image prune') verb=image-prune && shift ;;
'container '[a-z]* | 'image '[a-z]*) verb=$1 && shift ;;
esac
case $verb in
run | create | start | stop | restart | kill | pause | unpause | rm | rename | ps | logs | exec | attach | wait | \
	top | port | inspect | images | pull | push | import | load | save | image-prune | tag | rmi | volume | network | info | version | env) ;;
run-split | create-split | start-locked | unstarted | ended) ;; # our own, see those files
*) usage_die "unknown verb '$verb'" ;;
esac
case $verb in
run | create)
	[ -O / ] || [ "${1-}" = --help ] || FAILURE=125 die "$verb must be run as root"
	;;
start | stop | restart | kill | pause | unpause | rm | rename | exec | attach | top | volume | network)
	[ -O / ] || [ "${1-}" = --help ] || die "$verb must be run as root"
	;;
esac
# shellcheck source=/dev/null
. "$LASH_LIBEXEC/sh/$verb.sh"
