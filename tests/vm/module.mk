# make check-vm: bats files in virtual machines whose kernel has cgroup v2 only. Minutes.
#
#   check-vm-plain [T=FILE...]      with nothing else running
#   check-vm-systemd [T=FILE...]    a Debian with systemd, for what asks it for control groups, and for what older
#                                   kernels mount otherwise
#
# LASH_VM_FILTER, a regular expression, picks tests by name. Tests that go through a program call by call
# take an emulated machine too long: they run when named.
vm.slow    = tests/runc-crash.bats tests/runc-fail.bats tests/runc-check.bats
vm.plain   = $(wildcard tests/cgctl*.bats) tests/life-cgroups.bats tests/shim-containerd.bats tests/shim-policy.bats \
	$(filter-out $(vm.slow),$(wildcard tests/runc*.bats))
vm.systemd = tests/vm/systemd.bats tests/life-lash.bats tests/imgunpack.bats

# With T=FILE..., only the machines that these files are for.
vm.machines = $(if $(filter-out $(vm.systemd),$(T)),plain) $(if $(filter $(vm.systemd),$(T)),systemd)

check-vm: $(patsubst %,check-vm-%,$(if $(T),$(vm.machines),plain systemd))
check-vm-plain: all $(TESTPROGS:%=$O/%)
	$(Q)tests/vm/check $O $(or $(T),$(vm.plain))
check-vm-systemd: all $(TESTPROGS:%=$O/%)
	$(Q)tests/vm/check-systemd $O $(or $(T),$(vm.systemd))

.PHONY: check-vm check-vm-plain check-vm-systemd
