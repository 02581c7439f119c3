/* GVariant text, as far as properties need it: booleans, numbers, strings and arrays of those, each
 * with its type before it (uint64 5, @t 5) where the default (i, d, s) is not meant. */
#include <ctype.h>
#include <string.h>

#include "cgctl/unit_props.h"
#include "lib/mem.h"
#include "lib/num.h"

enum { SECOND_US = 1000000 };

static const struct {
	const char *word;
	char type;
	int64_t min;
	uint64_t max;
} types[] = {
	{ "boolean", 'b', 0, 0 },
	{ "byte", 'y', 0, UINT8_MAX },
	{ "int16", 'n', INT16_MIN, INT16_MAX },
	{ "uint16", 'q', 0, UINT16_MAX },
	{ "int32", 'i', INT32_MIN, INT32_MAX },
	{ "uint32", 'u', 0, UINT32_MAX },
	{ "int64", 'x', INT64_MIN, INT64_MAX },
	{ "uint64", 't', 0, UINT64_MAX },
	{ "double", 'd', 0, 0 },
	{ "string", 's', 0, 0 },
	{ "objectpath", 'o', 0, 0 },
	{ "signature", 'g', 0, 0 },
};

static void skip_space(const char **s)
{
	*s += strspn(*s, " \t\n");
}

static int index_of(char type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].type == type)
			return (int)i;
	}
	return -1;
}

/* A keyword or "@type" in front. *ARRAY: the type is that of a whole array. 0: none. */
static int take_type(const char **s, bool *array)
{
	*array = false;
	if (**s == '@') {
		const char *at = *s + 1;

		*array = *at == 'a';
		at += *array;
		if (!*at || index_of(*at) < 0)
			return -1;
		*s = at + 1;
		skip_space(s);
		return *at;
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		size_t len = strlen(types[i].word);

		if (!strncmp(*s, types[i].word, len) && isspace((unsigned char)(*s)[len])) {
			*s += len;
			skip_space(s);
			return types[i].type;
		}
	}
	return 0;
}

static char *take_quoted(const char **s)
{
	_buf_ struct buf text = { 0 };
	char quote = *(*s)++;

	for (; **s && **s != quote; (*s)++) {
		char c = **s;

		if (c == '\\') {
			c = *++*s;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
			if (!c)
				return NULL;
		}
		buf_addc(&text, c);
	}
	if (!**s)
		return NULL;
	(*s)++;
	buf_addc(&text, '\0');
	return buf_steal(&text);
}

static bool is_number_of(const char *word, char type)
{
	int i = index_of(type);
	uint64_t u;
	int64_t n;

	if (type == 'd')
		return strspn(word, "0123456789.eE+-") == strlen(word);
	if (*word == '-')
		return types[i].min && num_i64(word, types[i].min, 0, &n) == 0;
	return types[i].max && num_u64(word, types[i].max, &u) == 0;
}

/* The type of a word that does not name it. */
static char guess(const char *word)
{
	if (str_eq(word, "true") || str_eq(word, "false"))
		return 'b';
	return strpbrk(word, ".eE") ? 'd' : 'i';
}

/* One value of *TYPE (0: found out here); its text, or NULL. */
static char *take_value(const char **s, char *type)
{
	size_t len = strcspn(*s, " \t\n,]");
	_free_ char *word = NULL;

	if (**s == '\'' || **s == '"') {
		if (!*type)
			*type = 's';
		return strchr("sog", *type) ? take_quoted(s) : NULL;
	}
	word = xmemdup0(*s, len);
	if (!*type)
		*type = guess(word);
	if (!len || strchr("sog", *type) ||
	    (*type == 'b' ? guess(word) != 'b' : !is_number_of(word, *type)))
		return NULL;
	*s += len;
	return steal_ptr(&word);
}

static int take_array(const char **s, char *type, struct strv *out)
{
	(*s)++;
	skip_space(s);
	while (**s && **s != ']') {
		char *value = take_value(s, type);

		if (!value)
			return -1;
		strv_take(out, value);
		skip_space(s);
		if (**s == ',')
			(*s)++;
		else if (**s != ']')
			return -1;
		skip_space(s);
	}
	/* Nothing in it, and no type said: of what? */
	return *(*s)++ == ']' && *type ? 0 : -1;
}

/* Returns the type; 0 and *ARRAY for what it is an array of. */
static int parse(const char *s, bool *array, struct strv *out)
{
	int given;
	char type, *value;

	skip_space(&s);
	given = take_type(&s, array);
	type = (char)given;
	if (given < 0 || (*array && *s != '['))
		return -1;
	if (*s == '[') {
		if (given && !*array)
			return -1;
		*array = true;
		if (take_array(&s, &type, out) < 0)
			return -1;
	} else {
		value = take_value(&s, &type);
		if (!value)
			return -1;
		strv_take(out, value);
	}
	skip_space(&s);
	return *s ? -1 : type;
}

/* Only seconds are written by people, only microseconds are properties. */
static int to_usec(struct unit_prop *prop, const char *name)
{
	int64_t us;
	uint64_t s;

	if (prop->v.n != 1 || !strchr("iuxtd", *prop->sig))
		return -1;
	if (*prop->sig == 'd') {
		if (num_duration_ns(prop->v.v[0], &us) < 0)
			return -1;
		us /= 1000;
	} else {
		if (num_u64(prop->v.v[0], INT64_MAX / SECOND_US, &s) < 0)
			return -1;
		us = (int64_t)s * SECOND_US;
	}
	free(prop->name);
	free(prop->sig);
	prop->name = xasprintf("%.*sUSec", (int)(strlen(name) - strlen("Sec")), name);
	prop->sig = xstrdup("t");
	free(prop->v.v[0]);
	prop->v.v[0] = xasprintf("%lld", (long long)us);
	return 0;
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	if (len < 3)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalpha((unsigned char)name[i]))
			return false;
	}
	return true;
}

int unit_props_variant(struct unit_props *p, const char *name, const char *value, struct buf *why)
{
	_strv_ struct strv values = { 0 };
	struct unit_prop *prop;
	bool array = false, seconds = str_ends(name, "Sec") && !str_ends(name, "USec");
	char sig[3] = "";
	int type = parse(value, &array, &values);

	if (!is_name(name)) {
		buf_addf(why, "'%s' is no name of a property", name);
		return set_errno(EINVAL);
	}
	if (type > 0) {
		snprintf(sig, sizeof(sig), "%s%c", array ? "a" : "", type);
		prop = unit_props_add(p, name, sig);
		prop->v = values;
		values = (struct strv){ 0 };
		/* No property is a double but for that. */
		if (seconds ? to_usec(prop, name) == 0 : type != 'd')
			return 0;
	}
	buf_addf(why, "property %s: '%s' is no value for it", name, value);
	return set_errno(EINVAL);
}
