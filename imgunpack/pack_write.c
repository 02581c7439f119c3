#include "imgunpack/pack.h"
#include "imgunpack/tarfile.h"
#include "lib/die.h"

/* A tar that comes from elsewhere: decompressed, checked to be one, and passed on byte for byte. */
struct copy {
	struct sink *to;
	struct tarfile *from;
};

/* A tar_fill that passes on what it returns. */
static ssize_t fill(void *ctx, const unsigned char **data)
{
	struct copy *c = ctx;
	ssize_t n = tarfile_fill(c->from, data);

	if (sink_put(c->to, *data, (size_t)n) < 0)
		die("write a layer");
	return n;
}

static int64_t copy_tar(struct sink *to, const char *path)
{
	struct copy c = { to, tarfile_open(path) };
	struct tar_reader *r = tar_open(fill, &c);
	int64_t newest = 0, epoch = pack_epoch();
	struct tar_entry e;
	int n;

	while ((n = tar_next(r, &e)) > 0)
		if (e.mtime.tv_sec > newest)
			newest = e.mtime.tv_sec;
	if (n < 0 || tar_drain(r) < 0)
		diex("read '%s': %s", path, tar_why(r));
	tar_close(r);
	tarfile_close(c.from);
	return newest < epoch ? newest : epoch;
}

int64_t pack_write(struct sink *s, const struct pack_source *source)
{
	if (source->kind == PACK_TAR)
		return copy_tar(s, source->path);
	return pack_tree(s, source);
}
