# Programs only tests use; they are on PATH while tests run.
TESTPROGS += tests/lib/killat tests/lib/failat tests/lib/attack
STATICALLY += tests/lib/attack
tests/lib/killat.objs := tests/lib/tracer.c
tests/lib/failat.objs := tests/lib/tracer.c
