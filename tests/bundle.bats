# bundle.bats - config.json from options and images, and what runtimes make of it.
# shellcheck shell=bash disable=SC2154
load lib/common

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p rootfs/etc
	printf 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/:/bin/sh\n' >rootfs/etc/passwd
	printf 'root:x:0:\nwheel:x:10:root,web\nweb:x:34:\n' >rootfs/etc/group
}

teardown() {
	local id
	for id in ${started-}; do
		runc delete --force "$id" >/dev/null 2>&1 || true
		crun delete --force "$id" >/dev/null 2>&1 || true
	done
}

# create OPTION... - without an image, into config.json.
create() {
	bundle create --no-image "$@" -- true >config.json
}

# value PATH - of config.json, as one line of JSON.
value() {
	bundle get --json config.json "$1"
}

assert_value() {
	local got
	got=$(value "$1")
	[ "$got" = "$2" ] || fail "$1: $got" "want: $2"
}

@test "bundle: --help lists the verbs, misuse is one line and 2" {
	run --separate-stderr bundle --help
	assert_status 0
	assert_line '*create*'
	run --separate-stderr bundle
	assert_status 2
	assert_one_line 'bundle: a verb is missing*'
	run --separate-stderr bundle create --no-such-option
	assert_status 2
	assert_one_line "bundle create: unknown option '--no-such-option'*"
}

@test "bundle create: defaults are docker's" {
	create
	assert_value process.args '["true"]'
	assert_value process.cwd '"/"'
	assert_value root.path '"rootfs"'
	assert_value 'process.env' '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'
	[ "$(bundle get --json config.json process.capabilities.bounding | tr , '\n' | wc -l)" -eq 14 ]
	run bundle get config.json linux.readonlyPaths
	assert_output "$(printf '/proc/%s\n' bus fs irq sys sysrq-trigger)"
	assert_value linux.seccomp.defaultAction '"SCMP_ACT_ERRNO"'
	assert_value 'linux.sysctl[net.ipv4.ip_unprivileged_port_start]' '"0"'
	bundle check
}

@test "bundle create: merges the image as docker does" {
	cat >image.json <<-'END'
		{"config":{"User":"web","Env":["A=1","B=2"],"Entrypoint":["/entry"],"Cmd":["x","y"],"WorkingDir":"/w",
		"Labels":{"l":"v"},"StopSignal":"SIGINT"}}
	END
	bundle create -e B=3 <image.json >config.json
	assert_value process.args '["/entry","x","y"]'
	assert_value process.cwd '"/w"'
	assert_value process.user '{"uid":33,"gid":34,"additionalGids":[34,10]}'
	assert_value 'annotations[org.opencontainers.image.stopSignal]' '"SIGINT"'
	assert_value annotations.l '"v"'
	bundle get config.json process.env | grep -qx B=3
	bundle create -- z <image.json >config.json
	assert_value process.args '["/entry","z"]'
	bundle create --entrypoint /other <image.json >config.json
	assert_value process.args '["/other"]'
	bundle create --entrypoint '' -- z <image.json >config.json
	assert_value process.args '["z"]'
}

@test "bundle create: an image without a command needs one" {
	run --separate-stderr bundle create <<<'{}'
	assert_status 1
	assert_empty "$output"
	assert_one_line 'bundle create: no command: *'
}

@test "bundle create: what is no image is refused, and nothing printed" {
	local text
	for text in '' '[]' '{"config":[]}' '{' 'nonsense'; do
		run --separate-stderr bundle create -- true <<<"$text"
		assert_status 1
		assert_empty "$output"
		assert_one_line 'bundle create: *'
	done
}

@test "bundle create: environment comes from the image, files, then options, and a bare name from the caller" {
	printf '# comment\n  F=file # kept\nE=file\nHERE\nNOT_SET_HERE\n' >"env"
	HERE=there bundle create --no-image --env-file env -e E=option -e HERE -- true >config.json
	run bundle get config.json process.env
	assert_line 'F=file # kept'
	assert_line 'E=option'
	assert_line 'HERE=there'
	[[ $output != *NOT_SET_HERE* ]]
	bundle create -e GONE -- true <<<'{"config":{"Env":["GONE=1","A=1"]}}' >config.json
	run bundle get config.json process.env
	[[ $output != *GONE* ]]
}

