LIBEXEC += netns/netns
STATICALLY += netns/netns
netns/netns.objs := $(filter-out netns/netns.c,$(sort $(wildcard netns/*.c)))
netns/netns.libs := libnftnl

# The CNI plugins it is, each by its name: links in a directory of their own.
CNI := bandwidth bridge dhcp dummy firewall host-device host-local ipvlan loopback macvlan portmap ptp \
       static tuning vlan

# Its tests look inside.
$(foreach t,tests/unit/lease tests/unit/portspec tests/fuzz/conflist tests/fuzz/lease tests/fuzz/portspec \
    tests/fuzz/cni_stdin tests/fuzz/cni_cache,$(eval $t.objs := $(netns/netns.objs))$(eval $t.libs := $(netns/netns.libs)))
