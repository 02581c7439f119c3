/* logfile.c - one log file on disk. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/mem.h"
#include "shim/logfile.h"

enum {
	BUFFER = 512 * 1024 + FORMAT_MAX,
	ROTATE_RETRY = 64 *
		       1024, /* after a failed rotation, how much to write before the next try */
};

static char *absolute(const char *path)
{
	_free_ char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);

	return cwd ? xasprintf("%s/%s", cwd, path) : xstrdup(path);
}

struct logfile *logfile_make(const char *path, log_format *format, const struct log_opts *o)
{
	struct logfile *lf;

	if (!path || !*path || str_ends(path, "/")) {
		errno = EINVAL;
		return NULL;
	}
	lf = xcalloc(1, sizeof(*lf));
	lf->log.target = absolute(path);
	lf->format = format;
	lf->max_bytes = o->max_bytes;
	lf->total_max = o->total_max;
	lf->max_files = o->max_files ? o->max_files : 1;
	lf->fd = lf->dirfd = -1;
	return lf;
}

/* Open dirfd and name from the path. */
static int open_place(struct logfile *lf)
{
	const char *path = lf->log.target, *slash = strrchr(path, '/');
	_free_ char *dir = slash > path ? xmemdup0(path, (size_t)(slash - path)) : xstrdup("/");

	free(lf->name);
	lf->name = xstrdup(slash + 1);
	lf->dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return lf->dirfd < 0 ? -1 : 0;
}

static int open_append(struct logfile *lf)
{
	int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = openat(lf->dirfd, lf->name, flags | O_EXCL, 0640);

	lf->fresh = fd >= 0;
	return fd < 0 && errno == EEXIST ? openat(lf->dirfd, lf->name, flags, 0640) : fd;
}

/* A machine that lost power may have left half a record: end it, so that the next stands alone. */
static void mend_tail(struct logfile *lf)
{
	char last;

	if (lf->size && pread(lf->fd, &last, 1, lf->size - 1) == 1 && last != '\n' &&
	    write(lf->fd, "\n", 1) == 1)
		lf->size++;
}

static int adopt_fd(struct logfile *lf, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	lf->fd = fd;
	lf->size = st.st_size;
	lf->rotate_at = lf->max_bytes;
	if (S_ISREG(st.st_mode))
		return 0;
	close(steal_fd(&lf->fd));
	return set_errno(EINVAL);
}

int logfile_open(struct logfile *lf)
{
	if (open_place(lf) < 0 || adopt_fd(lf, open_append(lf)) < 0)
		return -1;
	mend_tail(lf);
	lf->buf = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return lf->buf == MAP_FAILED ? -1 : 0;
}

void logfile_abandon(struct logfile *lf)
{
	if (lf->fd >= 0 && lf->fresh && !lf->size)
		unlinkat(lf->dirfd, lf->name, 0);
	free(lf->name);
	lf->name = NULL;
	if (lf->fd < 0)
		return;
	close(steal_fd(&lf->fd));
	close(steal_fd(&lf->dirfd));
	munmap(lf->buf, BUFFER);
}

/* Only part of the batch was written: cut the file back to a whole record, count the rest. */
static void lose_rest(struct logfile *lf, size_t written)
{
	int reason = errno;
	const char *last = memrchr(lf->buf, '\n', written);
	size_t whole = last ? (size_t)(last - lf->buf) + 1 : 0, from;
	uint64_t records = 0;

	if (whole < written && ftruncate(lf->fd, lf->size + (int64_t)whole) < 0)
		whole = written;
	lf->size += (int64_t)whole;
	/* A note that did not fit is no loss: it will be said later, with more to tell. */
	from = whole < lf->note_len ? lf->note_len : whole;
	for (const char *p = lf->buf + from, *end = lf->buf + lf->used; p < end; p++) {
		p = memchr(p, '\n', (size_t)(end - p));
		records++;
	}
	if (whole >= lf->note_len && lf->note_len)
		log_told(&lf->log, lf->note_records, lf->note_bytes);
	log_lose(&lf->log, records, lf->used - from, reason);
}

