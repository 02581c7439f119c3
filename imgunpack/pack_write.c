#include <fcntl.h>

#include "imgunpack/pack.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"

enum { CHUNK = 256 * 1024 };

/* A tar that comes from elsewhere: decompressed, checked to be one, and passed on byte for byte. */
struct copy {
	struct sink *to;
	const char *path;
	int fd;
	struct inflate *inflate;
	struct codec_io io;
	bool ended;
	unsigned char in[CHUNK], out[CHUNK];
};

static void refill(struct copy *c)
{
	ssize_t n = io_read(c->fd, c->in, sizeof(c->in));

	if (n < 0)
		die("read '%s'", c->path);
	c->io.in = c->in;
	c->io.nin = (size_t)n;
	c->ended = !n;
	if (!c->inflate)
		c->inflate = inflate_new(codec_sniff(c->in, (size_t)n));
}

/* A tar_fill that passes on what it returns. */
static ssize_t fill(void *ctx, const unsigned char **data)
{
	struct copy *c = ctx;
	size_t len;

	c->io.out = c->out;
	c->io.nout = sizeof(c->out);
	do {
		if (!c->io.nin && !c->ended)
			refill(c);
		if (inflate_step(c->inflate, &c->io) < 0)
			diex("read '%s': the compressed stream is broken", c->path);
	} while (c->io.nout && !c->ended);
	len = sizeof(c->out) - c->io.nout;
	if (!len && !inflate_is_complete(c->inflate))
		diex("read '%s': the compressed stream is truncated", c->path);
	if (sink_put(c->to, c->out, len) < 0)
		die("write a layer");
	*data = c->out;
	return (ssize_t)len;
}

static int64_t copy_tar(struct sink *to, const char *path)
{
	struct copy *c = xcalloc(1, sizeof(*c));
	int64_t newest = 0, epoch = pack_epoch();
	struct tar_entry e;
	int n;

	c->to = to;
	c->path = path;
	c->fd = str_eq(path, "-") ? 0 : open(path, O_RDONLY | O_CLOEXEC);
	if (c->fd < 0)
		die("open '%s'", path);

	struct tar_reader *r = tar_open(fill, c);

	while ((n = tar_next(r, &e)) > 0)
		if (e.mtime.tv_sec > newest)
			newest = e.mtime.tv_sec;
	if (n < 0 || tar_drain(r) < 0)
		diex("read '%s': %s", path, tar_why(r));
	tar_close(r);
	inflate_free(c->inflate);
	if (c->fd)
		close_fd(&c->fd);
	free(c);
	return newest < epoch ? newest : epoch;
}

int64_t pack_write(struct sink *s, const struct pack_source *source)
{
	if (source->kind == PACK_TAR)
		return copy_tar(s, source->path);

	struct tar_writer *w = tar_create(sink_put, s);
	int64_t newest = pack_tree(w, source);

	if (tar_write_end(w) < 0)
		die("write a layer");
	tar_writer_free(w);
	return newest;
}
