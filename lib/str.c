#include <limits.h>

#include "lib/mem.h"
#include "lib/str.h"

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !memcmp(s + n - m, suffix, m);
}

const char *str_after(const char *s, const char *prefix)
{
	return str_starts(s, prefix) ? s + strlen(prefix) : NULL;
}

bool str_is_name(const char *s)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-";

	if (!*s || *s == '-' || str_eq(s, ".") || str_eq(s, ".."))
		return false;
	return strlen(s) <= NAME_MAX && s[strspn(s, allowed)] == '\0';
}

/* Bytes that follow LEAD, or -1; *LOW is the smallest code point of that length (no overlong
 * forms). */
static int utf8_follow(unsigned char lead, uint32_t *point, uint32_t *low)
{
	static const struct {
		unsigned char mask, value;
		uint32_t low;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (int i = 0; i < (int)ARRAY_LEN(forms); i++) {
		if ((lead & forms[i].mask) == forms[i].value) {
			*point = lead & (unsigned char)~forms[i].mask;
			*low = forms[i].low;
			return i;
		}
	}
	return -1;
}

bool str_is_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;

	while (p < end) {
		uint32_t point, low;
		int follow = utf8_follow(*p++, &point, &low);

		if (follow < 0 || end - p < follow)
			return false;
		for (; follow > 0; follow--, p++) {
			if ((*p & 0xc0) != 0x80)
				return false;
			point = point << 6 | (*p & 0x3f);
		}
		if (point < low || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
			return false;
	}
	return true;
}

void strv_take(struct strv *l, char *s)
{
	if (l->n + 2 > l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void strv_add(struct strv *l, const char *s)
{
	strv_take(l, xstrdup(s));
}

void strv_setenv(struct strv *l, const char *entry)
{
	size_t len = strcspn(entry, "=");

	for (size_t i = 0; i < l->n; i++) {
		if (strcspn(l->v[i], "=") == len && !strncmp(l->v[i], entry, len)) {
			free(l->v[i]);
			l->v[i] = xstrdup(entry);
			return;
		}
	}
	strv_add(l, entry);
}

void strv_split(struct strv *l, const char *s, char sep)
{
	for (;;) {
		const char *end = strchrnul(s, sep);

		strv_take(l, xmemdup0(s, (size_t)(end - s)));
		if (!*end)
			return;
		s = end + 1;
	}
}

int strv_index(char *const *v, const char *s)
{
	for (int i = 0; v && v[i]; i++) {
		if (str_eq(v[i], s))
			return i;
	}
	return -1;
}

size_t strv_len(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

void strv_free_v(char **v)
{
	for (size_t i = 0; v && v[i]; i++)
		free(v[i]);
	free(v);
}

void strv_free(struct strv *l)
{
	strv_free_v(l->v);
	*l = (struct strv){ 0 };
}

uint64_t str_hash(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h;
}
