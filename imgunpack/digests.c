#include <string.h>

#include "imgunpack/imgctl.h"
#include "lib/mem.h"

void digests_add(struct digests *s, const struct digest *d)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->n++] = *d;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct digest *)a)->text, ((const struct digest *)b)->text);
}

void digests_settle(struct digests *s)
{
	size_t n = 0;

	if (!s->n)
		return;
	qsort(s->v, s->n, sizeof(*s->v), compare);
	for (size_t i = 0; i < s->n; i++) {
		if (!n || compare(&s->v[n - 1], &s->v[i]))
			s->v[n++] = s->v[i];
	}
	s->n = n;
}

bool digests_has(const struct digests *s, const struct digest *d)
{
	return s->n && bsearch(d, s->v, s->n, sizeof(*s->v), compare);
}

void digests_free(struct digests *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}
