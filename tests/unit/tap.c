#include <fcntl.h>

#include "lib/mem.h"
#include "lib/path.h"
#include "tests/unit/tap.h"

static bool failed;
static char tmp[64];

bool tap_true(bool held, const char *what, const char *file, int line)
{
	if (!held) {
		printf("# %s:%d: %s does not hold\n", file, line, what);
		failed = true;
	}
	return held;
}

bool tap_int(long long got, long long want, const char *what, const char *file, int line)
{
	if (got != want) {
		printf("# %s:%d: %s is %lld, want %lld\n", file, line, what, got, want);
		failed = true;
	}
	return got == want;
}

bool tap_str(const char *got, const char *want, const char *what, const char *file, int line)
{
	bool same = got && want ? !strcmp(got, want) : got == want;

	if (!same) {
		printf("# %s:%d: %s is '%s', want '%s'\n", file, line, what, got ? got : "(null)",
		       want ? want : "(null)");
		failed = true;
	}
	return same;
}

bool tap_errno(long long got, int err, const char *what, const char *file, int line)
{
	int saved = errno;

	return tap_int(got, -1, what, file, line) &&
	       tap_str(strerror(saved), strerror(err), what, file, line);
}

static void remove_tmp(void)
{
	if (*tmp && path_remove_tree(AT_FDCWD, tmp))
		printf("# '%s' is left behind\n", tmp);
	*tmp = '\0';
}

const char *tap_dir(int *dirfd)
{
	remove_tmp();
	snprintf(tmp, sizeof(tmp), "%s", "/tmp/lash-unit-XXXXXX");
	if (!mkdtemp(tmp)) {
		perror("mkdtemp");
		exit(1);
	}
	if (dirfd)
		*dirfd = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tmp;
}

int tap_run(const struct test *tests)
{
	int n = 0, bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (const struct test *t = tests; t->name; t++) {
		failed = false;
		t->run();
		bad += failed;
		printf("%s %d - %s\n", failed ? "not ok" : "ok", ++n, t->name);
	}
	remove_tmp();
	printf("1..%d\n", n);
	return bad ? 1 : 0;
}
