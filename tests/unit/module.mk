# A unit test is one word: tests/unit/MODULE, with MODULE.objs and MODULE.libs where it needs more
# than lib.a.
UNITS += tests/unit/num
UNITS += tests/unit/cap tests/unit/seccomp
tests/unit/cap.libs := libcap
tests/unit/seccomp.libs := libseccomp
UNITS += tests/unit/digest tests/unit/ref
tests/unit/digest.libs := libcrypto
tests/unit/ref.libs := libcrypto
