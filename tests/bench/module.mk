# Programs only benchmarks use; tests/bench/TOPIC.sh is a benchmark, run by `make bench [B=TOPIC]`.
TESTPROGS += tests/bench/interleave
TESTPROGS += tests/bench/attachecho tests/bench/floor
STATICALLY += tests/bench/floor
tests/bench/floor.libs := libseccomp
