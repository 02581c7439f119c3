# cgctl: control groups, one name in every hierarchy; and, apart, systemd's units around them.
LIBEXEC    += cgctl/cgctl
STATICALLY += cgctl/cgctl
cgctl/cgctl.objs := cgctl/apply.c cgctl/attach.c cgctl/create.c cgctl/delegate.c cgctl/events.c \
	cgctl/events_watch.c cgctl/exec.c cgctl/freeze.c cgctl/get.c cgctl/group.c cgctl/info.c \
	cgctl/keys.c cgctl/kill.c cgctl/ls.c cgctl/ps.c cgctl/rm.c cgctl/set.c cgctl/snapshot.c \
	cgctl/stat.c cgctl/thaw.c cgctl/top.c cgctl/top_format.c cgctl/top_sample.c cgctl/tree.c \
	cgctl/wait.c
# No need of it where systemd is none.
ifneq ($(shell $(PKG_CONFIG) --exists libsystemd 2>/dev/null && echo yes),)
LIBEXEC += cgctl/cgroup-systemd
endif
cgctl/cgroup-systemd.objs := cgctl/unit_bus.c cgctl/unit_bus_append.c cgctl/unit_create.c \
	cgctl/unit_delete.c cgctl/unit_devices.c cgctl/unit_name.c cgctl/unit_props.c \
	cgctl/unit_update.c cgctl/unit_variant.c cgctl/unit_verbs.c
cgctl/cgroup-systemd.libs := libsystemd
tests/fuzz/unit_variant.objs := cgctl/unit_name.c cgctl/unit_props.c cgctl/unit_devices.c cgctl/unit_variant.c
TESTPROGS += tests/lib/threads
tests/fuzz/cgctl_tree.objs := cgctl/tree.c
