# cgctl: control groups, one name in every hierarchy.
LIBEXEC    += cgctl/cgctl
STATICALLY += cgctl/cgctl
cgctl/cgctl.objs := cgctl/create.c cgctl/exec.c cgctl/freeze.c cgctl/get.c cgctl/group.c \
	cgctl/kill.c cgctl/ps.c cgctl/rm.c cgctl/set.c cgctl/stat.c cgctl/thaw.c
