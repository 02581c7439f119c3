#!/usr/bin/env bats
# A container's whole life through lash.
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

@test "lash: a web server from run to rm" {
	lash run -d --name web -p 8080:80 -m 64m --pids-limit 50 -v content:/www box httpd -f -v -p 80 -h /www
	lash exec web sh -c 'echo hello > /www/index.html'
	wait_for 20 curl -fsS -o got http://127.0.0.1:8080/
	[ "$(cat got)" = hello ]
	ip=$(lash inspect -f '{{.NetworkSettings.IPAddress}}' web)
	run --separate-stderr lash run --rm box wget -q -O - "http://$ip/"
	assert_output hello
	lash logs web 2>&1 | grep -q 'response:200'
	lash restart -t 0 web
	wait_for 20 curl -fsS -o got http://127.0.0.1:8080/
	lash stop -t 0 web
	run --separate-stderr lash ps -a --format '{{.Names}} {{.State}}'
	assert_output 'web exited'
	lash rm web
	lash volume rm content
}

@test "lash: containers outlive every lash process" {
	setsid lash run -d --name alone --network none box sleep 100 >/dev/null
	run pgrep -x lash
	assert_output ''
	lash exec alone true
}

@test "lash: twenty at once" {
	for i in $(seq 20); do
		lash run -d --name "n$i" --network none box sleep 100 >/dev/null &
	done
	wait
	[ "$(lash ps -q | wc -l)" -eq 20 ]
	# shellcheck disable=SC2046 # twenty names
	lash rm -f $(seq -f n%g 20) >/dev/null
	assert_empty "$(lash ps -aq)"
}

@test "lash: the same name at once is given once" {
	for _ in 1 2 3 4 5; do
		lash run -d --name only --network none box sleep 100 >/dev/null 2>&1 &
	done
	wait
	[ "$(lash ps -q | wc -l)" -eq 1 ]
	lash exec only true
}

@test "lash: descriptors of the caller do not reach the container" {
	exec 7<"$BATS_TEST_FILENAME"
	run --separate-stderr lash run --rm --network none box sh -c 'ls /proc/self/fd | tr "\n" " "'
	exec 7<&-
	assert_output '0 1 2 3 '
}
