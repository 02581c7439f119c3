/* logread.c - log lines back into records.
 *
 * JSON is read here and not by lib/json: a log line may hold \u0000, which that refuses, and
 * a tree for each line costs more than the line.
 */
#include <string.h>

#include "lib/base.h"
#include "shim/logread.h"

struct cursor {
	char *p, *end;
};

static bool skip(struct cursor *c, char wanted)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static int hex4(const char *p)
{
	int n = 0;

	for (int i = 0; i < 4; i++) {
		char ch = p[i];
		int digit = ch >= '0' && ch <= '9'   ? ch - '0'
			    : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
			    : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
						     : -1;

		if (digit < 0)
			return -1;
		n = n * 16 + digit;
	}
	return n;
}

static char *put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 63));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 63));
		*out++ = (char)(0x80 | (c >> 6 & 63));
	}
	*out++ = (char)(0x80 | (c & 63));
	return out;
}

/* \uXXXX at c->p, just behind the u; a pair of surrogates is one character. */
static char *put_unicode(struct cursor *c, char *out)
{
	int hi = c->end - c->p >= 4 ? hex4(c->p) : -1, lo = -1;

	if (hi < 0)
		return NULL;
	c->p += 4;
	if (hi < 0xd800 || hi > 0xdfff)
		return put_utf8(out, (uint32_t)hi);
	if (hi < 0xdc00 && c->end - c->p >= 6 && c->p[0] == '\\' && c->p[1] == 'u')
		lo = hex4(c->p + 2);
	if (lo < 0xdc00 || lo > 0xdfff)
		return put_utf8(out, 0xfffd);
	c->p += 6;
	return put_utf8(out, 0x10000 + ((uint32_t)(hi - 0xd800) << 10) + (uint32_t)(lo - 0xdc00));
}

static char *put_escape(struct cursor *c, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (c->p == c->end)
		return NULL;
	if (*c->p == 'u') {
		c->p++;
		return put_unicode(c, out);
	}
	at = memchr(from, *c->p++, sizeof(from) - 1);
	if (!at)
		return NULL;
	*out++ = to[at - from];
	return out;
}

/* A string, unescaped where it stands: what comes out is never longer. */
static bool read_string(struct cursor *c, char **text, size_t *len)
{
	char *out;

	if (!skip(c, '"'))
		return false;
	out = *text = c->p;
	while (c->p < c->end && *c->p != '"') {
		if (*c->p != '\\') {
			*out++ = *c->p++;
			continue;
		}
		c->p++;
		out = put_escape(c, out);
		if (!out)
			return false;
	}
	*len = (size_t)(out - *text);
	return skip(c, '"');
}

/* Any other value, such as the object of attributes dockerd can be told to write. */
static bool skip_value(struct cursor *c)
{
	int depth = 0;

	for (; c->p < c->end; c->p++) {
		char *text;
		size_t len;

		if (*c->p == '"') {
			if (!read_string(c, &text, &len))
				return false;
			c->p--;
		} else if (*c->p == '{' || *c->p == '[') {
			depth++;
		} else if ((*c->p == '}' || *c->p == ']' || *c->p == ',') && !depth) {
			return true;
		} else if (*c->p == '}' || *c->p == ']') {
			depth--;
		}
	}
	return false;
}

static char *put_word(char *out, const char *text, size_t len)
{
	memmove(out, text, len);
	out[len] = '\0';
	return out + len + 1;
}

/* What dockerd and shim --log-attr write beside the text. Unescaped to the front of where it
 * stands: each pair loses at least six bytes and gains two. What is no text is passed over. */
static bool read_attrs(struct cursor *c, struct entry *e)
{
	char *out = c->p, *key, *value;
	size_t key_len, len;

	e->attrs = out;
	if (!skip(c, '{'))
		return false;
	if (skip(c, '}'))
		return true;
	do {
		if (!read_string(c, &key, &key_len) || !skip(c, ':') || c->p == c->end)
			return false;
		if (*c->p != '"') {
			if (!skip_value(c))
				return false;
			continue;
		}
		if (!read_string(c, &value, &len))
			return false;
		out = put_word(put_word(out, key, key_len), value, len);
	} while (skip(c, ','));
	e->attrs_len = (size_t)(out - e->attrs);
	return skip(c, '}');
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(s, word, len);
}

static int stream_number(const char *s, size_t len)
{
	return is_word(s, len, "stdout") ? STREAM_OUT : is_word(s, len, "stderr") ? STREAM_ERR : -1;
}

