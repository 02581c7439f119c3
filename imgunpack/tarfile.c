#include <fcntl.h>
#include <sys/stat.h>

#include "imgunpack/tarfile.h"
#include "lib/codec.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { CHUNK = 256 * 1024 };

struct tarfile {
	const char *path;
	int fd;
	off_t start, end; /* of a regular file: where we began and where it ends; else 0 */
	enum codec codec;
	struct inflate *inflate;
	struct codec_io io;
	bool ended;
	unsigned char in[CHUNK], out[CHUNK];
};

struct tarfile *tarfile_open(const char *path)
{
	struct tarfile *t = xcalloc(1, sizeof(*t));
	struct stat st;

	t->path = path;
	t->fd = str_eq(path, "-") ? 0 : open(path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		die("open '%s'", path);
	if (fstat(t->fd, &st))
		die("open '%s'", path);
	if (S_ISREG(st.st_mode)) {
		t->start = lseek(t->fd, 0, SEEK_CUR);
		t->end = st.st_size;
	}
	return t;
}

static void refill(struct tarfile *t)
{
	ssize_t n = io_read(t->fd, t->in, sizeof(t->in));

	if (n < 0)
		die("read '%s'", t->path);
	t->io.in = t->in;
	t->io.nin = (size_t)n;
	t->ended = !n;
	if (t->inflate)
		return;
	t->codec = codec_sniff(t->in, (size_t)n);
	t->inflate = inflate_new(t->codec);
}

ssize_t tarfile_fill(void *tarfile, const unsigned char **data)
{
	struct tarfile *t = tarfile;
	size_t len;

	t->io.out = t->out;
	t->io.nout = sizeof(t->out);
	do {
		if (!t->io.nin && !t->ended)
			refill(t);
		if (inflate_step(t->inflate, &t->io) < 0)
			diex("read '%s': the compressed stream is broken", t->path);
	} while (t->io.nout && !t->ended);
	len = sizeof(t->out) - t->io.nout;
	if (!len && !inflate_is_complete(t->inflate))
		diex("read '%s': the compressed stream is truncated", t->path);
	*data = t->out;
	return (ssize_t)len;
}

/* What was read but not returned yet is left out first. */
uint64_t tarfile_leap(void *tarfile, uint64_t len)
{
	struct tarfile *t = tarfile;
	size_t n = t->io.nin < len ? t->io.nin : (size_t)len;
	off_t at = t->end ? lseek(t->fd, 0, SEEK_CUR) : -1;
	uint64_t left = len - n;

	if (at < 0 || at > t->end || t->codec != CODEC_NONE)
		return 0;
	if (left > (uint64_t)(t->end - at))
		left = (uint64_t)(t->end - at);
	if (lseek(t->fd, (off_t)left, SEEK_CUR) < 0)
		return 0;
	t->io.in += n;
	t->io.nin -= n;
	return n + left;
}

bool tarfile_in_place(const struct tarfile *t, uint64_t at, uint64_t len, int *fd, off_t *offset)
{
	uint64_t size = t->end > t->start ? (uint64_t)(t->end - t->start) : 0;

	if (t->codec != CODEC_NONE || at > size || len > size - at)
		return false;
	*fd = t->fd;
	*offset = t->start + (off_t)at;
	return true;
}

void tarfile_close(struct tarfile *t)
{
	inflate_free(t->inflate);
	if (t->fd)
		close_fd(&t->fd);
	free(t);
}
