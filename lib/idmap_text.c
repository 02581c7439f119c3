#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

bool idmap_is_range(const struct idmap *m)
{
	uint32_t end;

	return m->count && !__builtin_add_overflow(m->inside, m->count, &end) &&
	       !__builtin_add_overflow(m->outside, m->count, &end);
}

/* "[@]INSIDE-OUTSIDE-COUNT"; with '@' OUTSIDE is an id of the container's. */
static int parse_range(const char *text, const struct idmap *container, size_t n, struct idmap *out)
{
	bool relative = *text == '@';
	_strv_ struct strv part = { 0 };

	strv_split(&part, text + relative, '-');
	if (part.n != 3 || num_u32(part.v[0], &out->inside) || num_u32(part.v[1], &out->outside) ||
	    num_u32(part.v[2], &out->count))
		return set_errno(EINVAL);
	if (relative && idmap_outside(container, n, out->outside, &out->outside))
		return -1;
	return idmap_is_range(out) ? 0 : set_errno(ERANGE);
}

static int parse_ranges(const char *text, const struct idmap *container, size_t n,
			struct idmap **out, size_t *n_out)
{
	_strv_ struct strv range = { 0 };
	_free_ struct idmap *map = NULL;

	strv_split(&range, text, '#');
	if (range.n > IDMAP_LINES_MAX)
		return set_errno(EINVAL);
	map = xcalloc(range.n, sizeof(*map));
	for (size_t i = 0; i < range.n; i++) {
		if (parse_range(range.v[i], container, n, &map[i]))
			return -1;
	}
	free(*out);
	*out = steal_ptr(&map);
	*n_out = range.n;
	return 0;
}

int idmap_parse(const char *text, const struct idmaps *container, struct idmaps *out)
{
	_strv_ struct strv part = { 0 };

	strv_split(&part, text, ';');
	for (size_t i = 0; i < part.n; i++) {
		const char *uids = str_after(part.v[i], "uids=");
		const char *gids = str_after(part.v[i], "gids=");

		if (!uids && !gids)
			return set_errno(EINVAL);
		if (uids && parse_ranges(uids, container->uids, container->n_uids, &out->uids,
					 &out->n_uids))
			return -1;
		if (gids && parse_ranges(gids, container->gids, container->n_gids, &out->gids,
					 &out->n_gids))
			return -1;
	}
	return 0;
}

void idmaps_free(struct idmaps *m)
{
	free(m->uids);
	free(m->gids);
	*m = (struct idmaps){ 0 };
}
