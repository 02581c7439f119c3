#include <string.h>

#include "imgunpack/challenge.h"
#include "lib/buf.h"
#include "lib/mem.h"

static bool is_token_byte(char c)
{
	return c > ' ' && c < 127 && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static const char *skip(const char *p, const char *bytes)
{
	return p + strspn(p, bytes);
}

static char *take_token(const char **p)
{
	const char *start = *p;

	while (is_token_byte(**p))
		(*p)++;
	return xmemdup0(start, (size_t)(*p - start));
}

static char *take_quoted(const char **p)
{
	_buf_ struct buf b = { 0 };
	const char *s = *p + 1;

	while (*s && *s != '"') {
		if (*s == '\\' && s[1])
			s++;
		buf_addc(&b, *s++);
	}
	*p = *s ? s + 1 : s;
	return buf_steal(&b);
}

static char **member(struct challenge *c, const char *name)
{
	if (!strcasecmp(name, "realm"))
		return &c->realm;
	if (!strcasecmp(name, "service"))
		return &c->service;
	if (!strcasecmp(name, "scope"))
		return &c->scope;
	if (!strcasecmp(name, "error"))
		return &c->error;
	return NULL;
}

static void store(struct challenge *c, const char *name, char *value)
{
	char **where = member(c, name);

	if (!where || *where) {
		free(value);
		return;
	}
	*where = value;
}

static enum challenge_scheme scheme_of(const char *name)
{
	if (!strcasecmp(name, "bearer"))
		return CHALLENGE_BEARER;
	if (!strcasecmp(name, "basic"))
		return CHALLENGE_BASIC;
	return CHALLENGE_NONE;
}

void challenge_free(struct challenge *c)
{
	free(c->realm);
	free(c->service);
	free(c->scope);
	free(c->error);
	memset(c, 0, sizeof(*c));
}

/* Move FROM into BEST if it is better; FROM is empty afterwards. */
static void keep_better(struct challenge *best, struct challenge *from)
{
	if (from->scheme > best->scheme) {
		challenge_free(best);
		*best = *from;
		memset(from, 0, sizeof(*from));
	}
	challenge_free(from);
}

/* P is behind a name and at its '='. Not a parameter but padding if no value follows. */
static const char *take_param(const char *p, const char *name, struct challenge *c)
{
	char *value;

	p = skip(p + 1, " \t");
	if (*p == '"')
		value = take_quoted(&p);
	else
		value = take_token(&p);
	store(c, name, value);
	return skip(p, "=");
}

void challenge_read(const char *value, struct challenge *best)
{
	struct challenge c = { 0 };
	const char *p = value;

	while (*(p = skip(p, " \t,"))) {
		_free_ char *word = take_token(&p);
		const char *after = skip(p, " \t");

		if (!*word) {
			p++; /* a byte that belongs nowhere */
		} else if (*after == '=') {
			p = take_param(after, word, &c);
		} else {
			keep_better(best, &c);
			c.scheme = scheme_of(word);
		}
	}
	keep_better(best, &c);
}
