/* gone - wait until a process that is no child of ours has ended: gone PID. */
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/die.h"
#include "lib/num.h"
#include "lib/opt.h"

int main(int argc, char **argv)
{
	struct pollfd p = { .events = POLLIN };
	int pid;

	opt_program(argv[0]);
	if (argc != 2 || num_int(argv[1], 1, INT32_MAX, &pid) < 0)
		opt_misuse("PID");
	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p.fd >= 0 && poll(&p, 1, -1) < 0)
		die("wait for %d", pid);
	return 0;
}
