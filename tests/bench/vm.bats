# vm.bats - the short form of `make bench B=runc` in the virtual machine, where v2 is alone and crun lacks nothing:
# make bench-vm.
# shellcheck shell=bash

@test "bench: runc against its peers on pure v2" {
	export work=$BATS_TEST_TMPDIR/work BENCH_JSON=$BATS_TEST_TMPDIR/json ROUNDS=5 BENCH_SHORT=1
	local status=0
	mkdir "$work"
	sh tests/bench/runc.sh >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || status=$?
	sed 's/^/# /' "$BATS_TEST_TMPDIR/out" >&3
	sed 's/^/# json /' "$BENCH_JSON" >&3
	[ "$status" -eq 0 ]
}
