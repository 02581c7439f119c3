/* logpack.c - compressing what was rotated away. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/proc.h"
#include "shim/logpack.h"
#include "shim/monitor.h"

static int unfinished_name(const struct logfile *lf, char name[NAME_MAX + 1])
{
	int n = snprintf(name, NAME_MAX + 1, ".%s" LOGFILE_PACKED, lf->name);

	return n > NAME_MAX ? set_errno(ENAMETOOLONG) : 0;
}

static void forget_unfinished(const struct logfile *lf)
{
	char name[NAME_MAX + 1];

	if (unfinished_name(lf, name) == 0)
		unlinkat(lf->dirfd, name, 0);
}

static void start_gzip(struct logfile *lf, int in, int out)
{
	char *argv[] = { (char *)"gzip", (char *)"-c", NULL };

	lf->pack.pid = process_start(lf->pack.m, argv, (const int[]){ in, out, -1 });
	if (lf->pack.pid < 0)
		lf->pack.pid = 0;
}

static void pack_next(struct logfile *lf)
{
	char name[NAME_MAX + 1], to[NAME_MAX + 1];
	_close_ int in = -1, out = -1;
	unsigned k;

	for (k = 1; k < lf->max_files && in < 0; k++)
		if (logfile_elder(lf, k, "", name) == 0)
			in = openat(lf->dirfd, name,
				    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in < 0 || unfinished_name(lf, to) < 0)
		return;
	out = openat(lf->dirfd, to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (out < 0)
		return;
	lf->pack.at = k - 1;
	start_gzip(lf, in, out);
	if (!lf->pack.pid)
		forget_unfinished(lf);
}

void logpack_rotated(struct logfile *lf)
{
	if (lf->pack.pid)
		lf->pack.at++;
	else
		pack_next(lf);
}

/* Readers that have the elder open find by its time what it has become. */
static int take_place(const struct logfile *lf)
{
	char from[NAME_MAX + 1], packed[NAME_MAX + 1], plain[NAME_MAX + 1];
	struct timespec times[2];
	struct stat st;

	if (unfinished_name(lf, from) < 0 || logfile_elder(lf, lf->pack.at, "", plain) < 0 ||
	    logfile_elder(lf, lf->pack.at, LOGFILE_PACKED, packed) < 0 ||
	    fstatat(lf->dirfd, plain, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (utimensat(lf->dirfd, from, times, AT_SYMLINK_NOFOLLOW) < 0 ||
	    renameat(lf->dirfd, from, lf->dirfd, packed) < 0)
		return -1;
	return unlinkat(lf->dirfd, plain, 0);
}

bool logpack_reaped(struct logfile *lf, pid_t pid, int wait_status)
{
	if (!lf->pack.pid || pid != lf->pack.pid)
		return false;
	lf->pack.pid = 0;
	if (proc_exit_code(wait_status) || lf->pack.at >= lf->max_files || take_place(lf) < 0)
		forget_unfinished(lf);
	else
		pack_next(lf);
	return true;
}

void logpack_stop(struct logfile *lf)
{
	if (!lf->pack.pid)
		return;
	kill(lf->pack.pid, SIGKILL);
	lf->pack.pid = 0;
	forget_unfinished(lf);
}
