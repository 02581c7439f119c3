/* attack - what a hostile container or image does, as one static program that can be put into it.
 *
 *   attack swap A B          exchange two directory entries for ever
 *   attack ptrace ROUNDS     try to take the descriptors and the memory of every process that is
 *                            seen and runs another program than our parent's; tell each success
 *   attack type TEXT         push TEXT into the input of the terminal on standard input
 *
 * Exit: 0 done as asked · 1 failed · 2 misuse.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/die.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/str.h"

static const struct opt opts[] = { { 0 } };

static const struct usage usage = {
	.synopsis = "swap A B | ptrace ROUNDS | type TEXT",
	.purpose = "Do what a hostile container does.",
	.opts = opts,
	.flags = OPT_STOP,
};

_noreturn_ static void swap(const char *a, const char *b)
{
	for (;;) {
		if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) && errno != EAGAIN &&
		    errno != ENOENT && errno != EBUSY)
			die("exchange '%s' and '%s'", a, b);
	}
}

/* Not a program of the container's: its image cannot be seen, or is somebody else's. */
static bool is_stranger(int pid, const char *own)
{
	char path[64], exe[256] = "";
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	return n < 0 ? errno == EACCES : !str_eq(exe, own) && !strstr(exe, "/bin/attack");
}

/* It may have become one of ours in between: then what was had is nothing. */
static void tell(int pid, const char *own, const char *what)
{
	if (is_stranger(pid, own))
		printf("%s %d\n", what, pid);
}

/* Their numbers may be listed by who has the same user id; what they are may not be seen. */
static void read_descriptors(int pid, const char *path, const char *own)
{
	DIR *d = opendir(path);
	char target[256];

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		if (e->d_name[0] != '.' &&
		    readlinkat(dirfd(d), e->d_name, target, sizeof(target)) >= 0)
			tell(pid, own, "saw a descriptor of");
	}
	if (d)
		closedir(d);
}

static void try_one(int pid, const char *own)
{
	char path[64];

	/* PTRACE_ATTACH would leave a SIGSTOP behind in what has become one of ours meanwhile. */
	if (!ptrace(PTRACE_SEIZE, pid, 0, 0)) {
		tell(pid, own, "attached to");
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);

	_close_ int memfd = open(path, O_RDWR | O_CLOEXEC);

	if (memfd >= 0)
		tell(pid, own, "opened the memory of");
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);

	read_descriptors(pid, path, own);
	snprintf(path, sizeof(path), "/proc/%d/root", pid);

	_close_ int rootfd = open(path, O_PATH | O_CLOEXEC);

	if (rootfd >= 0)
		tell(pid, own, "opened the root of");
}

enum { PATIENCE_MS = 20000 };

static int ptrace_all(uint64_t rounds)
{
	char own[256] = "";
	int64_t end = clock_ms() + PATIENCE_MS;
	unsigned long met = 0;

	if (readlink("/proc/1/exe", own, sizeof(own) - 1) < 0)
		die("read '/proc/1/exe'");
	/* However slow the machine is, somebody is to be met. */
	for (; rounds || (!met && clock_ms() < end); rounds -= !!rounds) {
		DIR *d = opendir("/proc");

		for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
			int pid;

			if (num_int(e->d_name, 2, INT32_MAX, &pid) || pid == getpid() ||
			    !is_stranger(pid, own))
				continue;
			met++;
			try_one(pid, own);
		}
		if (d)
			closedir(d);
	}
	printf("met %lu\n", met);
	return 0;
}

static int type(const char *text)
{
	for (; *text; text++) {
		if (ioctl(STDIN_FILENO, TIOCSTI, text))
			die("push input");
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t rounds;

	opt_program(argv[0]);
	argv += opt_parse(argc, argv, &usage);
	if (argv[0] && str_eq(argv[0], "swap") && argv[1] && argv[2])
		swap(argv[1], argv[2]);
	if (argv[0] && str_eq(argv[0], "ptrace") && argv[1] && !num_u64(argv[1], 1000000, &rounds))
		return ptrace_all(rounds);
	if (argv[0] && str_eq(argv[0], "type") && argv[1])
		return type(argv[1]);
	opt_misuse("need an attack and what it takes");
}