@test "bundle create: users and groups are looked up in the root file system" {
	create -u web
	assert_value process.user '{"uid":33,"gid":34,"additionalGids":[34,10]}'
	create -u web:wheel
	assert_value process.user '{"uid":33,"gid":10,"additionalGids":[10]}'
	create -u 1000 --group-add wheel --group-add 5
	assert_value process.user '{"uid":1000,"gid":0,"additionalGids":[0,10,5]}'
	run --separate-stderr bundle create --no-image -u nosuch -- true
	assert_status 1
	assert_one_line "bundle create: no user 'nosuch' in the image"
}

@test "bundle create: passwd and group are never read outside the root file system" {
	printf 'evil:x:0:0::/:\n' >outside
	ln -sfn ../outside rootfs/etc/passwd
	run --separate-stderr bundle create --no-image -u evil -- true
	assert_status 1
	assert_one_line "*no user 'evil'*"
	ln -sfn "$PWD/outside" rootfs/etc/passwd
	run --separate-stderr bundle create --no-image -u evil -- true
	assert_status 1
	rm -f rootfs/etc/passwd
	mkfifo rootfs/etc/passwd
	run --separate-stderr timeout 20 bundle create --no-image -u 5 -- true
	assert_status 1
	assert_one_line '*passwd and group*'
}

@test "bundle create: mounts in all three forms, parents first" {
	mkdir src
	create -v "$PWD/src:/a/b:ro" --tmpfs /a:size=1m --mount "type=bind,src=$PWD/src,dst=/c,bind-propagation=rslave"
	assert_value 'mounts[7].destination' '"/c"'
	assert_value 'mounts[8].destination' '"/a"'
	assert_value 'mounts[9]' \
		"{\"destination\":\"/a/b\",\"type\":\"bind\",\"source\":\"$PWD/src\",\"options\":[\"rbind\",\"rprivate\",\"ro\"]}"
	assert_value 'mounts[7].options' '["rbind","rslave"]'
	assert_value 'mounts[8].options' '["noexec","nosuid","nodev","size=1m"]'
}

@test "bundle create: a mount replaces the default at the same place" {
	mkdir src
	create -v "$PWD/src:/dev/shm"
	[ "$(bundle get --json config.json mounts | grep -o '"/dev/shm"' | wc -l)" -eq 1 ]
	create --tmpfs /dev
	[[ $(bundle get --json config.json mounts) != */dev/pts* ]]
}

@test "bundle create: volumes need a place, and are listed for who makes them" {
	run --separate-stderr bundle create --no-image -v data:/data -- true
	assert_status 2
	assert_one_line '*--volumes DIR*'
	bundle create --volumes /vols --volume-list list -v data:/data:nocopy -v "$PWD/missing:/m" \
		<<<'{"config":{"Cmd":["x"],"Volumes":{"/v":{}}}}' >config.json
	assert_value 'mounts[7].source' '"/vols/data/_data"'
	grep -qx $'named\tdata\t/data\tnocopy' list
	grep -qE $'^anonymous\t[0-9a-f]{64}\t/v\tcopy$' list
	grep -qx "dir	$PWD/missing" list
	bundle create --no-image --volumes /vols --volume-list none -- true >config.json
	[ ! -e none ]
}

@test "bundle create: resources" {
	create -m 64m --memory-reservation 32m --cpus 1.5 --cpu-shares 512 --cpuset-cpus 0 --pids-limit 20 --blkio-weight 100
	assert_value linux.resources.memory.limit 67108864
	assert_value linux.resources.memory.reservation 33554432
	assert_value linux.resources.cpu '{"quota":150000,"period":100000,"shares":512,"cpus":"0"}'
	assert_value linux.resources.pids.limit 20
	assert_value linux.resources.blockIO.weight 100
	create --pids-limit 0
	assert_value linux.resources.pids.limit -1
}

@test "bundle create: options that make no sense are misuse, and nothing is printed" {
	local option
	for option in '-m 1' '-m x' '--cpus 0' '--cpus x' '--cpus 1 --cpu-quota 5' '--pids-limit x' '-w rel' '--shm-size 0' \
		'--ulimit nofile' '--ulimit nofile=2:1' '--ulimit x=1' '--cap-add NOPE' '--security-opt nope' '--sysctl a' \
		'--netns nope' '--hostname a/b' '--uts host --hostname a' '--netns host --sysctl net.ipv4.ip_forward=1' \
		'-v a:b' '-v /a:/' '--mount type=x,dst=/a' '--device rel' '--device-cgroup-rule x' '--hook x=/y' \
		'--oom-score-adj 2000' '--stop-signal NOPE' '--blkio-weight 5' '-e =x' '--tmpfs t' '-v /a:/b -v /c:/b'; do
		# shellcheck disable=SC2086 # several words
		run --separate-stderr bundle create --no-image $option -- true
		assert_status 2
		assert_empty "$output" "$option: stdout"
		assert_one_line 'bundle create: *'
	done
}

