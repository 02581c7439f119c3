#include <fcntl.h>

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
	struct inflate *inflate;
	struct codec_io io;
	bool ended;
	unsigned char in[CHUNK], out[CHUNK];
};

struct tarfile *tarfile_open(const char *path)
{
	struct tarfile *t = xcalloc(1, sizeof(*t));

	t->path = path;
	t->fd = str_eq(path, "-") ? 0 : open(path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		die("open '%s'", path);
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
	if (!t->inflate)
		t->inflate = inflate_new(codec_sniff(t->in, (size_t)n));
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

void tarfile_close(struct tarfile *t)
{
	inflate_free(t->inflate);
	if (t->fd)
		close_fd(&t->fd);
	free(t);
}
