/* Which networks a list or a prune is about: docker's filters, "KEY=VALUE". */
#include <string.h>
#include <time.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "netns/netns.h"

enum { NS_A_SECOND = 1000000000 };

/* Seconds since the epoch out of RFC 3339, a date, a number of them, or of how long ago. */
static int parse_time(const char *s, int64_t *out)
{
	struct tm tm = { 0 };
	const char *rest;
	int64_t ago;

	if (!num_i64(s, 0, INT64_MAX, out))
		return 0;
	if (!num_duration_ns(s, &ago)) {
		*out = (int64_t)time(NULL) - ago / NS_A_SECOND;
		return 0;
	}
	rest = strptime(s, "%Y-%m-%d", &tm);
	if (rest && *rest)
		rest = strptime(rest, "T%H:%M:%S", &tm);
	if (rest && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (rest && *rest && !str_eq(rest, "Z"))
		rest = strptime(rest, "%z", &tm);
	if (!rest || (*rest && !str_eq(rest, "Z")))
		return set_errno(EINVAL);
	*out = (int64_t)timegm(&tm) - tm.tm_gmtoff;
	return 0;
}

static bool has_label(const struct about *about, const char *want)
{
	const char *equals = strchr(want, '=');
	_free_ char *key = xmemdup0(want, strcspn(want, "="));
	const struct json *labels = json_get(about->j, "labels"), *found = json_get(labels, key);

	return found && (!equals || (found->text && str_eq(found->text, equals + 1)));
}

static bool is_true(const char *value)
{
	if (!str_eq(value, "true") && !str_eq(value, "1") && !str_eq(value, "false") &&
	    !str_eq(value, "0"))
		opt_misuse("invalid filter 'dangling=%s'", value);
	return str_eq(value, "true") || str_eq(value, "1");
}

static bool by_driver(const struct about *about, const char *value)
{
	return about->net->driver && str_eq(about->net->driver, value);
}

static bool by_name(const struct about *about, const char *value)
{
	return strstr(about->net->name, value) != NULL;
}

static bool by_id(const struct about *about, const char *value)
{
	return str_starts(about->net->name, value);
}

static bool by_scope(const struct about *about _unused_, const char *value)
{
	return str_eq(value, "local");
}

static bool by_type(const struct about *about, const char *value)
{
	if (!str_eq(value, "custom") && !str_eq(value, "builtin"))
		opt_misuse("invalid filter 'type=%s'", value);
	return str_eq(value, "builtin") == str_eq(about->net->name, "bridge");
}

static bool by_dangling(const struct about *about, const char *value)
{
	return is_true(value) ==
	       (!network_is_used(about->net->name) && !str_eq(about->net->name, "bridge"));
}

static bool without_label(const struct about *about, const char *value)
{
	return !has_label(about, value);
}

/* A network whose age nobody knows is no old one. */
static bool by_age(const struct about *about, const char *value)
{
	const char *created = json_get_str(about->j, "created");
	int64_t limit, at;

	if (parse_time(value, &limit))
		opt_misuse("invalid filter 'until=%s'", value);
	return created && !parse_time(created, &at) && at < limit;
}

static const struct filter {
	const char *key;
	bool (*matches)(const struct about *about, const char *value);
	bool all; /* several are conditions, not alternatives */
} filters[] = {
	{ "driver", by_driver, false }, { "name", by_name, false },
	{ "id", by_id, false },		{ "scope", by_scope, false },
	{ "type", by_type, false },	{ "dangling", by_dangling, false },
	{ "label", has_label, true },	{ "label!", without_label, true },
	{ "until", by_age, true },
};

static const struct filter *find(const char *text, const char **value)
{
	size_t len = strcspn(text, "=");

	for (size_t i = 0; text[len] && i < ARRAY_LEN(filters); i++) {
		if (strlen(filters[i].key) == len && !strncmp(filters[i].key, text, len)) {
			*value = text + len + 1;
			return &filters[i];
		}
	}
	opt_misuse("unknown filter '%s'", text);
}

static bool alternatives_match(const struct about *about, const struct filter *f,
			       const struct strv *texts)
{
	bool any = false;

	for (size_t i = 0; i < texts->n; i++) {
		const char *value;

		if (find(texts->v[i], &value) == f)
			any = f->matches(about, value) || any;
	}
	return any;
}

bool network_matches(const struct about *about, const struct strv *texts)
{
	for (size_t i = 0; i < texts->n; i++) {
		const char *value;
		const struct filter *f = find(texts->v[i], &value);

		if (f->all ? !f->matches(about, value) : !alternatives_match(about, f, texts))
			return false;
	}
	return true;
}

void network_check_filters(const struct strv *texts)
{
	char empty[] = "";
	struct network none = { .name = empty, .driver = empty };
	struct about about = { .net = &none };

	for (size_t i = 0; i < texts->n; i++) {
		const char *value;

		find(texts->v[i], &value)->matches(&about, value);
	}
}

void about_free(struct about *about)
{
	json_free(about->j);
}

struct about about_of(const struct network *net)
{
	char why[JSON_WHY_MAX];

	return (struct about){ net, json_parse(net->text.data, net->text.len, 0, why) };
}