@test "bundle create: capabilities add, drop and ALL" {
	create --cap-drop ALL --cap-add net_bind_service
	assert_value process.capabilities.effective '["CAP_NET_BIND_SERVICE"]'
	create --cap-drop NET_RAW
	[[ $(value process.capabilities.bounding) != *NET_RAW* ]]
	create --cap-add ALL --cap-drop SYS_ADMIN
	[[ $(value process.capabilities.bounding) == *CAP_SYS_PTRACE* ]]
	[[ $(value process.capabilities.bounding) != *SYS_ADMIN* ]]
}

@test "bundle create: the seccomp profile follows capabilities" {
	create
	[[ $(value linux.seccomp.syscalls) != *'"mount"'* ]]
	[[ $(value linux.seccomp.syscalls) == *'{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38}'* ]]
	create --cap-add SYS_ADMIN
	[[ $(value linux.seccomp.syscalls) == *'"mount"'* ]]
	[[ $(value linux.seccomp.syscalls) != *'"errnoRet":38'* ]]
	create --security-opt seccomp=unconfined
	run bundle get config.json linux.seccomp
	assert_status 1
}

@test "bundle create: conditions in a profile file are decided" {
	cat >profile.json <<-'END'
		{"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]},
		{"architecture":"SCMP_ARCH_AARCH64","subArchitectures":["SCMP_ARCH_ARM"]}],"syscalls":[
		{"names":["always"],"action":"SCMP_ACT_ALLOW","comment":"x"},
		{"name":"old","action":"SCMP_ACT_ALLOW"},
		{"names":["admin"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
		{"names":["noadmin"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_SYS_ADMIN"]}},
		{"names":["future"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"99.1"}},
		{"names":["past"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}},
		{"names":["mips"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["mips64"]}}]}
	END
	create --security-opt seccomp=profile.json
	local allow='"action":"SCMP_ACT_ALLOW"'
	assert_value linux.seccomp.syscalls \
		"[{\"names\":[\"always\"],$allow},{$allow,\"names\":[\"old\"]},{\"names\":[\"noadmin\"],$allow},{\"names\":[\"past\"],$allow}]"
	run bundle get config.json linux.seccomp.archMap
	assert_status 1
	run --separate-stderr bundle create --no-image --security-opt seccomp=missing.json -- true
	assert_status 1
	assert_one_line "bundle create: open 'missing.json': No such file or directory"
}

@test "bundle create: --privileged" {
	need root
	create --privileged
	assert_value linux.resources.devices '[{"allow":true,"access":"rwm"}]'
	run bundle get config.json linux.maskedPaths
	assert_status 1
	[[ $(value linux.devices) == *'"/dev/null"'* ]]
	[[ $(value 'mounts[3].options') != *ro* ]]
}

@test "bundle create: devices and rules" {
	create --device /dev/null:/dev/nothing:r --device-cgroup-rule 'c 7:* rw'
	assert_value 'linux.devices[0].path' '"/dev/nothing"'
	assert_value 'linux.resources.devices[8]' '{"allow":true,"type":"c","major":1,"minor":3,"access":"r"}'
	assert_value 'linux.resources.devices[9]' '{"allow":true,"type":"c","major":7,"access":"rw"}'
	run --separate-stderr bundle create --no-image --device /dev/nosuch -- true
	assert_status 1
	assert_one_line "bundle create: stat '/dev/nosuch': No such file or directory"
}

@test "bundle create: namespaces" {
	create --netns /run/netns/x --pid host --ipc none --cgroupns private
	[[ $(value linux.namespaces) == *'{"type":"network","path":"/run/netns/x"}'* ]]
	[[ $(value linux.namespaces) != *'"pid"'* ]]
	[[ $(value linux.namespaces) == *'{"type":"cgroup"}'* ]]
	[[ $(value mounts) != *'/dev/shm'* ]]
	create --netns host
	[[ $(value linux.sysctl) != *net.* ]]
}

@test "bundle create: hooks, annotations, labels, ulimits, sysctls" {
	create --hook createRuntime=/bin/x,-a,b --annotation k=v -l only --ulimit nofile=10:20 --sysctl kernel.msgmax=5 \
		--domainname d --oom-score-adj 7 --security-opt no-new-privileges --security-opt label=type:t --security-opt apparmor=p
	assert_value hooks.createRuntime '[{"path":"/bin/x","args":["/bin/x","-a","b"]}]'
	assert_value annotations '{"only":"","k":"v"}'
	assert_value process.rlimits '[{"type":"RLIMIT_NOFILE","hard":20,"soft":10}]'
	assert_value 'linux.sysctl[kernel.domainname]' '"d"'
	assert_value process.oomScoreAdj 7
	assert_value process.noNewPrivileges true
	assert_value process.selinuxLabel '"system_u:system_r:t:s0"'
	assert_value process.apparmorProfile '"p"'
}

@test "bundle edit: changes what is named and keeps the rest, known or not" {
	create -m 64m
	jq '.["x-vendor"]={a:[1,2.50]} | .process.x="y"' config.json >with.json
	bundle edit -m 32m -e NEW=1 <with.json >config.json
	assert_value linux.resources.memory.limit 33554432
	assert_value process.x '"y"'
	[ "$(jq -c '.["x-vendor"]' config.json)" = "$(jq -c '.["x-vendor"]' with.json)" ]
	bundle get config.json process.env | grep -qx NEW=1
	[ "$(jq -S 'del(.linux.resources.memory,.process.env)' config.json)" = \
		"$(jq -S 'del(.linux.resources.memory,.process.env)' with.json)" ]
}

@test "bundle edit: twice is once" {
	create
	bundle edit -m 32m --cap-add SYS_PTRACE -e A=1 --hostname x --ulimit core=0 <config.json >once
	bundle edit -m 32m --cap-add SYS_PTRACE -e A=1 --hostname x --ulimit core=0 <once >twice
	cmp once twice
}

@test "bundle edit: --process prints a process for exec" {
	create -t
	bundle edit --process -u web -- id -u <config.json >process.json
	[ "$(jq -c '[.terminal,.user.uid,.args]' process.json)" = '[false,33,["id","-u"]]' ]
}

@test "bundle get: paths, arrays, JSON, NUL, and nothing" {
	create -e 'A=x y'
	run bundle get config.json process.env.1
	assert_output 'A=x y'
	run bundle get --json config.json 'process.env[1]'
	assert_output '"A=x y"'
	[ "$(bundle get -0 config.json process.env | tr '\0' '|')" = \
		'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|A=x y|' ]
	run --separate-stderr bundle get config.json no.such.member
	assert_status 1
	assert_empty "$output$stderr"
	bundle get process.cwd <config.json
}

@test "bundle check: names the member and the reason" {
	create
	bundle check
	jq '.mounts[1].destination=5' config.json >x && mv x config.json
	run --separate-stderr bundle check
	assert_status 1
	assert_one_line 'bundle check: config.json: mounts*1*destination: *'
	create
	jq '.linux.seccomp.syscalls[0].action="NOPE"' config.json >x && mv x config.json
	run --separate-stderr bundle check
	assert_status 1
	assert_one_line 'bundle check: config.json: linux.seccomp*'
	create
	rm -r rootfs
	run --separate-stderr bundle check
	assert_status 1
	assert_one_line "bundle check: config.json: root.path: stat 'rootfs': *"
	run --separate-stderr bundle check nosuch
	assert_status 1
	assert_one_line "bundle check: open 'nosuch': *"
}

@test "bundle spec: is valid and runs sh" {
	bundle spec >config.json
	assert_value process.args '["sh"]'
	bundle check
}

# run_on RUNTIME - a container with a bit of everything.
run_on() {
	local id
	id=$(unique)
	started="$started $id"
	rm -rf rootfs
	busybox_rootfs rootfs
	mkdir -p src
	echo shared >src/file
	bundle create --no-image -m 64m --pids-limit 30 --hostname inside -e A=1 -u nobody -w /tmp --tmpfs /t:size=1m \
		-v "$PWD/src:/src:ro" --cgroups-path "/$id" --ulimit nofile=100 --security-opt no-new-privileges \
		-- sh -c 'hostname; id -u; pwd; echo $A; cat /src/file; ulimit -n; touch /src/x 2>/dev/null || echo ro' >config.json
	run --separate-stderr "$1" --root "$PWD/state" run "$id"
	assert_status 0
	assert_output "$(printf '%s\n' inside 65534 /tmp 1 shared 100 ro)"
}

@test "bundle: Debian's runc runs it" {
	need root /usr/sbin/runc
	started=
	run_on /usr/sbin/runc
}

@test "bundle: our runc runs it" {
	need root runc
	started=
	run_on runc
}
