/* threads - print the IDs of N more threads of this process, then sleep: threads N. */
#include <pthread.h>
#include <sys/syscall.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/num.h"

static void *say_who(_unused_ void *arg)
{
	char line[32];

	snprintf(line, sizeof(line), "%ld\n", syscall(SYS_gettid));
	if (io_puts(STDOUT_FILENO, line) < 0)
		die("write standard output");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int n = 0;

	if (argc != 2 || num_int(argv[1], 1, 1000, &n) < 0)
		diex("usage: threads N");
	while (n-- > 0) {
		pthread_t thread;

		errno = pthread_create(&thread, NULL, say_who, NULL);
		if (errno)
			die("start a thread");
	}
	for (;;)
		pause();
}
