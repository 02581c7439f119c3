# runc-check.bats - everything that is wrong with a bundle, told without making anything.
# shellcheck shell=bash disable=SC2154

load lib/common
load lib/runc

setup_file() {
	runc_setup_file
}

setup() {
	runc_setup
}

teardown() {
	runc_teardown
}

@test "runc check: a bundle that is right has nothing to be said of" {
	run --separate-stderr rc check -b "$bundle"
	assert_status 0
	assert_empty "$output$stderr"
	runc spec --rootless -b "$BATS_TEST_TMPDIR"
	mkdir "$BATS_TEST_TMPDIR/rootfs"
	run --separate-stderr rc check -b "$BATS_TEST_TMPDIR"
	assert_output ""
	[ ! -e "$root" ]
}

@test "runc check: tells every fault with its JSON pointer" {
	configure '.ociVersion = "9" | .process.cwd = "x" | .process.args = [] | .process.env += ["A"] |
		.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 1}, {type: "RLIMIT_X", soft: 0, hard: 0},
			{type: "RLIMIT_NOFILE", soft: 2, hard: 1}] |
		.process.capabilities.bounding += ["CAP_NOSUCH"] |
		.mounts += [{type: "tmpfs"}, {destination: "/a", source: "/nosuch", options: ["bind"]},
			{destination: "/b", type: 7}, {destination: "/c"}] |
		.linux.namespaces |= map(select(.type != "cgroup")) | .linux.namespaces += [{type: "user"}, {type: "nosuch"}, {type: "time", path: "/etc/passwd"}] |
		.linux.resources.memory = {limit: "1"} | .linux.resources.pids = {limit: true} |
		.linux.rootfsPropagation = "up" |
		.linux.seccomp = {defaultAction: "SCMP_ACT_NOSUCH"} |
		.hooks = {createRuntime: [{path: "/bin/sh"}, {path: "/nosuch"}], poststop: [{args: ["x"]}]} |
		.annotations = {"a/b.c~d": 5}'
	run --separate-stderr rc check --bundle "$bundle"
	assert_status 1
	assert_empty "$stderr" stderr
	sort <<<"$output" >"$BATS_TEST_TMPDIR/got"
	diff -u "$BATS_TEST_TMPDIR/got" - <<-'END'
		/annotations/a~1b.c~0d: string wanted, number found
		/hooks/createRuntime/1/path: '/nosuch': No such file or directory
		/hooks/poststop/0/path: missing
		/linux/gidMappings: missing for a new user namespace
		/linux/namespaces/6/type: unknown value 'nosuch'
		/linux/namespaces/7/path: no namespace of this type
		/linux/resources/memory/limit: number wanted, string found
		/linux/resources/pids/limit: number wanted, boolean found
		/linux/rootfsPropagation: unknown value 'up'
		/linux/seccomp/defaultAction: unknown action 'SCMP_ACT_NOSUCH'
		/linux/uidMappings: missing for a new user namespace
		/mounts/10/type: missing
		/mounts/7/destination: missing
		/mounts/8/source: '/nosuch': No such file or directory
		/mounts/9/type: string wanted, number found
		/ociVersion: '9' is not a 1.x version
		/process/args: args must not be empty
		/process/capabilities/bounding/3: unknown capability
		/process/cwd: Cwd must be an absolute path
		/process/env/2: not NAME=VALUE
		/process/rlimits/1/type: unknown value 'RLIMIT_X'
		/process/rlimits/2: soft is above hard
	END
	jq 'del(.. | .seccomp?) | .annotations = {"run.oci.handler": "krun", "run.oci.mount_context_type": "x", "x": "y"}' "$bundle/config.json" >"$bundle/handler.json"
	run --separate-stderr rc check -b "$bundle" -f handler.json
	assert_line "/annotations/run.oci.handler: not supported: 'krun'"
	assert_line "/annotations/run.oci.mount_context_type: no such context"
	run --separate-stderr rc check --json -b "$bundle"
	assert_status 1
	[ "$(jq -r '.pointer + ": " + .reason' <<<"$output" | sort)" = "$(cat "$BATS_TEST_TMPDIR/got")" ]
}

@test "runc check: what is no object, no JSON or no file is said to be so" {
	echo '[]' >"$bundle/config.json"
	run --separate-stderr rc check -b "$bundle"
	assert_status 1
	assert_output ": object wanted, array found"
	echo '{"ociVersion":' >"$bundle/config.json"
	run --separate-stderr rc check -b "$bundle"
	assert_status 1
	[[ $output == ": "?* && $output != *$'\n'* ]] || fail "$output"
	local notify='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	configure "$notify"
	run --separate-stderr rc check -b "$bundle"
	assert_output "/linux/seccomp/listenerPath: missing"
	RUN_OCI_SECCOMP_RECEIVER=/x rc check -b "$bundle"
	configure "$notify"' | .annotations = {"run.oci.seccomp.receiver": "/x"}'
	rc check -b "$bundle"
	echo '{}' >"$bundle/config.json"
	run --separate-stderr rc check -b "$bundle"
	assert_status 1
	[[ $output == *"/ociVersion: missing"*"/root: missing"* ]] || fail "$output"
	rm "$bundle/config.json"
	run --separate-stderr rc check -b "$bundle"
	assert_status 1
	[[ $stderr == *'JSON specification file config.json not found'* ]] || fail "$stderr"
	configure .
	jq '.root.path = "nosuch" | .process.args = ["/bin/nosuch"]' "$bundle/config.json" >"$bundle/other.json"
	run --separate-stderr rc check -b "$bundle" -f other.json
	assert_output "/root/path: 'nosuch': No such file or directory"
	jq '.process.args = ["/bin/nosuch"]' "$bundle/config.json" >"$bundle/other.json"
	run --separate-stderr rc check -b "$bundle" -f other.json
	assert_output "/process/args/0: '/bin/nosuch' in the root: No such file or directory"
}
