#include <string.h>

#include "lib/mem.h"
#include "lib/ref.h"
#include "lib/str.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

static const char default_domain[] = "docker.io";
static const char legacy_domain[] = "index.docker.io";
static const char official[] = "library/";

static int fail(const char **why, const char *reason)
{
	*why = reason;
	return set_errno(EINVAL);
}

/* [A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?, joined by dots; returns the length, 0 if it is none. */
static size_t host_span(const char *s)
{
	const char *p = s;

	for (;;) {
		size_t n = strspn(p, LOWER UPPER DIGIT "-");

		if (!n || p[0] == '-' || p[n - 1] == '-')
			return 0;
		p += n;
		if (*p != '.')
			return (size_t)(p - s);
		p++;
	}
}

static size_t ipv6_span(const char *s)
{
	size_t n = strspn(s + 1, "abcdefABCDEF:" DIGIT);

	return n && s[n + 1] == ']' ? n + 2 : 0;
}

static bool is_domain(const char *s)
{
	size_t n = *s == '[' ? ipv6_span(s) : host_span(s);

	if (!n)
		return false;
	if (!s[n])
		return true;
	if (s[n] != ':')
		return false;
	s += n + 1;
	n = strspn(s, DIGIT);
	return n && n <= 5 && !s[n];
}

/* Between two runs of letters and digits: ".", "_", "__" or any number of "-". */
static size_t separator_span(const char *s)
{
	if (*s == '.')
		return 1;
	if (*s == '_')
		return s[1] == '_' ? 2 : 1;
	return strspn(s, "-");
}

static bool is_path(const char *s)
{
	for (;;) {
		size_t n = strspn(s, LOWER DIGIT);

		if (!n)
			return false;
		s += n;
		if (!*s)
			return true;
		n = *s == '/' ? 1 : separator_span(s);
		if (!n)
			return false;
		s += n;
	}
}

bool ref_is_tag(const char *text)
{
	size_t n = strspn(text, LOWER UPPER DIGIT "_.-");

	return n && n <= REF_TAG_MAX && !text[n] && text[0] != '.' && text[0] != '-';
}

/* Cut the digest, then the tag, off NAME. */
static int cut_tail(char *name, struct ref *out, const char **why)
{
	char *at = strchr(name, '@'), *slash, *colon;

	if (at) {
		*at = '\0';
		if (digest_parse(at + 1, &out->digest) < 0)
			return fail(why, errno == ENOTSUP ? "unsupported digest algorithm"
							  : "malformed digest");
	}
	slash = strrchr(name, '/');
	colon = strchr(slash ? slash : name, ':');
	if (colon) {
		*colon = '\0';
		if (!ref_is_tag(colon + 1))
			return fail(why, "malformed tag");
		memcpy(out->tag, colon + 1, strlen(colon + 1) + 1);
	} else if (!at) {
		memcpy(out->tag, "latest", sizeof("latest"));
	}
	return 0;
}

static bool looks_like_domain(const char *first)
{
	return str_eq(first, "localhost") || strpbrk(first, ".:" UPPER);
}

/* Split NAME, which has no tag or digest any more, into registry and repository. */
static void split_name(char *name, const char **domain, const char **prefix, const char **path)
{
	char *slash = strchr(name, '/');

	*domain = default_domain;
	*prefix = "";
	*path = name;
	if (slash) {
		*slash = '\0';
		if (looks_like_domain(name)) {
			*domain = str_eq(name, legacy_domain) ? default_domain : name;
			*path = slash + 1;
		} else {
			*slash = '/';
		}
	}
	if (str_eq(*domain, default_domain))
		*prefix = strchr(*path, '/') ? "" : official;
}

static bool is_image_id(const char *name)
{
	return strlen(name) == DIGEST_HEX_LEN && !name[strspn(name, "abcdef" DIGIT)];
}

int ref_parse(const char *text, struct ref *out, const char **why)
{
	const char *rest = str_after(text, "docker://"), *domain, *prefix, *path;
	_free_ char *name = NULL;

	memset(out, 0, sizeof(*out));
	rest = rest ? rest : text;
	if (strlen(rest) > 2 * REF_NAME_MAX + REF_TAG_MAX)
		return fail(why, "longer than a reference can be");
	if (is_image_id(rest))
		return fail(why, "an image ID, not a name");
	name = xstrdup(rest);
	if (cut_tail(name, out, why) < 0)
		return -1;
	split_name(name, &domain, &prefix, &path);
	if (strlen(domain) + 1 + strlen(prefix) + strlen(path) > REF_NAME_MAX)
		return fail(why, "name longer than 255 bytes");
	if (!is_domain(domain))
		return fail(why, "malformed registry host");
	if (strpbrk(path, UPPER))
		return fail(why, "repository name must be lower case");
	if (!is_path(path))
		return fail(why, "malformed repository name");
	memcpy(out->domain, domain, strlen(domain) + 1);
	memcpy(out->path, prefix, strlen(prefix));
	memcpy(out->path + strlen(prefix), path, strlen(path) + 1);
	return 0;
}

static char *join(const char *name, const struct ref *r)
{
	return xasprintf("%s%s%s%s%s", name, r->tag[0] ? ":" : "", r->tag,
			 r->digest.text[0] ? "@" : "", r->digest.text);
}

char *ref_full(const struct ref *r)
{
	_free_ char *name = xasprintf("%s/%s", r->domain, r->path);

	return join(name, r);
}

/* A shortened path must not read as a registry the next time. */
static bool is_ambiguous(const char *path)
{
	_free_ char *first = xmemdup0(path, strcspn(path, "/"));

	return strchr(path, '/') && looks_like_domain(first);
}

char *ref_familiar(const struct ref *r)
{
	const char *name = str_after(r->path, official);

	if (!str_eq(r->domain, default_domain) || is_ambiguous(r->path))
		return ref_full(r);
	return join(name && !strchr(name, '/') ? name : r->path, r);
}
