LIBEXEC += netns/netns
netns/netns.objs := netns/add.c netns/addr.c netns/attach.c netns/bridge.c netns/check.c netns/conflist.c \
                    netns/connect.c netns/del.c netns/disconnect.c netns/exec.c netns/forward.c netns/gc.c \
                    netns/lease.c netns/ls.c netns/network.c netns/network_create.c netns/network_inspect.c \
                    netns/network_ls.c netns/network_rm.c netns/network_verbs.c netns/nsfile.c \
                    netns/portpick.c netns/portspec.c netns/publish.c netns/record.c netns/remove.c \
                    netns/rules.c netns/show.c netns/state.c netns/table.c netns/table_state.c \
                    netns/unpublish.c
netns/netns.libs := libnftnl libmnl

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
