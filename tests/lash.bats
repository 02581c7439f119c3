#!/usr/bin/env bats
# lash itself: help, misuse, settings, and the chain it prints.
# shellcheck disable=SC2154,SC2016

load lib/common
load lib/engine

setup_file() {
	need root
	engine_setup
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	engine_teardown
}

verbs=(run create start stop restart kill pause unpause rm rename ps logs exec attach wait top port inspect images
	pull import tag rmi volume network info version env)

@test "lash: --help lists every verb, and every verb has help of its own" {
	run --separate-stderr lash --help
	assert_status 0
	help=$output
	for verb in "${verbs[@]}"; do
		[[ $help == *"  $verb "* ]] || fail "--help lacks $verb"
		run --separate-stderr lash "$verb" --help
		assert_status 0
		assert_empty "$stderr" "$verb --help: stderr"
		[[ $output == 'usage: lash'* ]] || fail "$verb --help: $output"
	done
}

@test "lash: misuse is one line and 125, whatever the verb" {
	run --separate-stderr lash
	assert_status 125
	assert_one_line 'lash: a verb is missing*'
	run --separate-stderr lash nosuchverb
	assert_status 125
	assert_one_line "lash: unknown verb 'nosuchverb'*"
	run --separate-stderr lash --no-such-option
	assert_status 125
	assert_one_line "lash: unknown option '--no-such-option'*"
	for verb in run create start stop kill pause unpause rm rename logs exec attach wait top port inspect images pull \
		import tag rmi volume network info version env; do
		run --separate-stderr lash "$verb" --no-such-option
		assert_status 125
		[[ $stderr != *$'\n'* ]] || fail "$verb: $stderr"
		assert_empty "$output" "$verb: stdout"
	done
}

@test "lash: verbs that need a container say so, and which one is missing" {
	for verb in start stop kill rm logs attach wait inspect port pause unpause top; do
		run --separate-stderr lash "$verb" nosuch
		assert_status 1
		assert_empty "$output" "$verb: stdout"
		assert_one_line '*no such *nosuch*'
		run --separate-stderr lash "$verb"
		assert_status 125
	done
}

@test "lash: docker's management commands are the same verbs" {
	lash container run -d --name one box sleep 100
	run --separate-stderr lash container ls --format '{{.Names}}'
	assert_output one
	run --separate-stderr lash image ls -q
	assert_status 0
	[ "${#output}" -eq 12 ]
	lash container rm -f one
}

@test "lash env: what it prints makes the programs found" {
	run --separate-stderr env -u LASH_ROOT LASH_LIBEXEC="$LASH_LIBEXEC" PATH=/usr/bin:/bin "$LASH_LIBEXEC/lash" env
	assert_status 0
	run --separate-stderr env -i sh -c "$output"'; command -v bundle && echo "$LASH_ROOT"'
	assert_line "$LASH_LIBEXEC/bundle"
	assert_line /var/lib/lash
}

@test "lash version, info: are there" {
	run --separate-stderr lash version
	assert_status 0
	assert_line 'runc *'
	run --separate-stderr lash info
	assert_line 'Containers: 0'
	assert_line 'Images: 1'
	run --separate-stderr lash --version
	assert_line 'lash (lash) *'
}

@test "lash -n: changes nothing" {
	run --separate-stderr lash -n run -d --name web -p 8080:80 -m 64m box httpd -f
	assert_status 0
	assert_line 'shim *'
	assert_line 'netns add -p 8080:80 *'
	[ ! -e "$LASH_ROOT/names/web" ]
	assert_empty "$(netns ls)"
}

@test "lash -n: what it prints gives the same container" {
	lash run -d --name direct --hostname h -m 32m -e "Q=it's \"quoted\" \$HOME" box sh -c 'echo "$Q" > /said; sleep 100'
	lash -n run -d --name pasted --hostname h -m 32m -e "Q=it's \"quoted\" \$HOME" box sh -c 'echo "$Q" > /said; sleep 100' \
		>chain
	run --separate-stderr sh -eu chain
	assert_status 0
	for name in direct pasted; do
		run --separate-stderr lash exec "$name" cat /said
		assert_output "it's \"quoted\" \$HOME"
		id=$(record find "$name")
		jq -S 'del(.root.path,.linux.cgroupsPath,.linux.namespaces) | .mounts |= map(del(.source))' \
			"$LASH_ROOT/containers/$id/config.json" >"$name.json"
	done
	cmp direct.json pasted.json
	run --separate-stderr lash ps --format '{{.Names}} {{.State}} {{.Command}}'
	assert_line 'pasted running *'
	lash rm -f pasted
	run --separate-stderr lash ps -a --format '{{.Names}}'
	assert_output direct
}

@test "lash -n: a foreground run and a start can be pasted too" {
	lash -n run --rm --network none --name fore box echo pasted >chain
	run --separate-stderr sh -eu chain
	assert_status 0
	assert_output pasted
	assert_empty "$(lash ps -aq)"
	lash create --name made --network none box echo started
	lash -n start -a made >chain
	run --separate-stderr sh -eu chain
	assert_output started
}

@test "lash -x: prints the chain on stderr and runs it" {
	run --separate-stderr lash -x run --rm --network none box echo out
	assert_status 0
	assert_output out
	[[ $stderr == *'+ imgunpack '*'+ bundle create '*'+ shim '* ]]
}

@test "lash: not root is one line" {
	need setpriv
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups env -u LASH_ROOT HOME=/nonexistent \
		XDG_RUNTIME_DIR=/nonexistent lash run box true
	assert_status 125
	assert_one_line 'lash*'
}
