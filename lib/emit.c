#include "lib/emit.h"
#include "lib/die.h"
#include "lib/str.h"

/* Length of the valid UTF-8 sequence at P, or 0. */
static size_t utf8_at(const char *p, size_t left)
{
	for (size_t n = 2; n <= 4 && n <= left; n++) {
		if (str_is_utf8(p, n))
			return n;
	}
	return 0;
}

static void escape_byte(struct buf *out, unsigned char c)
{
	static const char shorts[] = "\bb\nn\tt\ff\rr";

	for (size_t i = 0; shorts[i]; i += 2) {
		if ((unsigned char)shorts[i] == c) {
			buf_addf(out, "\\%c", shorts[i + 1]);
			return;
		}
	}
	buf_addf(out, "\\u%04x", c);
}

/* The bytes from I that need no escape. */
static size_t plain_run(const char *s, size_t len, bool html)
{
	size_t n = 0;

	for (; n < len; n++) {
		unsigned char c = (unsigned char)s[n];

		if (c < ' ' || c >= 127 || c == '"' || c == '\\' ||
		    (html && (c == '<' || c == '>' || c == '&')))
			break;
	}
	return n;
}

void emit_quoted(struct buf *out, const char *s, size_t len, bool html)
{
	size_t i = 0;

	buf_addc(out, '"');
	while (i < len) {
		size_t run = plain_run(s + i, len - i, html);
		size_t multi;

		buf_add(out, s + i, run);
		i += run;
		if (i == len)
			break;
		if (s[i] == '"' || s[i] == '\\') {
			buf_addf(out, "\\%c", s[i++]);
		} else if ((unsigned char)s[i] < 127) {
			escape_byte(out, (unsigned char)s[i++]);
		} else if (s[i] == 127) {
			buf_addc(out, s[i++]);
		} else if ((multi = utf8_at(s + i, len - i))) {
			/* U+2028 and U+2029 end lines in JavaScript; Go escapes them always. */
			if (multi == 3 && !memcmp(s + i, "\xe2\x80", 2) &&
			    ((unsigned char)s[i + 2] & 0xfe) == 0xa8)
				buf_addf(out, "\\u202%d", 8 + (s[i + 2] & 1));
			else
				buf_add(out, s + i, multi);
			i += multi;
		} else {
			buf_adds(out, "\\ufffd");
			i++;
		}
	}
	buf_addc(out, '"');
}

static void new_line(struct emit *e)
{
	if (!e->indent)
		return;
	buf_addc(e->out, '\n');
	for (unsigned int i = 0; i < e->depth * e->indent; i++)
		buf_addc(e->out, e->tabs ? '\t' : ' ');
}

/* What stands before a value: comma, line break, key. */
static void lead(struct emit *e, const char *key)
{
	if (e->depth) {
		if (e->has[e->depth - 1])
			buf_addc(e->out, ',');
		e->has[e->depth - 1] = true;
		new_line(e);
	}
	if (key) {
		emit_quoted(e->out, key, strlen(key), e->html);
		buf_adds(e->out, e->indent ? ": " : ":");
	}
}

static void open_level(struct emit *e, const char *key, bool array)
{
	if (e->depth == EMIT_DEPTH_MAX)
		diex("JSON nested too deeply");
	lead(e, key);
	buf_addc(e->out, array ? '[' : '{');
	e->has[e->depth] = false;
	e->array[e->depth++] = array;
}

void emit_object(struct emit *e, const char *key)
{
	open_level(e, key, false);
}

void emit_array(struct emit *e, const char *key)
{
	open_level(e, key, true);
}

void emit_end(struct emit *e)
{
	e->depth--;
	if (e->has[e->depth])
		new_line(e);
	buf_addc(e->out, e->array[e->depth] ? ']' : '}');
}

void emit_strn(struct emit *e, const char *key, const char *s, size_t len)
{
	lead(e, key);
	emit_quoted(e->out, s, len, e->html);
}

void emit_str(struct emit *e, const char *key, const char *s)
{
	emit_strn(e, key, s, strlen(s));
}

void emit_str_if(struct emit *e, const char *key, const char *s)
{
	if (s && *s)
		emit_str(e, key, s);
}

void emit_int(struct emit *e, const char *key, int64_t n)
{
	lead(e, key);
	buf_addf(e->out, "%lld", (long long)n);
}

void emit_u64(struct emit *e, const char *key, uint64_t n)
{
	lead(e, key);
	buf_addf(e->out, "%llu", (unsigned long long)n);
}

void emit_bool(struct emit *e, const char *key, bool on)
{
	lead(e, key);
	buf_adds(e->out, on ? "true" : "false");
}

void emit_null(struct emit *e, const char *key)
{
	lead(e, key);
	buf_adds(e->out, "null");
}

void emit_strv(struct emit *e, const char *key, char *const *v)
{
	emit_array(e, key);
	for (; v && *v; v++)
		emit_str(e, NULL, *v);
	emit_end(e);
}

void emit_raw(struct emit *e, const char *key, const char *json, size_t len)
{
	lead(e, key);
	buf_add(e->out, json, len);
}

void emit_json(struct emit *e, const char *key, const struct json *j)
{
	switch (j->type) {
	case JSON_NULL:
		emit_null(e, key);
		return;
	case JSON_FALSE:
	case JSON_TRUE:
		emit_bool(e, key, j->type == JSON_TRUE);
		return;
	case JSON_NUMBER:
		emit_raw(e, key, j->text, strlen(j->text));
		return;
	case JSON_STRING:
		emit_str(e, key, j->text);
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		open_level(e, key, j->type == JSON_ARRAY);
		for (const struct json *c = j->child; c; c = c->next)
			emit_json(e, j->type == JSON_OBJECT ? c->key : NULL, c);
		emit_end(e);
		return;
	}
}
