/* trail.c - a log and its elders as one stream. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/base.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "shim/logfile.h"
#include "shim/trail.h"

enum {
	ELDERS_MAX = 1000,
	BLOCK = 64 * 1024,
	TRIES = 100, /* while files change places under us, 10 ms apart */
	NOWHERE = -1,
	HERE_NO_MORE = -2,
};

/* The k-th elder, FILE itself for 0. */
static char *elder_path(const struct trail *t, int k)
{
	return k ? xasprintf("%s.%d", t->path, k) : xstrdup(t->path);
}

static char *packed_path(const struct trail *t, int k)
{
	return xasprintf("%s.%d" LOGFILE_PACKED, t->path, k);
}

/* What is compressed in FD, as a file without a name: it is read from any place. */
static int unpack(int fd)
{
	const char *tmp = getenv("TMPDIR");
	_close_ int out = open(tmp ? tmp : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *argv[] = { (char *)"gzip", (char *)"-dcq", NULL };
	pid_t pid = out < 0 ? -1 : fork();

	if (pid == 0) {
		if (fd_install(fd, 0) < 0 || fd_install(out, 1) < 0)
			_exit(126);
		xexec(argv);
	}
	/* Of one that is damaged there is what came before. */
	if (pid < 0 || proc_wait(pid) == 127 || lseek(out, 0, SEEK_SET) < 0)
		return -1;
	return steal_fd(&out);
}

/* Returns 0 or -1. */
static int open_elder(const struct trail *t, int k, struct trail *to)
{
	_free_ char *path = elder_path(t, k), *packed = packed_path(t, k);

	*to = (struct trail){ .path = t->path };
	to->fd = to->text = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (to->fd >= 0 || errno != ENOENT || !k)
		return to->fd < 0 ? -1 : 0;
	to->fd = open(packed, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	to->text = to->fd < 0 ? -1 : unpack(to->fd);
	if (to->text < 0)
		trail_close(to);
	return to->fd < 0 ? -1 : 0;
}

static bool is_there(const struct trail *t, int k)
{
	_free_ char *path = elder_path(t, k), *packed = packed_path(t, k);

	return access(path, F_OK) == 0 || (k && access(packed, F_OK) == 0);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Compressed meanwhile, it is another file of the same time. */
static bool is_elder(const struct trail *t, int k, const struct stat *st)
{
	_free_ char *path = elder_path(t, k), *packed = packed_path(t, k);
	struct stat there;

	if (stat(path, &there) == 0 && there.st_ino == st->st_ino && there.st_dev == st->st_dev)
		return true;
	return k && stat(packed, &there) == 0 && same_time(&there.st_mtim, &st->st_mtim);
}

static int oldest(const struct trail *t)
{
	for (int k = 0;; k++)
		if (k == ELDERS_MAX || !is_there(t, k + 1))
			return k;
}

/* Where the open file stands now: 0, 1, ...; NOWHERE while it is being moved, HERE_NO_MORE once
 * removed. */
static int position(const struct trail *t)
{
	struct stat st;

	if (fstat(t->fd, &st) < 0)
		return NOWHERE;
	for (int k = 0; k <= ELDERS_MAX; k++) {
		if (is_elder(t, k, &st))
			return k;
		if (k && !is_there(t, k))
			break;
	}
	return st.st_nlink ? NOWHERE : HERE_NO_MORE;
}

int trail_open(struct trail *t, const char *path)
{
	*t = (struct trail){ .path = path, .fd = -1, .text = -1 };
	return open_elder(t, oldest(t), t);
}

/* Count newlines from the end of fd, at most until n + 1; with as many, stand behind the last one
 * counted. Returns how many of the n are still to be found further back. */
static uint64_t stand_before_lines(int fd, uint64_t n)
{
	char block[BLOCK];
	off_t end = lseek(fd, 0, SEEK_END);
	uint64_t left = n;

	if (!n)
		return 0;
	for (bool first = true; end > 0; first = false) {
		size_t len = end < BLOCK ? (size_t)end : BLOCK;
		ssize_t got = pread(fd, block, len, end - (off_t)len);

		if (got <= 0)
			break;
		/* The newline that ends the file ends its last line; it does not begin one. */
		for (char *nl, *stop = block + got - (first && block[got - 1] == '\n');
		     (nl = memrchr(block, '\n', (size_t)(stop - block))); stop = nl)
			if (!--left) {
				lseek(fd, end - (off_t)len + (nl - block) + 1, SEEK_SET);
				return 0;
			}
		end -= (off_t)len;
	}
	lseek(fd, 0, SEEK_SET);
	/* The first line has no newline before it. */
	return lseek(fd, 0, SEEK_END) > 0 && lseek(fd, 0, SEEK_SET) == 0 ? left - 1 : left;
}

int trail_open_tail(struct trail *t, const char *path, uint64_t n)
{
	*t = (struct trail){ .path = path, .fd = -1, .text = -1 };
	for (int k = 0, last = oldest(t); k <= last; k++) {
		struct trail elder;

		if (open_elder(t, k, &elder) < 0)
			return t->fd < 0 ? -1 : 0;
		trail_close(t);
		*t = elder;
		n = stand_before_lines(t->text, n);
		if (!n)
			break;
	}
	return 0;
}

/* Open the file behind ours in time. Returns 1; 0 when ours is the latest; -1 to try again. */
static int step(struct trail *t)
{
	struct stat st;
	int k = position(t);
	struct trail next;

	if (k == 0)
		return 0;
	if (k == NOWHERE)
		return -1;
	if (open_elder(t, k == HERE_NO_MORE ? oldest(t) : k - 1, &next) < 0)
		return -1;
	/* Had everything moved on between the two looks, we would skip a file. */
	if (k != HERE_NO_MORE && (fstat(t->fd, &st) < 0 || !is_elder(t, k, &st))) {
		trail_close(&next);
		return -1;
	}
	trail_close(t);
	*t = next;
	return 1;
}

ssize_t trail_read(struct trail *t, char *data, size_t len)
{
	const struct timespec moment = { .tv_nsec = 10000000 };

	for (int i = 0; i < TRIES; i++) {
		int now_last = position(t) == 0;
		ssize_t n = read(t->text, data, len);
		int moved;

		/* Nothing is added to a file that was renamed before we read it to its end. */
		if (n != 0 || now_last)
			return n;
		moved = step(t);
		if (moved == 0)
			return 0;
		if (moved < 0)
			nanosleep(&moment, NULL);
	}
	return 0;
}

void trail_close(struct trail *t)
{
	if (t->text >= 0 && t->text != t->fd)
		close(t->text);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = t->text = -1;
}
