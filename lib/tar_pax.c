#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"
#include "lib/tar_pax.h"

static const char xattr_prefix[] = "SCHILY.xattr.";

static int set_string(char **field, const char *value, size_t len)
{
	if (memchr(value, '\0', len))
		return set_errno(EBADMSG);
	free(*field);
	*field = len ? xmemdup0(value, len) : NULL; /* an empty value takes the record back */
	return 0;
}

static int set_path(struct tar_pax *p, const char *value, size_t len)
{
	return set_string(&p->path, value, len);
}

static int set_link(struct tar_pax *p, const char *value, size_t len)
{
	return set_string(&p->link, value, len);
}

static int set_sparse_name(struct tar_pax *p, const char *value, size_t len)
{
	return set_string(&p->sparse_name, value, len);
}

static int set_number(struct tar_pax *p, unsigned bit, const char *value, size_t len, uint64_t max,
		      uint64_t *out)
{
	if (!len) {
		p->has &= ~bit;
		return 0;
	}
	if (strlen(value) != len || num_u64(value, max, out) < 0)
		return set_errno(EBADMSG);
	p->has |= bit;
	return 0;
}

static int set_size(struct tar_pax *p, const char *value, size_t len)
{
	return set_number(p, PAX_SIZE, value, len, INT64_MAX, &p->size);
}

static int set_id(struct tar_pax *p, unsigned bit, const char *value, size_t len, uint32_t *out)
{
	uint64_t id = *out;

	if (set_number(p, bit, value, len, UINT32_MAX - 1, &id) < 0)
		return -1;
	*out = (uint32_t)id;
	return 0;
}

static int set_uid(struct tar_pax *p, const char *value, size_t len)
{
	return set_id(p, PAX_UID, value, len, &p->uid);
}

static int set_gid(struct tar_pax *p, const char *value, size_t len)
{
	return set_id(p, PAX_GID, value, len, &p->gid);
}

/* Digits of a fraction of a second, as nanoseconds; what is finer is cut off. */
static int fraction(const char *s, long *nsec)
{
	long unit = 100000000;

	for (*nsec = 0; *s; s++, unit /= 10) {
		if (*s < '0' || *s > '9')
			return set_errno(EBADMSG);
		*nsec += (*s - '0') * unit;
	}
	return 0;
}

/* "-5.5" is half a second before -5; tv_nsec counts forward, so it becomes -6 and a half. */
static int set_mtime(struct tar_pax *p, const char *value, size_t len)
{
	_free_ char *text = xmemdup0(value, len);
	bool negative = text[0] == '-';
	char *dot = strchr(text, '.');
	uint64_t sec;
	long nsec = 0;

	if (!len) {
		p->has &= ~(unsigned)PAX_MTIME;
		return 0;
	}
	if (dot)
		*dot = '\0';
	if (strlen(text) + (dot ? strlen(dot + 1) + 1 : 0) != len ||
	    (dot && fraction(dot + 1, &nsec) < 0) ||
	    num_u64(text + negative, INT64_MAX - 1, &sec) < 0)
		return set_errno(EBADMSG);
	p->mtime.tv_sec = negative ? -(int64_t)sec - (nsec > 0) : (int64_t)sec;
	p->mtime.tv_nsec = negative && nsec ? 1000000000 - nsec : nsec;
	p->has |= PAX_MTIME;
	return 0;
}

static int set_sparse_major(struct tar_pax *p, const char *value, size_t len)
{
	return set_number(p, PAX_SPARSE, value, len, 1, &p->sparse_major);
}

static int set_sparse_minor(struct tar_pax *p, const char *value, size_t len)
{
	return set_number(p, PAX_SPARSE, value, len, 1, &p->sparse_minor);
}

static int set_sparse_size(struct tar_pax *p, const char *value, size_t len)
{
	return set_number(p, PAX_SPARSE, value, len, INT64_MAX, &p->sparse_size);
}

/* Sparse 0.0 repeats a pair of keys for each extent. */
static int set_extent_offset(struct tar_pax *p, const char *value, size_t len)
{
	uint64_t offset = 0;

	if (p->extent_open || set_number(p, PAX_SPARSE, value, len, INT64_MAX, &offset) < 0)
		return set_errno(EBADMSG);
	p->extent_open = true;
	return tar_pax_extent(p, offset, 0);
}

static int set_extent_len(struct tar_pax *p, const char *value, size_t len)
{
	if (!p->extent_open)
		return set_errno(EBADMSG);
	p->extent_open = false;
	return set_number(p, PAX_SPARSE, value, len, INT64_MAX, &p->extents[p->nextents - 1].len);
}

