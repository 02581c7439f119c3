/* format.c - docker's --format, as far as it only names fields. */
#include <time.h>

#include "engine/format.h"
#include "lib/emit.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

static int fail(char **why, const char *what, size_t len)
{
	*why = xasprintf("format: only {{.Field}} and {{json .Field}} are understood, not '%.*s'",
			 (int)len, what);
	return set_errno(EINVAL);
}

static void put_json(const struct json *j, struct buf *out)
{
	struct emit e = { .out = out };

	if (j)
		emit_json(&e, NULL, j);
	else
		buf_adds(out, "null");
}

static void put_plain(const struct json *j, struct buf *out)
{
	if (j && j->text)
		buf_adds(out, j->text);
	else if (j)
		put_json(j, out);
	else
		buf_adds(out, "<no value>");
}

/* An object of words: "a=1,b=2". */
static void put_words(const struct json *j, struct buf *out)
{
	const struct json *m = j && j->type == JSON_OBJECT ? j->child : NULL;

	for (bool first = true; m; m = m->next, first = false)
		buf_addf(out, "%s%s=%s", first ? "" : ",", m->key, m->text ? m->text : "");
}

static void put_ago(const struct json *j, struct buf *out)
{
	struct tm tm = { 0 };

	if (!j || !j->text || !strptime(j->text, "%Y-%m-%dT%H:%M:%S", &tm)) {
		buf_adds(out, "N/A");
		return;
	}
	format_duration((int64_t)(time(NULL) - timegm(&tm)), out);
	buf_adds(out, " ago");
}

/* Powers of 1000, three digits, as docker shows sizes. */
static void put_size(const struct json *j, struct buf *out)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	int64_t bytes = 0;
	double n;
	size_t i = 0;

	if (!j || !j->text || num_i64(j->text, 0, INT64_MAX, &bytes)) {
		buf_adds(out, "N/A");
		return;
	}
	for (n = (double)bytes; n >= 1000 && i + 1 < ARRAY_LEN(units); i++)
		n /= 1000;
	buf_addf(out, "%.3g%s", n, units[i]);
}

static void put_short(const struct json *j, struct buf *out)
{
	const char *s = j && j->text ? j->text : "<none>";
	const char *hex = str_after(s, "sha256:");

	buf_addf(out, "%.12s", hex ? hex : s);
}

/* An image's name: where its tag begins, or its end. */
static size_t repo_len(const char *name)
{
	const char *slash = strrchr(name, '/'), *at = strpbrk(slash ? slash : name, ":@");

	return at ? (size_t)(at - name) : strlen(name);
}

static void put_repo(const struct json *j, struct buf *out)
{
	const char *name = j && j->text ? j->text : "<none>", *rest = str_after(name, "docker.io/");
	const char *library = rest ? str_after(rest, "library/") : NULL;

	name = library ? library : rest ? rest : name;
	buf_add(out, name, repo_len(name));
}

static void put_tag(const struct json *j, struct buf *out)
{
	const char *name = j && j->text ? j->text : "", *tag = name + repo_len(name);

	buf_adds(out, *tag == ':' ? tag + 1 : "<none>");
}

static const struct function {
	const char *name;
	void (*put)(const struct json *j, struct buf *out);
} functions[] = {
	{ "json ", put_json },	 { "ago ", put_ago },	{ "size ", put_size },
	{ "short ", put_short }, { "repo ", put_repo }, { "tag ", put_tag },
	{ "words ", put_words },
};

/* The inside of {{ }}: ".A.B", "json .A", "." */
static int put_action(const char *s, size_t len, const struct json *root, struct buf *out,
		      char **why)
{
	_free_ char *text = xmemdup0(s, len);
	char *at = text + strspn(text, " ");
	void (*put)(const struct json *j, struct buf *out) = put_plain;

	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (!str_starts(at, functions[i].name))
			continue;
		put = functions[i].put;
		at += strlen(functions[i].name);
		break;
	}
	at += strspn(at, " ");
	for (size_t n = strlen(at); n && at[n - 1] == ' ';)
		at[--n] = '\0';
	if (*at != '.' || at[strcspn(at, " |()")])
		return fail(why, s, len);
	put(at[1] ? json_find(root, at + 1) : root, out);
	return 0;
}

int format_expand(const char *template, const struct json *root, struct buf *out, char **why)
{
	while (*template) {
		const char *end = str_starts(template, "{{") ? strstr(template, "}}") : NULL;

		if (end) {
			if (put_action(template + 2, (size_t)(end - template) - 2, root, out, why))
				return -1;
			template = end + 2;
		} else if (str_starts(template, "\\t") || str_starts(template, "\\n")) {
			buf_addc(out, template[1] == 't' ? '\t' : '\n');
			template += 2;
		} else {
			buf_addc(out, *template ++);
		}
	}
	return 0;
}

void format_duration(int64_t seconds, struct buf *out)
{
	const int64_t minute = 60, hour = 3600, day = 86400;
	const struct {
		int64_t below, unit;
		const char *name;
	} steps[] = {
		{ 60, 1, "seconds" },
		{ 60 * minute, minute, "minutes" },
		{ 48 * hour, hour, "hours" },
		{ 14 * day, day, "days" },
		{ 60 * day, 7 * day, "weeks" },
		{ 730 * day, 30 * day, "months" },
		{ INT64_MAX, 365 * day, "years" },
	};
	size_t i = 0;

	if (seconds < 1)
		buf_adds(out, "Less than a second");
	else if (seconds == 1)
		buf_adds(out, "1 second");
	else if (seconds >= 60 && seconds < 120)
		buf_adds(out, "About a minute");
	else if (seconds >= 3600 && seconds < 7200)
		buf_adds(out, "About an hour");
	else {
		while (seconds >= steps[i].below)
			i++;
		buf_addf(out, "%lld %s", (long long)(seconds / steps[i].unit), steps[i].name);
	}
}

void format_align(const struct buf *text)
{
	_strv_ struct strv lines = { 0 };
	size_t width[32] = { 0 };

	strv_split(&lines, buf_str(text), '\n');
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i + 1 < lines.n; i++) {
			const char *s = lines.v[i];

			for (size_t col = 0; col < ARRAY_LEN(width); col++) {
				size_t len = strcspn(s, "\t");

				if (!pass && len > width[col])
					width[col] = len;
				if (pass)
					printf("%-*.*s", s[len] ? (int)width[col] + 3 : 0, (int)len,
					       s);
				s += len;
				if (!*s++)
					break;
			}
			if (pass)
				putchar('\n');
		}
	}
}
