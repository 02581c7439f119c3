# Every tests/fuzz/TARGET.c is a fuzz target, with its corpus in tests/fuzz/corpus/TARGET/; what it
# needs beside lib.a stands here.
FUZZERS += $(filter-out tests/fuzz/replay,$(patsubst %.c,%,$(wildcard tests/fuzz/*.c)))
FUZZERS += tests/fuzz/merge tests/fuzz/seccomp
tests/fuzz/merge.objs := runc/merge.c
tests/fuzz/seccomp.libs := libseccomp
