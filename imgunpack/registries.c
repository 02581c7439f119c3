#include <fcntl.h>
#include <string.h>

#include "imgunpack/registries.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/sys.h"

enum { FILE_MAX = 1 << 20, TRIES_MAX = 100, TIMEOUT_MAX = 86400 };

/* Does the line for PREFIX speak of NAME? "a.org/x" does of "a.org/x/y", not of "a.org/xy". */
static bool fits(const char *prefix, const char *name)
{
	const char *rest;

	if (str_starts(prefix, "*.")) {
		size_t host = strcspn(name, "/:"), suffix = strlen(prefix) - 1;

		return host > suffix && !memcmp(name + host - suffix, prefix + 1, suffix);
	}
	rest = str_after(name, prefix);
	return rest && (!*rest || *rest == '/');
}

static bool set_flag(struct registry_settings *s, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "insecure", &s->insecure },
		{ "blocked", &s->blocked },
		{ "by-digest", &s->by_digest },
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (str_eq(word, flags[i].name)) {
			*flags[i].flag = true;
			return true;
		}
	}
	return false;
}

static bool set_text(struct registry_settings *s, const char *word)
{
	const struct {
		const char *name;
		char **text;
	} texts[] = {
		{ "location=", &s->location }, { "ca=", &s->ca },	  { "cert=", &s->cert },
		{ "key=", &s->key },	       { "verify=", &s->verify },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *value = str_after(word, texts[i].name);

		if (value && *value) {
			free(*texts[i].text);
			*texts[i].text = xstrdup(value);
			return true;
		}
	}
	return false;
}

static bool set_number(const char *word, const char *name, int max, int *where)
{
	const char *value = str_after(word, name);
	uint64_t n;

	if (!value || num_u64(value, (uint64_t)max, &n) || !n)
		return false;
	*where = (int)n;
	return true;
}

static bool set(struct registry_settings *s, const char *word)
{
	const char *mirror = str_after(word, "mirror=");

	if (mirror && *mirror) {
		strv_add(&s->mirrors, mirror);
		return true;
	}
	return set_flag(s, word) || set_text(s, word) ||
	       set_number(word, "tries=", TRIES_MAX, &s->tries) ||
	       set_number(word, "timeout=", TIMEOUT_MAX, &s->timeout_s);
}

/* The words of LINE, without its comment. */
static void split(const char *line, size_t len, struct strv *words)
{
	_free_ char *text = xmemdup0(line, len);

	text[strcspn(text, "#")] = '\0';
	for (const char *p = text + strspn(text, " \t\r"); *p; p += strspn(p, " \t\r")) {
		size_t n = strcspn(p, " \t\r");

		strv_take(words, xmemdup0(p, n));
		p += n;
	}
}

void registries_free(struct registry_settings *s)
{
	free(s->prefix);
	strv_free(&s->mirrors);
	free(s->location);
	free(s->ca);
	free(s->cert);
	free(s->key);
	free(s->verify);
	memset(s, 0, sizeof(*s));
}

/* Read a line into S, which is empty; the word that is wrong, or NULL. */
static const char *read_line(const struct strv *words, struct registry_settings *s)
{
	s->prefix = xstrdup(words->v[0]);
	for (size_t i = 1; i < words->n; i++)
		if (!set(s, words->v[i]))
			return words->v[i];
	return NULL;
}

static bool is_better(const struct registry_settings *a, const struct registry_settings *than)
{
	return !than->prefix || strlen(a->prefix) > strlen(than->prefix);
}

int registries_read(const char *text, const char *name, struct registry_settings *out,
		    char why[REGISTRIES_WHY_MAX])
{
	memset(out, 0, sizeof(*out));
	for (int n = 1; *text; n++) {
		size_t len = strcspn(text, "\n");
		struct registry_settings s = { 0 };
		_strv_ struct strv words = { 0 };
		const char *wrong;

		split(text, len, &words);
		wrong = words.n ? read_line(&words, &s) : NULL;
		if (wrong) {
			snprintf(why, REGISTRIES_WHY_MAX, "line %d: unknown setting '%.100s'", n,
				 wrong);
			registries_free(&s);
			registries_free(out);
			return set_errno(EINVAL);
		}
		if (words.n && fits(s.prefix, name) && is_better(&s, out)) {
			registries_free(out);
			*out = s;
		} else {
			registries_free(&s);
		}
		text += len + (text[len] == '\n');
	}
	return 0;
}

void xregistries_find(const struct ref *r, struct registry_settings *out)
{
	_free_ char *file = xasprintf("%s/registries", sys_lash_etc());
	_free_ char *name = xasprintf("%s/%s", r->domain, r->path);
	char why[REGISTRIES_WHY_MAX];
	_buf_ struct buf b = { 0 };

	memset(out, 0, sizeof(*out));
	if (file_read(AT_FDCWD, file, FILE_MAX, &b)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return;
		die("read '%s'", file);
	}
	if (registries_read(buf_str(&b), name, out, why))
		diex("read '%s': %s", file, why);
}

int registries_place(const struct registry_settings *s, const struct ref *r, const char *place,
		     struct ref *out)
{
	_free_ char *name = xasprintf("%s/%s", r->domain, r->path);
	/* A host by pattern is replaced as a whole. */
	const char *rest = str_starts(s->prefix, "*.") ? strchr(name, '/')
						       : str_after(name, s->prefix);
	_free_ char *full = xasprintf("%s%s%s%s%s%s", place, rest ? rest : "", *r->tag ? ":" : "",
				      r->tag, *r->digest.text ? "@" : "", r->digest.text);
	const char *why;

	return ref_parse(full, out, &why);
}
