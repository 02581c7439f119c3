# A fuzz target is one word: tests/fuzz/TARGET, with its corpus in tests/fuzz/corpus/TARGET/.
FUZZERS += tests/fuzz/json