void logfile_flush(struct logfile *lf)
{
	size_t done = 0;

	while (done < lf->used) {
		ssize_t n = write(lf->fd, lf->buf + done, lf->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done < lf->used) {
		lose_rest(lf, done);
	} else {
		lf->size += (int64_t)done;
		if (lf->note_len)
			log_told(&lf->log, lf->note_records, lf->note_bytes);
	}
	lf->used = lf->note_len = 0;
}

/* First in a batch, so that it stands where the lost ones would have stood. */
static void put_note(struct logfile *lf, const struct stamp *st)
{
	char text[LOG_NOTE_MAX];
	struct record rec;

	if (lf->used || !log_note(&lf->log, text, &rec))
		return;
	lf->note_len = lf->used = lf->format(lf->buf, &rec, st);
	lf->note_records = lf->log.lost_records;
	lf->note_bytes = lf->log.lost_bytes;
}

int logfile_elder(const struct logfile *lf, unsigned k, const char *suffix, char name[NAME_MAX + 1])
{
	int n = k ? snprintf(name, NAME_MAX + 1, "%s.%u%s", lf->name, k, suffix)
		  : snprintf(name, NAME_MAX + 1, "%s%s", lf->name, suffix);

	return n > NAME_MAX ? set_errno(ENAMETOOLONG) : 0;
}

static int shift_one(const struct logfile *lf, unsigned k, const char *suffix)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1];

	if (logfile_elder(lf, k, suffix, to) < 0 || logfile_elder(lf, k - 1, suffix, from) < 0)
		return -1;
	return renameat(lf->dirfd, from, lf->dirfd, to) < 0 && errno != ENOENT ? -1 : 0;
}

/* FILE.1 becomes FILE.2, FILE becomes FILE.1, oldest first; the last one, whichever way it is
 * there, goes. */
static int shift_elders(const struct logfile *lf)
{
	char last[NAME_MAX + 1];

	if (lf->max_files > 1 && logfile_elder(lf, lf->max_files - 1, LOGFILE_PACKED, last) == 0)
		unlinkat(lf->dirfd, last, 0);
	for (unsigned k = lf->max_files - 1; k > 0; k--) {
		if (k > 1 && shift_one(lf, k, LOGFILE_PACKED) < 0)
			return -1;
		if (shift_one(lf, k, "") < 0)
			return -1;
	}
	return 0;
}

/* The new file is made before anything is renamed: a full directory must not cost us the old one.
 */
static int start_new(struct logfile *lf, bool shift)
{
	char temporary[NAME_MAX + 1];
	_close_ int fd = -1;
	int old = lf->fd;

	if (snprintf(temporary, sizeof(temporary), ".%s.new", lf->name) > NAME_MAX)
		return set_errno(ENAMETOOLONG);
	fd = openat(lf->dirfd, temporary,
		    O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	if ((shift && shift_elders(lf) < 0) ||
	    renameat(lf->dirfd, temporary, lf->dirfd, lf->name) < 0) {
		unlinkat(lf->dirfd, temporary, 0);
		return -1;
	}
	adopt_fd(lf, steal_fd(&fd));
	close(old);
	return 0;
}

static void rotate_if_due(struct logfile *lf)
{
	int64_t size = lf->size + (int64_t)lf->used;

	/* Pieces of a line stay together, unless the line has no end. */
	if (size < lf->rotate_at || (lf->mid_line && size < 2 * lf->rotate_at))
		return;
	logfile_flush(lf);
	if (lf->size < lf->rotate_at)
		return;
	if (start_new(lf, true) < 0)
		lf->rotate_at = lf->size + ROTATE_RETRY;
	else if (lf->rotated)
		lf->rotated(lf);
}

void logfile_put(struct logfile *lf, const struct record *rec, const struct stamp *st)
{
	size_t n;

	if (lf->used > BUFFER - FORMAT_MAX - lf->attrs.len)
		logfile_flush(lf);
	if (lf->max_bytes)
		rotate_if_due(lf);
	if (lf->log.lost_records != lf->log.told_records)
		put_note(lf, st);
	n = lf->format(lf->buf + lf->used, rec, st);
	if (lf->attrs.len)
		n = format_json_attrs(lf->buf + lf->used, n, st, &lf->attrs);
	lf->total += (int64_t)n;
	if (!lf->total_max || lf->total <= lf->total_max)
		lf->used += n;
	lf->mid_line &= ~(1u << rec->stream);
	lf->mid_line |= (unsigned)rec->partial << rec->stream;
}

/* Nobody renamed it, but whoever asked may wait to see a file of this name appear (CRI-O does). */
static int appear(const struct logfile *lf)
{
	char temporary[NAME_MAX + 1];

	if (snprintf(temporary, sizeof(temporary), ".%s.new", lf->name) > NAME_MAX)
		return set_errno(ENAMETOOLONG);
	if (renameat(lf->dirfd, lf->name, lf->dirfd, temporary) < 0)
		return -1;
	return renameat(lf->dirfd, temporary, lf->dirfd, lf->name);
}

int logfile_reopen(struct logfile *lf)
{
	struct stat mine, there;

	logfile_flush(lf);
	if (fstat(lf->fd, &mine) < 0)
		return -1;
	if (fstatat(lf->dirfd, lf->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine.st_ino == there.st_ino && mine.st_dev == there.st_dev)
		return appear(lf);
	return start_new(lf, false);
}

void logfile_relax(struct logfile *lf)
{
	if (!lf->used)
		madvise(lf->buf, BUFFER, MADV_DONTNEED);
}
