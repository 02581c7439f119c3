#include "lib/buf.h"
#include "lib/image.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { RANK_UNSTATED = 1 << 20 };

int image_rank(const struct image_descriptor *d, const struct platform *want)
{
	enum image_kind kind = image_kind(d->mediaType);
	struct platform have;

	if ((d->mediaType && kind != IMAGE_MANIFEST && kind != IMAGE_INDEX) || !*d->id.text)
		return -1;
	if (decode_map_get(&d->annotations, "vnd.docker.reference.type"))
		return -1;
	if (!d->platform || !d->platform->os || !d->platform->architecture)
		return RANK_UNSTATED;
	platform_set(&have, d->platform->os, d->platform->architecture, d->platform->variant);
	return platform_rank(want, &have);
}

const struct image_descriptor *image_choose(const struct image_descriptor *v, size_t n,
					    const struct platform *want)
{
	const struct image_descriptor *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < n; i++) {
		int r = image_rank(&v[i], want);

		if (r < 0 || (best && r >= best_rank))
			continue;
		best = &v[i];
		best_rank = r;
	}
	return best;
}

char *image_platforms(const struct image_descriptor *v, size_t n)
{
	_buf_ struct buf b = { 0 };
	char text[PLATFORM_TEXT_MAX + 1];

	for (size_t i = 0; i < n && b.len < IMAGE_WHY_MAX; i++) {
		struct platform p;

		if (!v[i].platform || !v[i].platform->os || str_eq(v[i].platform->os, "unknown"))
			continue;
		platform_set(&p, v[i].platform->os, v[i].platform->architecture,
			     v[i].platform->variant);
		buf_addf(&b, "%s%s", b.len ? ", " : "", platform_text(&p, text));
	}
	return b.len ? buf_steal(&b) : xstrdup("none");
}
