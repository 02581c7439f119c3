#include <string.h>

#include "lib/cgroup_device.h"
#include "lib/mem.h"
#include "lib/num.h"

/* clang-format off */
#define WORD(s) ((char *)(uintptr_t)(s))
#define NODE(t, a, b) { true, WORD(t), a, b, true, true, WORD("rwm") }
#define MKNOD(t)      { true, WORD(t), -1, -1, true, true, WORD("m") }
/* clang-format on */

const struct cgroup_device_rule device_defaults[] = {
	MKNOD("c"),	 MKNOD("b"),	  NODE("c", 1, 3),    NODE("c", 1, 5),
	NODE("c", 1, 7), NODE("c", 1, 8), NODE("c", 1, 9),    NODE("c", 5, 0),
	NODE("c", 5, 1), NODE("c", 5, 2), NODE("c", 136, -1),
};
const size_t device_defaults_n = ARRAY_LEN(device_defaults);

static int parse_access(const char *s, unsigned *access)
{
	static const char letters[] = "rwm";

	*access = 0;
	for (; *s; s++) {
		const char *at = strchr(letters, *s);

		if (!at)
			return set_errno(EINVAL);
		*access |= 1u << (at - letters);
	}
	return 0;
}

static bool covers_number(int64_t wide, int64_t narrow)
{
	return wide == -1 || wide == narrow;
}

static bool covers(const struct device_exception *wide, const struct device_exception *narrow)
{
	return wide->type == narrow->type && covers_number(wide->major, narrow->major) &&
	       covers_number(wide->minor, narrow->minor);
}

static bool same(const struct device_exception *a, const struct device_exception *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static void add(struct device_set *s, const struct device_exception *e)
{
	for (size_t i = 0; i < s->n; i++) {
		if (same(&s->v[i], e)) {
			s->v[i].access |= e->access;
			return;
		}
	}
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->n++] = *e;
}

/* Take E away from the exceptions it covers. Part of a wider exception cannot be taken away: the
 * kernel's v1 would ignore that in silence. */
static int subtract(struct device_set *s, const struct device_exception *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (!covers(e, &s->v[i]) && covers(&s->v[i], e) && s->v[i].access & e->access)
			return set_errno(EINVAL);
	}
	for (size_t i = 0; i < s->n; i++) {
		if (covers(e, &s->v[i]))
			s->v[i].access &= ~e->access;
		if (s->v[i].access)
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
	return 0;
}

static int apply(struct device_set *s, bool allow, const struct device_exception *e)
{
	if (allow == s->allow_all)
		return subtract(s, e);
	add(s, e);
	return 0;
}

/* "a" stands for both types and every number, whatever else the rule says. */
static bool is_everything(const struct cgroup_device_rule *r)
{
	return !r->type || !*r->type || !strcmp(r->type, "a");
}

static int number(bool has, int64_t n, int64_t *out)
{
	*out = has ? n : -1;
	return *out >= -1 && *out <= UINT32_MAX ? 0 : set_errno(ERANGE);
}

int device_set_rule(struct device_set *s, const struct cgroup_device_rule *r)
{
	struct device_exception e = { 0 };

	if (parse_access(r->access && *r->access ? r->access : "rwm", &e.access) < 0)
		return -1;
	if (is_everything(r)) {
		s->allow_all = r->allow;
		s->n = 0;
		return 0;
	}
	/* "u" is mknod(1)'s other word for a character device. */
	if (strcmp(r->type, "b") && strcmp(r->type, "c") && strcmp(r->type, "u"))
		return set_errno(EINVAL);
	e.type = *r->type == 'b' ? 'b' : 'c';
	if (number(r->has_major, r->major, &e.major) < 0 ||
	    number(r->has_minor, r->minor, &e.minor) < 0)
		return -1;
	return apply(s, r->allow, &e);
}

void device_set_free(struct device_set *s)
{
	free(s->v);
	*s = (struct device_set){ 0 };
}

bool device_set_allows(const struct device_set *s, char type, int64_t major, int64_t minor,
		       unsigned access)
{
	struct device_exception wanted = { type, major, minor, access };

	for (size_t i = 0; i < s->n; i++) {
		if (!covers(&s->v[i], &wanted))
			continue;
		/* An exception to "all" refuses any part of its access, one to "none" grants the
		 * whole. */
		if (s->allow_all ? (access & s->v[i].access) != 0
				 : (access & s->v[i].access) == access)
			return !s->allow_all;
	}
	return s->allow_all;
}

static int parse_number(const char *s, int64_t *out)
{
	if (!strcmp(s, "*")) {
		*out = -1;
		return 0;
	}
	return num_i64(s, 0, UINT32_MAX, out);
}

static int parse_line(struct device_set *s, const char *line, size_t len)
{
	struct device_exception e = { 0 };
	char copy[64], major[16], minor[16], access[8];

	if (len >= sizeof(copy))
		return set_errno(EINVAL);
	memcpy(copy, line, len);
	copy[len] = '\0';
	if (sscanf(copy, "%c %15[0-9*]:%15[0-9*] %7[rwm]", &e.type, major, minor, access) != 4 ||
	    parse_number(major, &e.major) < 0 || parse_number(minor, &e.minor) < 0 ||
	    parse_access(access, &e.access) < 0)
		return set_errno(EINVAL);
	if (e.type == 'a')
		s->allow_all = true;
	else
		add(s, &e);
	return 0;
}

int device_set_parse(struct device_set *s, const char *list)
{
	*s = (struct device_set){ 0 };
	while (*list) {
		size_t len = strcspn(list, "\n");

		if (len && parse_line(s, list, len) < 0) {
			device_set_free(s);
			return -1;
		}
		list += len + (list[len] != '\0');
	}
	return 0;
}
