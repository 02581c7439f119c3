#include <unistd.h>

#include "imgunpack/feed.h"
#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/str.h"

static struct feed *open_blob(const struct unpack *u, size_t i, int *fd)
{
	const struct image_descriptor *d = &u->image.manifest.layers[i];
	const struct archive_part *part = archive_part(&u->parts, &d->id);
	struct feed_source source = {
		.size = d->size,
		.digest = d->id,
		.max_bytes = u->max_bytes,
		.max_ratio = u->max_ratio,
	};

	if (u->layer_fds && u->layer_fds[i] >= 0) {
		source.fd = u->layer_fds[i];
		source.digest.text[0] = '\0';
	} else if (part) {
		source.fd = u->parts.fd;
		source.offset = part->offset;
		source.room = part->size;
	} else {
		source.fd = *fd = blob_open(u->layout_dirfd, &d->id, -1);
	}
	if (source.fd < 0)
		die("open layer '%s'", d->digest);
	if (digest_parse(u->image.config.rootfs->diff_ids[i], &source.diff_id) < 0)
		die("diff_id '%s'", u->image.config.rootfs->diff_ids[i]);
	return feed_open(&source);
}

static enum codec expected(const char *media_type)
{
	if (str_ends(media_type, "gzip"))
		return CODEC_GZIP;
	return str_ends(media_type, "zstd") ? CODEC_ZSTD : CODEC_NONE;
}

/* The digest vouches for the bytes, so that a wrong label is harmless; other tools may not read the
 * image, though. */
static void check_codec(const struct image_descriptor *d, enum codec found)
{
	if (d->mediaType && found != expected(d->mediaType))
		warnx("layer '%s' is called %s but its compression is %s", d->digest, d->mediaType,
		      codec_name(found));
}

int unpack_layer(const struct unpack *u, size_t i, struct apply *a)
{
	const struct image_descriptor *d = &u->image.manifest.layers[i];
	_close_ int fd = -1;
	struct feed *f = open_blob(u, i, &fd);
	struct tar_reader *r = tar_open(feed_fill, f);
	int n = apply_layer(a, r);

	if (n < 0 && errno != EBADMSG)
		die("read layer '%s'", d->digest);
	/* A broken blob shows as a broken archive first; what the digest says of it comes before
	 * that. */
	if (n < 0)
		diex("unpack layer '%s': %s", d->digest, *feed_why(f) ? feed_why(f) : tar_why(r));
	if (!n && feed_finish(f) < 0)
		diex("unpack layer '%s': %s", d->digest, feed_why(f));
	if (!n)
		check_codec(d, feed_codec(f));
	tar_close(r);
	feed_close(f);
	return n;
}

void unpack_finish(const struct unpack *u, struct apply *a)
{
	apply_finish(a);
	if (u->sync && syncfs(a->rootfs_dirfd))
		die("sync the tree");
	apply_free(a);
}
