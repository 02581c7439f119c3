/* place.c - a container's directory, from outside. */
#include <fcntl.h>
#include <sys/file.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/sys.h"
#include "shim/place.h"

enum { FILE_MAX = 64 * 1024, LOCK_TRIES = 50, LOCK_WAIT_US = 10000 };

char *place_path(const char *dir, const char *id)
{
	if (!str_is_name(id))
		opt_misuse("bad container id '%s'", id);
	return dir ? xstrdup(dir) : xasprintf("%s/shim/%s", sys_lash_run(), id);
}

int place_xopen(const char *dir, const char *id)
{
	_free_ char *path = place_path(dir, id);
	int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		die("find container '%s'", id);
	return dirfd;
}

int place_exit_code(int dirfd, int *code)
{
	_free_ char *line = file_read_line(dirfd, PLACE_EXIT);

	return line ? num_int(line, -1, 255, code) : -1;
}

bool place_is_over(int dirfd)
{
	return flock(dirfd, LOCK_SH | LOCK_NB) == 0 && flock(dirfd, LOCK_UN) == 0;
}

int place_lock(int dirfd)
{
	for (int i = 0; flock(dirfd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_TRIES)
			return -1;
		usleep(LOCK_WAIT_US);
	}
	return 0;
}

int place_wait(int dirfd)
{
	int code;

	while (flock(dirfd, LOCK_SH) < 0)
		if (errno != EINTR)
			return -1;
	flock(dirfd, LOCK_UN);
	return place_exit_code(dirfd, &code) < 0 ? set_errno(ECHILD) : code;
}

int place_lines(int dirfd, const char *name, struct strv *lines)
{
	_buf_ struct buf b = { 0 };

	if (file_read(dirfd, name, FILE_MAX, &b) < 0)
		return -1;
	if (b.len && b.data[b.len - 1] == '\n')
		b.data[--b.len] = '\0';
	if (b.len)
		strv_split(lines, buf_str(&b), '\n');
	return 0;
}

int place_control(int dirfd, const char *line)
{
	_close_ int fd = openat(dirfd, PLACE_CTL, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -1 : io_puts(fd, line);
}
