/* fuzz.h - the one function a fuzz target is; its name and form are libFuzzer's. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "lib/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
