# Programs only tests use; they are on PATH while tests run.
TESTPROGS += tests/lib/killat
