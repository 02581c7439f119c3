#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "lib/io.h"
#include "lib/mem.h"

enum { LINE_MAX_BYTES = 64 * 1024, COPY_STEP = 1 << 20, READ_STEP = 64 * 1024 };

int io_write(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int io_puts(int fd, const char *s)
{
	return io_write(fd, s, strlen(s));
}

ssize_t io_read(int fd, void *data, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, (char *)data + got, len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* How long a file says it is, where that means something: those of /proc say 0. */
static size_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 0 ? 0 : (size_t)st.st_size;
}

int io_read_all(int fd, size_t max, struct buf *b)
{
	size_t start = b->len, size = size_of(fd);
	size_t step = size && size < READ_STEP ? size + 1 : READ_STEP;

	for (;;) {
		/* One byte more than allowed tells "too large" from "just fits". */
		size_t left = max - (b->len - start) + 1;
		size_t room = left < step ? left : step;
		char *p = buf_room(b, room);
		ssize_t n = read(fd, p, room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		if (b->len - start > max)
			return set_errno(EFBIG);
		/* As long as it said, or the end. */
		if (!n || (size && b->len - start == size))
			return 0;
	}
}

static bool try_next_way(void)
{
	return errno == EINVAL || errno == EXDEV || errno == ENOSYS || errno == EOPNOTSUPP ||
	       errno == EBADF || errno == EPERM;
}

static ssize_t copy_some(int in, int out, int *way)
{
	char block[65536];
	ssize_t n = -1;

	if (*way == 0) {
		n = copy_file_range(in, NULL, out, NULL, COPY_STEP, 0);
		if (n > 0 || (n < 0 && !try_next_way()))
			return n;
		/* 0 may also mean a file of /proc or /sys, which copy_file_range reads as empty. */
		*way = 1;
	}
	if (*way == 1) {
		n = sendfile(out, in, NULL, COPY_STEP);
		if (n >= 0 || !try_next_way())
			return n;
		*way = 2;
	}
	n = read(in, block, sizeof(block));
	return n > 0 && io_write(out, block, (size_t)n) ? -1 : n;
}

int64_t io_copy(int in, int out)
{
	int64_t total = 0;
	int way = 0;

	for (;;) {
		ssize_t n = copy_some(in, out, &way);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			return total;
		total += n;
	}
}

int file_read(int dirfd, const char *name, size_t max, struct buf *b)
{
	_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : io_read_all(fd, max, b);
}

int file_read_regular(int dirfd, const char *name, size_t max, struct buf *b)
{
	_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	return S_ISREG(st.st_mode) ? io_read_all(fd, max, b) : set_errno(EINVAL);
}

static char *first_line(struct buf *b)
{
	return xmemdup0(buf_str(b), strcspn(buf_str(b), "\n"));
}

char *file_read_line(int dirfd, const char *name)
{
	_buf_ struct buf b = { 0 };

	return file_read(dirfd, name, LINE_MAX_BYTES, &b) ? NULL : first_line(&b);
}

char *file_read_line_regular(int dirfd, const char *name)
{
	_buf_ struct buf b = { 0 };

	return file_read_regular(dirfd, name, LINE_MAX_BYTES, &b) ? NULL : first_line(&b);
}

int file_poke(int dirfd, const char *name, const char *data)
{
	_close_ int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(data);
	ssize_t n;

	if (fd < 0)
		return -1;
	do {
		n = write(fd, data, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	return (size_t)n == len ? 0 : set_errno(EIO);
}

static int write_new(int dirfd, const char *temp, mode_t mode, const void *data, size_t len,
		     bool sync)
{
	_close_ int fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
				mode);

	/* What is the owner's alone no sane umask takes away. */
	if (fd < 0 || (mode & 077 && fchmod(fd, mode)) || io_write(fd, data, len) ||
	    (sync && fsync(fd)))
		return -1;
	return close(steal_fd(&fd));
}

int file_replace(int dirfd, const char *name, mode_t mode, const void *data, size_t len, bool sync)
{
	char temp[NAME_MAX + 1];

	if (!*name || strchr(name, '/'))
		return set_errno(EINVAL);
	if (snprintf(temp, sizeof(temp), ".%s.new", name) >= (int)sizeof(temp))
		return set_errno(ENAMETOOLONG);
	if (write_new(dirfd, temp, mode, data, len, sync) || renameat(dirfd, temp, dirfd, name)) {
		int saved = errno;

		unlinkat(dirfd, temp, 0);
		return set_errno(saved);
	}
	return 0;
}

int file_put_line(int dirfd, const char *name, const char *s)
{
	_free_ char *line = xasprintf("%s\n", s);

	return file_replace(dirfd, name, 0644, line, strlen(line), false);
}
