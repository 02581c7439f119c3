/* detach.c - the keys that leave a container's terminal alone. */
#include <ctype.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "shim/detach.h"

/* A key's code, or -1. */
static int key_code(const char *word)
{
	const char *ctrl = str_after(word, "ctrl-");
	int c;

	if (!ctrl)
		return word[0] && !word[1] ? (unsigned char)word[0] : -1;
	c = toupper((unsigned char)ctrl[0]);
	return c >= '@' && c <= '_' && !ctrl[1] ? c - '@' : -1;
}

int detach_parse(struct detach *d, const char *spec)
{
	_strv_ struct strv words = { 0 };

	memset(d, 0, sizeof(*d));
	if (!*spec)
		return 0;
	strv_split(&words, spec, ',');
	if (words.n > DETACH_KEYS_MAX)
		return set_errno(EINVAL);
	for (size_t i = 0; i < words.n; i++) {
		int code = key_code(words.v[i]);

		if (code < 0)
			return set_errno(EINVAL);
		d->keys[d->n++] = (unsigned char)code;
	}
	return 0;
}

/* The longest start of the keys that ends what was held and then typed: of "aab", after "aaa",
 * "aa". */
static size_t still_held(const struct detach *d, unsigned char typed)
{
	for (size_t n = d->held; n > 0; n--)
		if (d->keys[n - 1] == typed && !memcmp(d->keys, d->keys + d->held - (n - 1), n - 1))
			return n;
	return 0;
}

size_t detach_filter(struct detach *d, const char *in, size_t len, char *out, bool *left)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)in[i];
		size_t keep, total = d->held + 1;

		if (d->n && c == d->keys[d->held]) {
			if (++d->held == d->n) {
				*left = true;
				d->held = 0;
				return n;
			}
			continue;
		}
		keep = d->n ? still_held(d, c) : 0;
		for (size_t k = 0; k + keep < total; k++)
			out[n++] = k < d->held ? (char)d->keys[k] : (char)c;
		d->held = keep;
	}
	return n;
}
