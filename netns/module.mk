LIBEXEC += netns/netns
netns/netns.objs := $(filter-out netns/netns.c,$(sort $(wildcard netns/*.c)))
netns/netns.libs := libnftnl libmnl

# The CNI plugins it is, each by its name: links in a directory of their own.
CNI := bandwidth bridge dhcp dummy firewall host-device host-local ipvlan loopback macvlan portmap ptp \
       static tuning vlan

# Its tests look inside.
tests/unit/lease.objs := $(netns/netns.objs)
tests/unit/lease.libs := $(netns/netns.libs)
tests/unit/portspec.objs := $(netns/netns.objs)
tests/unit/portspec.libs := $(netns/netns.libs)
tests/fuzz/conflist.objs := $(netns/netns.objs)
tests/fuzz/conflist.libs := $(netns/netns.libs)
tests/fuzz/lease.objs := $(netns/netns.objs)
tests/fuzz/lease.libs := $(netns/netns.libs)
tests/fuzz/portspec.objs := $(netns/netns.objs)
tests/fuzz/portspec.libs := $(netns/netns.libs)
