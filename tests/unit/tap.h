/* tap.h - unit tests: expectations that say both values, a TAP line a test. */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <string.h>

#include "lib/base.h"

struct test {
	const char *name;
	void (*run)(void);
};

/* clang-format off */
#define TEST(f) { #f, f }
/* clang-format on */

/* Run TESTS (ends with { 0 }); returns main's exit status. */
int tap_run(const struct test *tests);

/* Expectations fail the test that runs and return whether they held; they never leave it. */
bool tap_true(bool held, const char *what, const char *file, int line);
bool tap_int(long long got, long long want, const char *what, const char *file, int line);
bool tap_errno(long long got, int err, const char *what, const char *file, int line);
bool tap_str(const char *got, const char *want, const char *what, const char *file, int line);

#define expect(e) tap_true(!!(e), #e, __FILE__, __LINE__)
#define expect_int(got, want) tap_int((long long)(got), (long long)(want), #got, __FILE__, __LINE__)
#define expect_str(got, want) tap_str(got, want, #got, __FILE__, __LINE__)
/* CALL fails with errno E. */
#define expect_errno(call, e) tap_errno(call, e, #call, __FILE__, __LINE__)

/* A fresh temporary directory, removed at the end: its path and a descriptor. */
const char *tap_dir(int *dirfd);

#endif
