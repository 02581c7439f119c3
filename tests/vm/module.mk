# make check-vm [T=FILE...]: bats files in a virtual machine whose kernel has cgroup v2 only, all their
# tests or those that LASH_VM_FILTER, a regular expression, picks.
check-vm: all $(TESTPROGS:%=$O/%)
	$(Q)tests/vm/check $O $(or $(T),tests/cgctl.bats tests/life-cgroups.bats $(wildcard tests/runc*.bats))

.PHONY: check-vm