/* Sparse 0.1: "offset,len,offset,len". */
static int set_extents(struct tar_pax *p, const char *value, size_t len)
{
	_strv_ struct strv numbers = { 0 };

	if (strlen(value) != len)
		return set_errno(EBADMSG);
	strv_split(&numbers, value, ',');
	if (numbers.n % 2)
		return set_errno(EBADMSG);
	for (size_t i = 0; i < numbers.n; i += 2) {
		uint64_t offset, run;

		if (num_u64(numbers.v[i], INT64_MAX, &offset) < 0 ||
		    num_u64(numbers.v[i + 1], INT64_MAX, &run) < 0 ||
		    tar_pax_extent(p, offset, run) < 0)
			return set_errno(EBADMSG);
	}
	p->has |= PAX_SPARSE;
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct tar_pax *p, const char *value, size_t len);
	const char *why;
} keys[] = {
	{ "path", set_path, "a NUL within a pax path" },
	{ "linkpath", set_link, "a NUL within a pax linkpath" },
	{ "size", set_size, "a pax size that is no number" },
	{ "uid", set_uid, "a pax uid outside 0 to 4294967294" },
	{ "gid", set_gid, "a pax gid outside 0 to 4294967294" },
	{ "mtime", set_mtime, "a pax mtime that is no time" },
	{ "GNU.sparse.major", set_sparse_major, "an unknown sparse format" },
	{ "GNU.sparse.minor", set_sparse_minor, "an unknown sparse format" },
	{ "GNU.sparse.name", set_sparse_name, "a NUL within a sparse file's name" },
	{ "GNU.sparse.realsize", set_sparse_size, "a sparse size that is no number" },
	{ "GNU.sparse.size", set_sparse_size, "a sparse size that is no number" },
	{ "GNU.sparse.offset", set_extent_offset, "a broken sparse map" },
	{ "GNU.sparse.numbytes", set_extent_len, "a broken sparse map" },
	{ "GNU.sparse.map", set_extents, "a broken sparse map" },
};

static int set_xattr(struct tar_pax *p, const char *name, const char *value, size_t len,
		     const char **why)
{
	*why = "too many or too long extended attributes";
	if (!*name || p->nxattrs == TAR_XATTRS_MAX || strlen(name) > 255 ||
	    len > TAR_XATTR_VALUE_MAX)
		return set_errno(EBADMSG);
	p->xattrs = xreallocarray(p->xattrs, p->nxattrs + 1, sizeof(*p->xattrs));
	p->xattrs[p->nxattrs++] = (struct tar_xattr){ xstrdup(name), xmemdup0(value, len), len };
	return 0;
}

/* KEY is NUL-terminated, VALUE has LEN bytes and a NUL behind them. */
static int record(struct tar_pax *p, const char *key, const char *value, size_t len,
		  const char **why)
{
	const char *name = str_after(key, xattr_prefix);

	if (name)
		return set_xattr(p, name, value, len, why);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!str_eq(keys[i].key, key))
			continue;
		*why = keys[i].why;
		return keys[i].set(p, value, len);
	}
	return 0;
}

/* The decimal length a record starts with, and the blank; it counts itself. */
static size_t record_len(const char *s, size_t left, size_t *digits)
{
	size_t n = 0, i = 0;

	for (; i < left && i < 7 && s[i] >= '0' && s[i] <= '9'; i++)
		n = n * 10 + (size_t)(s[i] - '0');
	*digits = i;
	return i && i < left && s[i] == ' ' ? n : 0;
}

int tar_pax_parse(struct tar_pax *p, char *records, size_t len, const char **why)
{
	char *end = records + len;

	for (char *s = records; s < end;) {
		size_t digits, n = record_len(s, (size_t)(end - s), &digits);

		*why = "a malformed pax record";
		if (n < digits + 4 || n > (size_t)(end - s) || s[n - 1] != '\n')
			return set_errno(EBADMSG);

		char *key = s + digits + 1, *equals = memchr(key, '=', n - digits - 2);

		if (!equals || equals == key)
			return set_errno(EBADMSG);
		*equals = '\0';
		s[n - 1] = '\0';
		if (strlen(key) != (size_t)(equals - key))
			return set_errno(EBADMSG);
		if (record(p, key, equals + 1, (size_t)(s + n - 1 - (equals + 1)), why) < 0)
			return -1;
		s += n;
	}
	return 0;
}

int tar_pax_extent(struct tar_pax *p, uint64_t offset, uint64_t len)
{
	if (p->nextents == TAR_EXTENTS_MAX)
		return set_errno(EBADMSG);
	if (p->nextents == p->extents_cap) {
		p->extents_cap = p->extents_cap ? p->extents_cap * 2 : 16;
		p->extents = xreallocarray(p->extents, p->extents_cap, sizeof(*p->extents));
	}
	p->extents[p->nextents++] = (struct tar_extent){ offset, len };
	return 0;
}

bool tar_pax_map_ok(const struct tar_pax *p, uint64_t size, uint64_t body)
{
	uint64_t at = 0, total = 0;

	for (size_t i = 0; i < p->nextents; i++) {
		const struct tar_extent *x = &p->extents[i];

		if (x->offset < at || x->offset > size || x->len > size - x->offset)
			return false;
		at = x->offset + x->len;
		total += x->len;
	}
	return total == body && !p->extent_open;
}

void tar_pax_reset(struct tar_pax *p)
{
	for (size_t i = 0; i < p->nxattrs; i++) {
		free((char *)p->xattrs[i].name);
		free((void *)p->xattrs[i].value);
	}
	free(p->xattrs);
	free(p->path);
	free(p->link);
	free(p->sparse_name);
	free(p->extents);
	*p = (struct tar_pax){ 0 };
}
