#include "imgunpack/pack.h"
#include "lib/mem.h"

enum { CHUNK = 256 * 1024 };

struct sink {
	tar_put *put;
	void *ctx;
	struct deflate *deflate;
	struct digest_state hash;
	size_t len; /* in in[] */
	unsigned char in[CHUNK], out[CHUNK];
};

struct sink *sink_open(enum codec codec, tar_put *put, void *ctx)
{
	struct sink *s = xmalloc(sizeof(*s));

	s->put = put;
	s->ctx = ctx;
	s->len = 0;
	s->deflate = deflate_new(codec);
	digest_start(&s->hash);
	return s;
}

/* Compressing whole chunks only makes the output independent of how the input came in. */
static int flush(struct sink *s, bool last)
{
	struct codec_io io = { .in = s->in, .nin = s->len };
	int done;

	digest_add(&s->hash, s->in, s->len);
	s->len = 0;
	do {
		io.out = s->out;
		io.nout = CHUNK;
		done = deflate_step(s->deflate, &io, last);
		if (done < 0 || s->put(s->ctx, s->out, CHUNK - io.nout) < 0)
			return -1;
	} while (last ? !done : io.nin || !io.nout);
	return 0;
}

int sink_put(void *sink, const void *data, size_t len)
{
	struct sink *s = sink;

	while (len) {
		size_t n = CHUNK - s->len < len ? CHUNK - s->len : len;

		memcpy(s->in + s->len, data, n);
		s->len += n;
		data = (const char *)data + n;
		len -= n;
		if (s->len == CHUNK && flush(s, false) < 0)
			return -1;
	}
	return 0;
}

int sink_close(struct sink *s, struct digest *diff_id)
{
	int n = flush(s, true);

	digest_end(&s->hash, diff_id);
	deflate_free(s->deflate);
	free(s);
	return n;
}
