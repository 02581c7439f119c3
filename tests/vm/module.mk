# make check-vm: bats files in virtual machines whose kernel has cgroup v2 only. Minutes.
#
#   check-vm-plain [T=FILE...]      with nothing else running
#   check-vm-systemd [T=FILE...]    a Debian with systemd, for what asks it for control groups, and for what older
#                                   kernels mount otherwise
#
# LASH_VM_FILTER, a regular expression, picks tests by name.
vm.plain   = tests/cgctl.bats tests/cgctl-tree.bats tests/cgctl-watch.bats tests/life-cgroups.bats \
	$(wildcard tests/runc*.bats)
vm.systemd = tests/vm/systemd.bats tests/life-lash.bats tests/imgunpack.bats

check-vm: check-vm-plain check-vm-systemd
check-vm-plain: all $(TESTPROGS:%=$O/%)
	$(Q)tests/vm/check $O $(or $(T),$(vm.plain))
check-vm-systemd: all $(TESTPROGS:%=$O/%)
	$(Q)tests/vm/check-systemd $O $(or $(T),$(vm.systemd))

.PHONY: check-vm check-vm-plain check-vm-systemd
