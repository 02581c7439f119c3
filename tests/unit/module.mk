# Every tests/unit/MODULE.c is a unit test; what it needs beside lib.a stands here.
UNITS += $(filter-out tests/unit/tap,$(patsubst %.c,%,$(wildcard tests/unit/*.c)))
tests/unit/cap.libs := libcap
tests/unit/seccomp.libs := libseccomp
tests/unit/seccomp_shrink.libs := libseccomp
tests/unit/digest.libs := libcrypto
tests/unit/image.libs := libcrypto
tests/unit/layout.libs := libcrypto
tests/unit/user.objs := bundle/user.c
tests/unit/volume.objs := bundle/volume.c
tests/unit/format.objs := engine/format.c
tests/unit/codec.libs = $(codec.libs)
tests/unit/shim_ctl.objs := shim/ctl.c
tests/unit/shim_detach.objs := shim/detach.c
tests/unit/shim_log.objs := shim/format.c shim/logread.c shim/record.c
tests/unit/shim_policy.objs := shim/healthstate.c shim/probe.c shim/restart.c
tests/unit/shim_logfile.objs := shim/format.c shim/log.c shim/logfile.c shim/record.c
