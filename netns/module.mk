LIBEXEC += netns/netns
netns/netns.objs := netns/add.c netns/addr.c netns/attach.c netns/bridge.c netns/conflist.c netns/del.c \
                    netns/exec.c netns/forward.c netns/gc.c netns/lease.c netns/ls.c netns/network.c \
                    netns/nsfile.c netns/portpick.c netns/portspec.c netns/record.c netns/remove.c \
                    netns/rules.c netns/show.c netns/state.c netns/table.c netns/table_state.c
netns/netns.libs := libnftnl libmnl
