#include <fcntl.h>
#include <paths.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "lib/spawn.h"
#include "lib/str.h"

void xbecome(char *const argv[], const int stdio[3])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), high[3];

	proc_reset_signals();
	/* Above the numbers they are to get, so that none is overwritten before its turn. */
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(stdio[i] < 0 ? null : stdio[i], F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 3; i++)
		if (high[i] < 0 || fd_install(high[i], i) < 0)
			die_with(126, "pass on descriptor %d", i);
	(void)!fd_cloexec_from(3);
	xexec(argv);
}

pid_t spawn(char *const argv[], const int stdio[3])
{
	pid_t pid = fork();

	if (pid == 0)
		xbecome(argv, stdio);
	return pid;
}

char *spawn_find(const char *name)
{
	const char *path = getenv("PATH");
	_strv_ struct strv dirs = { 0 };

	if (strchr(name, '/'))
		return access(name, X_OK) < 0 ? NULL : xstrdup(name);
	strv_split(&dirs, path ? path : _PATH_DEFPATH, ':');
	for (size_t i = 0; i < dirs.n; i++) {
		char *file = xasprintf("%s/%s", *dirs.v[i] ? dirs.v[i] : ".", name);

		if (access(file, X_OK) == 0)
			return file;
		free(file);
	}
	errno = ENOENT;
	return NULL;
}
