#!/usr/bin/env bats
# lash ps, inspect, logs, top, port, exec, attach.
# shellcheck disable=SC2154,SC2016

load lib/common
load lib/engine

setup_file() {
	need root jq
	engine_setup
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	engine_teardown
}

@test "lash ps: the table is docker's" {
	lash run -d --name web -p 8080:80 box sleep 1000
	run --separate-stderr lash ps
	assert_status 0
	[[ ${lines[0]} == 'CONTAINER ID   IMAGE   COMMAND        CREATED '*'STATUS '*'PORTS '*'NAMES' ]]
	[[ ${lines[1]} == ????????????'   box     "sleep 1000"   '*' ago   Up '*'0.0.0.0:8080->80/tcp   web' ]]
	[ "${#lines[@]}" -eq 2 ]
}

@test "lash ps: filters, formats, -q, -n, -l, --no-trunc, --json" {
	lash run --name gone --network none -l role=a box true
	lash run -d --name up --network none -l role=b box sleep 100
	run --separate-stderr lash ps --format '{{.Names}}'
	assert_output up
	run --separate-stderr lash ps -a --format '{{.Names}}:{{.State}}'
	assert_output "$(printf 'up:running\ngone:exited')"
	run --separate-stderr lash ps --filter status=exited --format '{{.Names}}'
	assert_output gone
	run --separate-stderr lash ps -a --filter label=role=a --format '{{.Names}}'
	assert_output gone
	run --separate-stderr lash ps -a --filter name=up --filter name=gone -q
	[ "${#lines[@]}" -eq 2 ]
	run --separate-stderr lash ps -l --format '{{.Names}}'
	assert_output up
	run --separate-stderr lash ps -q --no-trunc
	[ "${#output}" -eq 64 ]
	run --separate-stderr lash ps -a --json
	[ "$(jq -rs 'map(.Names)|join(",")' <<<"$output")" = up,gone ]
	run --separate-stderr lash ps --filter nonsense=1
	[ "$status" -ne 0 ]
	run --separate-stderr lash ps --format '{{range .}}'
	[ "$status" -ne 0 ]
}

@test "lash ps: control bytes of a command do not reach the terminal" {
	lash create --name evil --network none box printf $'\033[31m'
	run --separate-stderr lash ps -a
	[[ $output != *$'\033'* ]]
}

@test "lash inspect: what docker's readers look for" {
	lash run -d --name web -p 8080:80 -m 64m -v "$PWD:/data:ro" -e A=1 -l x=y --hostname h box sleep 100
	lash inspect web >web.json
	[ "$(jq -r '.[0].Name' web.json)" = /web ]
	[ "$(jq -c '.[0].State|[.Status,.Running,.Paused,.OOMKilled,.ExitCode]' web.json)" = '["running",true,false,false,0]' ]
	[ "$(jq -r '.[0].State.Pid' web.json)" -gt 1 ]
	[ "$(jq -c '.[0]|[.Path,.Args]' web.json)" = '["sleep",["100"]]' ]
	[ "$(jq -r '.[0].HostConfig.Memory' web.json)" = 67108864 ]
	[ "$(jq -r '.[0].Config.Hostname' web.json)" = h ]
	[ "$(jq -r '.[0].Config.Labels.x' web.json)" = y ]
	[ "$(jq -c '.[0].Mounts[0]|[.Type,.Destination,.RW]' web.json)" = '["bind","/data",false]' ]
	[ "$(jq -r '.[0].NetworkSettings.Ports["80/tcp"][0].HostPort' web.json)" = 8080 ]
	[[ $(jq -r '.[0].NetworkSettings.Networks.bridge.IPAddress' web.json) == 10.87.* ]]
	[ "$(jq -r '.[0].Image' web.json)" = "$(lash images --no-trunc -q)" ]
	run --separate-stderr lash inspect -f '{{.State.Status}} {{json .Args}}' web
	assert_output 'running ["100"]'
	run --separate-stderr lash inspect web nosuch
	assert_status 1
	assert_empty "$output"
}

