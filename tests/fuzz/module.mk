# Every tests/fuzz/TARGET.c is a fuzz target, with its corpus in tests/fuzz/corpus/TARGET/; what it
# needs beside lib.a stands here.
FUZZERS += $(filter-out tests/fuzz/replay,$(patsubst %.c,%,$(wildcard tests/fuzz/*.c)))
tests/fuzz/faults.objs := runc/annotations.c runc/faults.c
tests/fuzz/faults.libs := libseccomp
tests/fuzz/merge.objs := runc/merge.c
tests/fuzz/seccomp.libs := libseccomp
tests/fuzz/auth.objs := imgunpack/base64.c imgunpack/challenge.c
tests/fuzz/authfile.objs := imgunpack/base64.c imgunpack/creds.c
tests/fuzz/registries.objs := imgunpack/registries.c
tests/fuzz/index.libs := libcrypto
tests/fuzz/manifest.libs := libcrypto
tests/fuzz/passwd.objs := bundle/user.c
tests/fuzz/volume.objs := bundle/volume.c
tests/fuzz/bundle_edit.objs := $(bundle/bundle.objs)
tests/fuzz/bundle_edit.libs := $(bundle/bundle.libs)
tests/fuzz/bundle_image.objs := $(bundle/bundle.objs)
tests/fuzz/bundle_image.libs := $(bundle/bundle.libs)
tests/fuzz/codec.libs = $(codec.libs)
tests/fuzz/shim_attach.objs := shim/clients.c shim/input.c shim/loop.c
tests/fuzz/shim_ctl.objs := shim/ctl.c
tests/fuzz/shim_notify.objs := shim/loop.c shim/notify.c
tests/fuzz/shim_logread.objs := shim/logread.c
tests/fuzz/shim_logwrite.objs := shim/format.c shim/logread.c shim/record.c
tests/fuzz/ttrpc.objs := shim/ttrpc.c shim/v2_proto.c
tests/fuzz/sync.objs := runc/hear.c runc/launch.c runc/listener.c runc/sync.c
tests/fuzz/sync.libs := libseccomp libcap
tests/fuzz/state.objs := runc/state.c runc/ending.c runc/group.c
