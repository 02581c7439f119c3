/* format.c - log records as json-file and CRI lines. */
#include <stdint.h>
#include <string.h>

#include "shim/format.h"

static const char *const stream_names[N_STREAMS] = { "stdout", "stderr" };

static char *put(char *out, const char *s, size_t len)
{
	memcpy(out, s, len);
	return out + len;
}

/* How many bytes a well-formed UTF-8 sequence at s takes; 0 for any other byte. Go's ranges:
 * no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	unsigned char lead = s[0], low = 0x80, high = 0xbf;
	size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (lead < 0xc2 || lead > 0xf4 || left < len)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static char *put_ascii_escape(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	*out++ = '\\';
	if (c == '"' || c == '\\')
		*out++ = (char)c;
	else if (c == '\n')
		*out++ = 'n';
	else if (c == '\r')
		*out++ = 'r';
	else {
		out = put(out, "u00", 3);
		*out++ = hex[c >> 4];
		*out++ = hex[c & 15];
	}
	return out;
}

/* One byte or sequence that is not plain text; *used is how much of s it was. */
static char *put_special(char *out, const unsigned char *s, size_t left, size_t *used)
{
	*used = 1;
	if (s[0] < 0x80)
		return put_ascii_escape(out, s[0]);
	*used = utf8_len(s, left);
	if (!*used) {
		*used = 1;
		return put(out, "\\ufffd", 6);
	}
	if (*used == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] & 0xfe) == 0xa8)
		return put(out, s[2] & 1 ? "\\u2029" : "\\u2028", 6);
	return put(out, (const char *)s, *used);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

enum { LANES = 16 };
typedef unsigned char lanes __attribute__((vector_size(LANES)));

/* Copy the plain text at the front of s, sixteen bytes at a time while all are plain. */
static size_t copy_plain(char *out, const unsigned char *s, size_t len)
{
	size_t n = 0;

	for (; n + LANES <= len; n += LANES) {
		lanes v;
		uint64_t odd[2];

		memcpy(&v, s + n, LANES);
		memcpy(out + n, &v, LANES);
		v = (lanes)((v < 0x20) | (v >= 0x80) | (v == '"') | (v == '\\') | (v == '<') |
			    (v == '>') | (v == '&'));
		memcpy(odd, &v, LANES);
		if (odd[0] | odd[1])
			break;
	}
	for (; n < len && is_plain(s[n]); n++)
		out[n] = (char)s[n];
	return n;
}

size_t format_json_text(char *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;
	char *p = out;

	while (s < end) {
		size_t n = copy_plain(p, s, (size_t)(end - s));

		s += n;
		p += n;
		if (s == end)
			break;
		p = put_special(p, s, (size_t)(end - s), &n);
		s += n;
	}
	return (size_t)(p - out);
}

size_t format_json(char *out, const struct record *rec, const struct stamp *st)
{
	char *p = put(out, "{\"log\":\"", 8);

	p += format_json_text(p, rec->text, rec->len);
	if (!rec->partial)
		p = put(p, "\\n", 2);
	p = put(p, "\",\"stream\":\"", 12);
	p = put(p, stream_names[rec->stream], 6);
	p = put(p, "\",\"time\":\"", 10);
	p = put(p, st->utc, st->utc_len);
	p = put(p, "\"}\n", 3);
	return (size_t)(p - out);
}

size_t format_k8s(char *out, const struct record *rec, const struct stamp *st)
{
	char *p = put(out, st->local, st->local_len);

	*p++ = ' ';
	p = put(p, stream_names[rec->stream], 6);
	p = put(p, rec->partial ? " P " : " F ", 3);
	p = put(p, rec->text, rec->len);
	*p++ = '\n';
	return (size_t)(p - out);
}