@test "lash logs: streams apart, --tail, -t, and -f to the end" {
	lash run -d --name log --network none box sh -c 'echo one; echo two >&2; sleep 1; echo three'
	run --separate-stderr lash logs -f log
	assert_status 0
	assert_output "$(printf 'one\nthree')"
	[ "$stderr" = two ]
	run --separate-stderr lash logs -n 1 log
	assert_output three
	run --separate-stderr lash logs -t log
	[[ ${lines[0]} =~ ^[0-9-]+T[0-9:.]+Z\ one$ ]]
	run --separate-stderr lash logs log --tail=2
	assert_output three
}

@test "lash logs: json-file is rotated as asked" {
	lash run --name big --network none --log-opt max-size=4k --log-opt max-file=2 box seq 1000
	dir=$LASH_ROOT/containers/$(record find big)
	[ -e "$dir/log.1" ]
	[ ! -e "$dir/log.2" ]
	[ "$(lash logs -n 1 big)" = 1000 ]
}

@test "lash port: lists, and finds one" {
	lash run -d --name web -p 8080:80 -p 127.0.0.1:8053:53/udp box sleep 100
	run --separate-stderr lash port web
	assert_line '80/tcp -> 0.0.0.0:8080'
	assert_line '53/udp -> 127.0.0.1:8053'
	run --separate-stderr lash port web 80
	assert_output 0.0.0.0:8080
	run --separate-stderr lash port web 81
	assert_status 1
	assert_one_line '*81/tcp*'
}

@test "lash top: shows the container's processes" {
	lash run -d --name web --network none box sleep 4711
	run --separate-stderr lash top web
	assert_status 0
	assert_line '*sleep 4711*'
}

@test "lash exec: status, streams, environment, directory, user" {
	lash run -d --name web --network none -e A=1 box sleep 100
	run --separate-stderr lash exec web sh -c 'echo $A; echo err >&2; exit 9'
	assert_status 9
	assert_output 1
	[ "$stderr" = err ]
	run --separate-stderr lash exec -e B=2 -w /tmp -u nobody web sh -c 'echo $A$B; pwd; id -un'
	assert_output "$(printf '12\n/tmp\nnobody')"
	run --separate-stderr lash exec -i web cat <<<in
	assert_output in
	run --separate-stderr lash exec web cat <<<in
	assert_output ''
	run --separate-stderr lash exec web -- true
	[ "$status" -ne 0 ]
}

@test "lash exec -it: a terminal" {
	lash run -d --name web --network none box sleep 100
	run --separate-stderr in_terminal 'lash exec -it web tty'
	[[ $output == */dev/pts/* ]]
}

@test "lash exec -d: does not wait" {
	lash run -d --name web --network none box sleep 100
	lash exec -d web sh -c 'sleep 0.2; touch /done'
	wait_for 20 lash exec web test -e /done
}

@test "lash exec: failures" {
	lash create --name made --network none box true
	run --separate-stderr lash exec made true
	assert_status 1
	assert_one_line '*made is created, not running'
	lash run -d --name web --network none box sleep 100
	run --separate-stderr lash exec -u nosuch web true
	[ "$status" -ne 0 ]
	assert_one_line '*nosuch*'
	run --separate-stderr lash exec web nosuchcommand
	assert_status 127
	assert_one_line '*nosuchcommand*not found*'
	[ -z "$(ls "$LASH_ROOT/containers/$(record find web)"/.exec* 2>/dev/null)" ]
}

@test "lash attach: output, and the exit status" {
	lash run -d --name web --network none box sh -c 'sleep 1; echo late; exit 4'
	run --separate-stderr lash attach web
	assert_status 4
	assert_output late
	run --separate-stderr lash attach web
	assert_status 1
}

@test "lash run: TERM sent to lash reaches the container" {
	lash run --name web --network none box sh -c 'trap "exit 6" TERM; echo up; while :; do sleep 0.1; done' >up &
	wait_for 20 grep -q up up
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 6 ]
}
