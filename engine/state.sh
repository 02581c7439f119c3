# shellcheck shell=dash disable=SC2034,SC2154
# state.sh - one container's record: one directory, one value a file.
# Defines: find_container (sets $id $status $pid $code $dir), state_get (sets $value), state_lines (sets $value).
# Reads: LASH_ROOT.

# find_container NAME - resolve it, and ask the kernel what it is doing.
find_container() {
	found=$(record status "$1" 2>&1) || {
		warn "${found#record status: }"
		return 1
	}
	# shellcheck disable=SC2086 # four words of ours
	set -- $found
	id=$1 status=$2 pid=$3 code=$4
	dir=$LASH_ROOT/containers/$id
}

# state_get NAME - set $value; empty where there is none.
state_get() {
	value=''
	[ ! -f "$dir/$1" ] || IFS= read -r value <"$dir/$1" || :
}

# state_lines NAME - set $value to all lines of a list.
state_lines() {
	value=''
	[ -f "$dir/$1" ] || return 0
	while IFS= read -r line; do
		value=$value${value:+$NL}$line
	done <"$dir/$1"
}
