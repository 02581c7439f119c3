#!/usr/bin/env bats
# shim --restart, --events and shim health.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # commands for the container; a test is a subshell; set by the loaded files
load lib/common
load lib/shim

setup() {
	need root runc jq
	shim_setup
}

teardown() {
	shim_teardown
}

# assert_happened EVENT... - these so far.
assert_happened() {
	local events
	events=$(jq -r '.event' events | paste -sd ' ')
	[ "$events" = "$*" ] || fail "events: $events"
}

@test "shim --restart: on-failure starts it again, so often, in one shim with one log" {
	make_bundle a false sh -c 'echo run; exit 3'
	make a -l "json-file:$PWD/log" --restart on-failure:2 --events events --on-exit "touch $PWD/ended"
	pid=$(place a shim-pid)
	start a
	shim logs -f a >followed &
	[ "$(shim wait a)" = 3 ]
	wait $!
	[ "$(cat followed)" = $'run\nrun\nrun' ]
	[ "$(place a shim-pid)" = "$pid" ]
	[ "$(place a restarts)" = 2 ]
	wait_for 20 test -e ended
	assert_happened created exit restart created started exit restart created started exit
	[ "$(jq -c 'select(.event == "restart") | [.id, .count, .delayMs]' events | paste -sd ' ')" = '["a",1,100] ["a",2,200]' ]
	[ "$(jq -sc '[.[] | .exitCode // empty]' events)" = '[3,3,3]' ]
	[ "$(jq -c '[.exitCode, .logs[0].lostRecords]' "$LASH_RUN/shim/a/exit.json")" = '[3,0]' ]
	# It ended well the first time: nothing to do again.
	make_bundle b false true
	make b -l none --restart on-failure
	start b
	[ "$(shim wait b)" = 0 ]
	[ "$(place b restarts)" = 0 ]
	run --separate-stderr make c -l none --restart sometimes
	assert_status 2
	assert_one_line "shim: bad restart policy 'sometimes'*"
}

@test "shim --restart: stopped on purpose it stays down; while it waits to run again, too" {
	make_bundle a false sh -c 'trap "exit 9" TERM; echo run; while :; do sleep 0.05; done'
	make a -l "json-file:$PWD/log" --restart always
	start a
	wait_for 20 grep -q run log
	"$runtime" --root "$rt" kill a KILL
	wait_for 20 eval '[ "$(wc -l <log)" = 2 ]'
	[ "$(cat "/proc/$(place a shim-pid)/comm")" = shim ]
	touch "$LASH_RUN/shim/a/stop"
	kill -TERM "$(place a shim-pid)"
	[ "$(shim wait a)" = 9 ]
	[ "$(wc -l <log)" = 2 ]
	make_bundle b false sh -c 'echo run; exit 4'
	make b -l "json-file:$PWD/log2" --restart unless-stopped --events events
	start b
	wait_for 30 grep -q '"delayMs":800' events
	touch "$LASH_RUN/shim/b/stop"
	# The delay is 0.8 s at least now; nobody has to sit through it.
	kill -TERM "$(place b shim-pid)"
	[ "$(shim wait b)" = 4 ]
	[ "$(wc -l <log2)" = "$(($(place b restarts) + 1))" ]
}

@test "shim --restart: what cannot be made again has ended" {
	make_bundle a false sh -c 'exit 1'
	make a -l none --restart always --on-exit "touch $PWD/ended"
	mv a/config.json a/gone
	start a
	[ "$(shim wait a)" = 1 ]
	mv a/gone a/config.json
	jq '.process.args = ["/no/such"]' a/config.json >b.json
	"$runtime" --root "$rt" delete --force a
	make a -l none --restart always --on-exit "touch $PWD/ended" --events events
	mv b.json a/config.json
	start a
	shim wait a
	wait_for 20 test -e ended
	assert_happened created exit restart
}

