/* replay - feed files to a fuzz target, as a libFuzzer binary does with files for arguments.
 *
 * TAP: one line a file of each directory named; a crash, a sanitizer report or a leak ends the
 * program and so fails the test. Build with clang -fsanitize=fuzzer and without this file to search
 * for new inputs.
 */
#include <dirent.h>
#include <fcntl.h>

#include "lib/io.h"
#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 16 << 20 };

static int replay_dir(const char *path, int n)
{
	DIR *d = opendir(path);

	if (!d) {
		printf("Bail out! %s: no corpus\n", path);
		exit(1);
	}
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		_buf_ struct buf b = { 0 };

		if (e->d_name[0] == '.')
			continue;
		if (file_read(dirfd(d), e->d_name, INPUT_MAX, &b)) {
			printf("not ok %d - %s/%s: unreadable\n", ++n, path, e->d_name);
			exit(1);
		}
		LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&b), b.len);
		printf("ok %d - %s/%s\n", ++n, path, e->d_name);
	}
	closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++)
		n = replay_dir(argv[i], n);
	printf("1..%d\n", n);
	return n ? 0 : 1;
}
