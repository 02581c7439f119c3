# make check-vm [T=FILE...]: bats files in a virtual machine whose kernel has cgroup v2 only.
check-vm: all $(TESTPROGS:%=$O/%)
	$(Q)tests/vm/check $O $(or $(T),tests/cgctl.bats $(wildcard tests/runc.bats))

.PHONY: check-vm