@test "shim --events: out of memory is told as it happens" {
	RESOURCES='{"memory": {"limit": 16777216, "swap": 16777216}}' make_bundle a false \
		sh -c 'sh -c "x=0123456789; while :; do x=\$x\$x; done"; echo survived; sleep 1000'
	make a -l "json-file:$PWD/log" --events "$PWD/events"
	start a
	wait_for 20 grep -q survived log
	wait_for 20 grep -q '"event":"oom"' events
	[ ! -e "$LASH_RUN/shim/a/exit" ]
	"$runtime" --root "$rt" kill a KILL
	shim wait a
	assert_happened created oom exit
	[ "$(jq -c 'select(.event == "exit") | [.exitCode, .signal, .oom]' events)" = '[137,9,true]' ]
}

last_probe() {
	jq -r '.Log[-1].End' "$LASH_RUN/shim/a/health.json"
}

@test "shim health: starting, healthy, unhealthy; a hanging probe is ended; paused is not asked" {
	make_bundle a false sleep 1000
	make a -l none --events events
	start a
	tmp=$BATS_FILE_TMPDIR/rootfs/tmp
	rm -f "$tmp/sick" "$tmp/hang"
	shim health --interval 100ms --timeout 4s --retries 2 a -- \
		sh -c 'echo probed; [ ! -e /tmp/hang ] || exec sleep 100; [ ! -e /tmp/sick ]'
	wait_for 20 eval '[ "$(place a health)" = healthy ]'
	[ "$(jq -c '[.Status, .FailingStreak, .Log[0].ExitCode, .Log[0].Output]' "$LASH_RUN/shim/a/health.json")" = '["healthy",0,0,"probed\n"]' ]
	touch "$tmp/sick"
	wait_for 20 eval '[ "$(place a health)" = unhealthy ]'
	[ "$(jq '.FailingStreak' "$LASH_RUN/shim/a/health.json")" -ge 2 ]
	rm "$tmp/sick"
	wait_for 20 eval '[ "$(place a health)" = healthy ]'
	wait_for 20 eval '[ "$(jq ".Log | length" "$LASH_RUN/shim/a/health.json")" = 5 ]'
	touch "$tmp/hang"
	wait_for 30 eval '[ "$(jq ".Log[-1].ExitCode" "$LASH_RUN/shim/a/health.json")" = -1 ]'
	rm "$tmp/hang"
	wait_for 20 eval '[ "$(place a health)" = healthy ]'
	# What hung is gone, also inside.
	wait_for 20 eval '! "$runtime" --root "$rt" ps a | grep -q "sleep 100$"'
	"$runtime" --root "$rt" pause a
	wait_for 20 eval 'before=$(last_probe); sleep 1; [ "$(last_probe)" = "$before" ]'
	"$runtime" --root "$rt" resume a
	"$runtime" --root "$rt" kill a KILL
	shim wait a
	wait_for 20 eval '! pgrep -f "^shim health .* a --" >/dev/null'
	[ "$(jq -r 'select(.event == "health") | .status' events | head -3 | paste -sd ' ')" = 'healthy unhealthy healthy' ]
}

@test "shim health: the start period forgives; --kill with --restart begins anew" {
	make_bundle b false sleep 1000
	make b -l none
	start b
	shim health --start-period 1h --start-interval 50ms --retries 1 b -- false
	wait_for 30 eval '[ "$(jq -c "[.Status, .FailingStreak, (.Log | length)]" "$LASH_RUN/shim/b/health.json")" = "[\"starting\",0,5]" ]'
	"$runtime" --root "$rt" kill b KILL
	shim wait b
	make_bundle a false sh -c 'trap "exit 1" TERM; while :; do sleep 0.05; done'
	make a -l none --events events --restart on-failure:1
	start a
	shim health --interval 100ms --retries 1 --kill a -- false
	[ "$(shim wait a)" = 137 ]
	assert_happened created health exit restart created started health exit
	run --separate-stderr shim health a
	assert_status 2
	run --separate-stderr shim health --interval soon a -- true
	assert_status 2
	assert_one_line "shim health: bad interval 'soon'*"
	for option in interval timeout start-interval; do
		run --separate-stderr shim health "--$option" 0 a -- true
		assert_status 2
		assert_one_line "shim health: bad ${option//-/ } '0': less than 1ms*"
	done
	run --separate-stderr shim health none -- true
	assert_status 1
	assert_one_line "shim health: find container 'none': No such file or directory"
}