static bool read_member(struct cursor *c, struct entry *e)
{
	char *key, *value;
	size_t key_len, len;

	if (!read_string(c, &key, &key_len) || !skip(c, ':'))
		return false;
	if (c->p < c->end && *c->p == '{' && is_word(key, key_len, "attrs"))
		return read_attrs(c, e);
	if (c->p == c->end || *c->p != '"')
		return skip_value(c);
	if (!read_string(c, &value, &len))
		return false;
	if (is_word(key, key_len, "log")) {
		e->rec.text = value;
		e->rec.len = len;
	} else if (is_word(key, key_len, "stream")) {
		e->rec.stream = stream_number(value, len);
	} else if (is_word(key, key_len, "time")) {
		return logread_time(value, len, &e->time_ns) == 0;
	}
	return true;
}

static int read_json(char *line, size_t len, struct entry *e)
{
	struct cursor c = { line, line + len };

	*e = (struct entry){ .rec = { .text = "", .stream = -1 }, .time_ns = INT64_MIN };
	if (!skip(&c, '{'))
		return -1;
	do {
		if (!read_member(&c, e))
			return -1;
	} while (skip(&c, ','));
	if (!skip(&c, '}') || e->rec.stream < 0 || e->time_ns == INT64_MIN)
		return -1;
	e->rec.partial = !e->rec.len || e->rec.text[e->rec.len - 1] != '\n';
	if (!e->rec.partial)
		e->rec.len--;
	return 0;
}

/* TIME STREAM TAG TEXT; the tag may carry more after a colon. */
static int read_k8s(char *line, size_t len, struct entry *e)
{
	char *end = line + len, *word[3], *p = line;
	size_t word_len[3];

	for (int i = 0; i < 3; i++) {
		char *space = memchr(p, ' ', (size_t)(end - p));

		if (!space)
			return -1;
		word[i] = p;
		word_len[i] = (size_t)(space - p);
		p = space + 1;
	}
	e->attrs_len = 0;
	e->rec.stream = stream_number(word[1], word_len[1]);
	e->rec.partial = *word[2] == 'P';
	e->rec.text = p;
	e->rec.len = (size_t)(end - p);
	if (e->rec.stream < 0 || (*word[2] != 'P' && *word[2] != 'F'))
		return -1;
	return logread_time(word[0], word_len[0], &e->time_ns);
}

int logread_line(char *line, size_t len, struct entry *e)
{
	return len && *line == '{' ? read_json(line, len, e) : read_k8s(line, len, e);
}

/* n digits at *s as a number in min..max, *s moved behind them and behind one byte of stop. */
static bool digits(const char **s, const char *end, int n, int max, char stop, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*s)++) {
		if (*s == end || **s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	if (stop && (*s == end || *(*s)++ != stop))
		return false;
	return *out <= max;
}

static bool read_fraction(const char **s, const char *end, int64_t *ns)
{
	int64_t unit = 100000000;

	*ns = 0;
	if (*s == end || **s != '.')
		return true;
	for ((*s)++; *s < end && **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		*ns += (**s - '0') * unit;
	return true;
}

static bool read_zone(const char *s, const char *end, int64_t *offset_s)
{
	int hours, minutes, sign;

	*offset_s = 0;
	if (end - s == 1 && *s == 'Z')
		return true;
	if (end - s != 6 || (*s != '+' && *s != '-'))
		return false;
	sign = *s++ == '-' ? -1 : 1;
	if (!digits(&s, end, 2, 23, ':', &hours) || !digits(&s, end, 2, 59, 0, &minutes))
		return false;
	*offset_s = sign * (hours * INT64_C(3600) + minutes * INT64_C(60));
	return true;
}

int logread_time(const char *s, size_t len, int64_t *ns)
{
	const char *end = s + len;
	struct tm tm = { 0 };
	int64_t fraction, offset_s;

	if (!digits(&s, end, 4, 2200, '-', &tm.tm_year) ||
	    !digits(&s, end, 2, 12, '-', &tm.tm_mon) || !digits(&s, end, 2, 31, 'T', &tm.tm_mday) ||
	    !digits(&s, end, 2, 23, ':', &tm.tm_hour) || !digits(&s, end, 2, 59, ':', &tm.tm_min) ||
	    !digits(&s, end, 2, 60, 0, &tm.tm_sec) || !read_fraction(&s, end, &fraction) ||
	    !read_zone(s, end, &offset_s))
		return -1;
	/* Nanoseconds since 1970 end in 2262, and begin in 1677. */
	if (tm.tm_year < 1700)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ns = ((int64_t)timegm(&tm) - offset_s) * 1000000000 + fraction;
	return 0;
}
