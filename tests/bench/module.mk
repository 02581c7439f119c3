# Programs only benchmarks use; tests/bench/TOPIC.sh is a benchmark, run by `make bench [B=TOPIC]`.
TESTPROGS += tests/bench/interleave
TESTPROGS += tests/bench/attachecho tests/bench/floor tests/bench/gone tests/bench/unpackfloor
STATICALLY += tests/bench/floor
tests/bench/floor.libs := libseccomp
tests/bench/unpackfloor.libs = libcrypto $(codec.libs)

TESTPROGS += tests/bench/netfloor
ARCHIVES += tests/bench/netfloor
tests/bench/netfloor.libs := libnftnl

# Against crun in the virtual machine of check-vm: minutes.
bench-vm: all $(TESTPROGS:%=$O/%)
	$(Q)tests/vm/check $O tests/bench/vm.bats
	$(Q)sed -n 's/^# json //p' $O/vm/plain.console >$O/bench-vm.json
	$(Q)echo 'results: $O/bench-vm.json'

.PHONY: bench-vm
