# shellcheck shell=dash disable=SC2034,SC2154
# chain.sh - running the steps of a chain, or printing them.
# Defines: step, step_to, step_error, fetch_image, quote (sets $quoted), introduce, is_printing.
# Reads: step_error, LASH_CHAIN ("print": only print, "show": print and run, unset: run).

is_printing() {
	[ "${LASH_CHAIN-}" = print ]
}

# quote ARG... - set $quoted to words a shell reads back as ARG..., with $d and $id for what they stand for.
quote() {
	quoted=''
	for word; do
		case $word in
		'' | *[!A-Za-z0-9_./:=@%+,-]*) quote_word ;;
		*) shorten_word ;;
		esac
		quoted=$quoted${quoted:+ }$word
	done
}

# shorten_word - $d for the container's directory, $id for its ID, once they were introduced.
shorten_word() {
	[ -n "${chain_id-}" ] || return 0
	case $word in
	"$chain_dir" | "$chain_dir"/*) word="\$d${word#"$chain_dir"}" ;;
	*:"$chain_dir"/*) word="${word%%"$chain_dir"*}\$d${word#*"$chain_dir"}" ;;
	"$chain_id" | */"$chain_id") word="${word%"$chain_id"}\$id" ;;
	esac
}

# introduce ID DIR - what follows is about this container.
introduce() {
	[ -n "${LASH_CHAIN-}" ] || return 0
	case $2 in
	*[!A-Za-z0-9_./:=@%+,-]*) return 0 ;;
	esac
	# shellcheck disable=SC2016 # $id is for the shell that reads what we print
	if is_printing; then
		printf 'id=%s\nd=%s/$id\n' "$1" "${2%/*}"
	else
		printf '+ id=%s\n+ d=%s/$id\n' "$1" "${2%/*}" >&2
	fi
	chain_id=$1 chain_dir=$2
}

# quote_word - put $word into single quotes; those within become '\''.
quote_word() {
	rest=$word
	word="'"
	while :; do
		case $rest in
		*\'*) word="$word${rest%%\'*}'\\''" rest=${rest#*\'} ;;
		*) break ;;
		esac
	done
	word="$word$rest'"
}

show_step() {
	quote "$@"
	if is_printing; then
		printf '%s%s\n' "$quoted" "${step_tail-}"
	else
		printf '+ %s%s\n' "$quoted" "${step_tail-}" >&2
	fi
}

# step COMMAND [ARG]... - run a step of the chain.
step() {
	[ -z "${LASH_CHAIN-}" ] || show_step "$@"
	is_printing || "$@"
}

# step_error FILE COMMAND [ARG]... - run it with stderr into FILE, for the caller to look at.
step_error() {
	err=$1
	shift
	[ -z "${LASH_CHAIN-}" ] || show_step "$@"
	is_printing || "$@" 2>"$err"
}

# step_to FILE COMMAND [ARG]... - run it with stdout into FILE, and stderr into $step_error where that is set.
step_to() {
	out=$1
	shift
	if [ -n "${LASH_CHAIN-}" ]; then
		quote "$out"
		step_tail=" >$quoted"
		show_step "$@"
		step_tail=''
	fi
	if is_printing; then
		return
	fi
	if [ -n "${step_error-}" ]; then
		"$@" >"$out" 2>"$step_error"
	else
		"$@" >"$out"
	fi
}

# fetch_image [OPTION]... SOURCE LAYOUT:TAG - pull an image, its layers unpacked as they come; its digest into $fetch_out.
fetch_image() (
	if [ -n "${LASH_CHAIN-}" ]; then
		quote imgctl unpack --follow --layers "$LASH_ROOT/layers" "$LASH_ROOT/images"
		step_tail=" | $quoted${fetch_out:+ >$fetch_out}"
		show_step imgpull --json "$@"
		step_tail=''
	fi
	if is_printing; then
		return
	fi
	[ -z "${fetch_out-}" ] || exec >"$fetch_out"
	imgpull --json "$@" | imgctl unpack --follow --layers "$LASH_ROOT/layers" "$LASH_ROOT/images"
)
