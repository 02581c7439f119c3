/* leave.c - leaving the process that started us. */
#include <fcntl.h>

#include "lib/fd.h"
#include "shim/leave.h"

void leave_starter(bool keep_stdio)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	(void)!chdir("/");
	for (int i = 0; i < 3 && !keep_stdio && null >= 0; i++)
		(void)!fd_install(null, i);
	close(null);
}
