/* format.c - log records as json-file and CRI lines. */
#include <stdint.h>
#include <string.h>

#include "shim/format.h"

enum { LANES = 16, PAIR = 2 * LANES };
typedef unsigned char lanes __attribute__((vector_size(LANES)));
typedef signed char signed_lanes __attribute__((vector_size(LANES)));

static char *put(char *out, const char *s, size_t len)
{
	memcpy(out, s, len);
	return out + len;
}

/* Most lines are short; a call of memcpy costs more than they do. */
static char *put_text(char *out, const char *s, size_t len)
{
	if (len >= 8)
		return put(out, s, len);
	if (len >= 4) {
		uint32_t head, tail;

		memcpy(&head, s, 4);
		memcpy(&tail, s + len - 4, 4);
		memcpy(out, &head, 4);
		memcpy(out + len - 4, &tail, 4);
		return out + len;
	}
	for (size_t i = 0; i < len; i++)
		*out++ = s[i];
	return out;
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

/* Which of sixteen bytes are not plain? They are copied anyway. As signed numbers those from 0x80
 * up are below a blank; '"' and '&', '<' and '>' differ in one bit. */
static inline __attribute__((always_inline)) lanes copy_lanes(char *out, const unsigned char *s)
{
	lanes v;

	memcpy(&v, s, LANES);
	memcpy(out, &v, LANES);
	return (lanes)(((signed_lanes)v < ' ') | ((v | 4) == '&') | ((v | 2) == '>') | (v == '\\'));
}

static inline __attribute__((always_inline)) bool is_zero(lanes v)
{
	uint64_t half[2];

	memcpy(half, &v, LANES);
	return !(half[0] | half[1]);
}

/* Copy the plain text at the front of s. */
static inline size_t copy_plain(char *out, const unsigned char *s, size_t len)
{
	size_t n = 0;

	for (; n + PAIR <= len; n += PAIR)
		if (!is_zero(copy_lanes(out + n, s + n) |
			     copy_lanes(out + n + LANES, s + n + LANES)))
			break;
	if (n + LANES <= len && is_zero(copy_lanes(out + n, s + n)))
		n += LANES;
	/* What is left over is looked at together with what was copied before it. */
	if (n && n < len && n + LANES > len &&
	    is_zero(copy_lanes(out + len - LANES, s + len - LANES)))
		return len;
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

/* What is the same in every record, as long as the compiler likes it: copied whole, used in part.
 */
static const char json_middle[N_STREAMS][32] = { "\",\"stream\":\"stdout\",\"time\":\"",
						 "\",\"stream\":\"stderr\",\"time\":\"" };
static const char k8s_middle[N_STREAMS][2][16] = { { " stdout F ", " stdout P " },
						   { " stderr F ", " stderr P " } };
enum { JSON_MIDDLE = 28, K8S_MIDDLE = 10 };

size_t format_json(char *out, const struct record *rec, const struct stamp *st)
{
	char *p = put(out, "{\"log\":\"", 8);

	p += format_json_text(p, rec->text, rec->len);
	if (!rec->partial)
		p = put(p, "\\n", 2);
	memcpy(p, json_middle[rec->stream], sizeof(json_middle[0]));
	p += JSON_MIDDLE;
	memcpy(p, st->utc, sizeof(st->utc));
	p += st->utc_len;
	p = put(p, "\"}\n", 3);
	return (size_t)(p - out);
}

size_t format_json_attrs(char *out, size_t len, const struct stamp *st, const struct buf *attrs)
{
	/* "time":"..."} and a newline stay behind them, as dockerd has it. */
	size_t tail = sizeof("\"time\":\"\"}\n") - 1 + st->utc_len;
	char *at = out + len - tail;

	memmove(at + attrs->len, at, tail);
	memcpy(at, attrs->data, attrs->len);
	return len + attrs->len;
}

size_t format_k8s(char *out, const struct record *rec, const struct stamp *st)
{
	char *p = out;

	memcpy(p, st->local, sizeof(st->local));
	p += st->local_len;
	memcpy(p, k8s_middle[rec->stream][rec->partial], sizeof(k8s_middle[0][0]));
	p = put_text(p + K8S_MIDDLE, rec->text, rec->len);
	*p++ = '\n';
	return (size_t)(p - out);
}
