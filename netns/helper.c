/* Programs that go on running when we have ended: who they are is on disk before they are anybody.
 */
#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "netns/netns.h"

pid_t helper_fork(int *gate)
{
	char byte;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		die("make a pipe");
	pid = xfork();
	if (pid) {
		close(ends[0]);
		*gate = ends[1];
		return pid;
	}
	close(ends[1]);
	if (io_read(ends[0], &byte, 1) != 1)
		_exit(126);
	close(ends[0]);
	return 0;
}

void helper_go(int gate)
{
	if (io_write(gate, "", 1))
		die("start a helper");
	close(gate);
}

int helper_record(int dirfd, const char *name, pid_t pid)
{
	struct proc_stat st;
	char line[64];

	if (proc_read_stat(pid, &st))
		return -1;
	snprintf(line, sizeof(line), "%d %llu", pid, (unsigned long long)st.start_ticks);
	return file_put_line(dirfd, name, line);
}

int helper_find(int dirfd, const char *name)
{
	_free_ char *line = file_read_line(dirfd, name);
	char *rest = line ? strchr(line, ' ') : NULL;
	uint64_t pid, start;

	if (!rest)
		return -1;
	*rest++ = '\0';
	if (num_u64(line, INT32_MAX, &pid) || num_u64(rest, UINT64_MAX, &start))
		return -1;
	return proc_open(pid, start);
}
