/* user.c - resolve USER[:GROUP] as docker does. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/user.h"
#include "lib/buf.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/path.h"

enum { ID_MAX = INT32_MAX, FIELDS_MAX = 7 };

/* One colon-separated line: pointers into the file and lengths. */
struct line {
	const char *at[FIELDS_MAX];
	size_t len[FIELDS_MAX];
	size_t n;
};

static const char *line_next(const char *s, struct line *out)
{
	const char *end = s + strcspn(s, "\n");

	out->n = 0;
	while (out->n < FIELDS_MAX) {
		size_t len = strcspn(s, ":\n");

		out->at[out->n] = s;
		out->len[out->n++] = len;
		s += len;
		if (s == end)
			break;
		s++;
	}
	return *end ? end + 1 : NULL;
}

static bool field_is(const struct line *l, size_t i, const char *s, size_t len)
{
	return i < l->n && l->len[i] == len && !memcmp(l->at[i], s, len);
}

/* A whole decimal number no larger than a Docker id, else false. */
static bool text_id(const char *s, size_t len, uint32_t *id)
{
	char digits[11];
	uint64_t n = 0;

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, s, len);
	digits[len] = '\0';
	if (num_u64(digits, ID_MAX, &n))
		return false;
	*id = (uint32_t)n;
	return true;
}

static bool field_id(const struct line *l, size_t i, uint32_t *id)
{
	return i < l->n && text_id(l->at[i], l->len[i], id);
}

/* A line is meant by its name, or by its number when WANT is one. */
static bool line_matches(const struct line *l, const char *want, size_t len)
{
	uint32_t asked, id;

	if (!field_id(l, 2, &id) || !l->len[0])
		return false;
	return field_is(l, 0, want, len) || (text_id(want, len, &asked) && asked == id);
}

static bool file_find(const char *file, const char *want, size_t len, struct line *out)
{
	for (const char *s = file; s && *s;) {
		s = line_next(s, out);
		if (line_matches(out, want, len))
			return true;
	}
	return false;
}

static bool list_has(const char *list, size_t list_len, const char *name, size_t len)
{
	const char *end = list + list_len;

	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t n = (size_t)((comma ? comma : end) - list);

		if (n == len && !memcmp(list, name, len))
			return true;
		list += n + 1;
	}
	return false;
}

static void gids_add(struct user *u, uint32_t gid)
{
	for (size_t i = 0; i < u->n_gids; i++)
		if (u->gids[i] == gid)
			return;
	u->gids = xreallocarray(u->gids, u->n_gids + 1, sizeof(*u->gids));
	u->gids[u->n_gids++] = gid;
}

/* The kernel takes at most 65536 groups; the rest of a hostile file is not worth reading. */
static void gids_of_member(struct user *u, const char *file, const struct line *who)
{
	struct line l;
	uint32_t gid;

	for (const char *s = file; s && *s && u->n_gids < 1024;) {
		s = line_next(s, &l);
		if (l.n > 3 && field_id(&l, 2, &gid) &&
		    list_has(l.at[3], l.len[3], who->at[0], who->len[0]))
			gids_add(u, gid);
	}
}

static int unknown(const char *kind, const char *name, size_t len, char **what)
{
	bool number = strspn(name, "0123456789") >= len;

	*what = number ? xasprintf("%s %.*s is out of range", kind, (int)len, name)
		       : xasprintf("no %s '%.*s' in the image", kind, (int)len, name);
	return set_errno(number ? ERANGE : ENOENT);
}

static int group_id(const char *file, const char *want, uint32_t *gid, char **what)
{
	struct line l;
	size_t len = strlen(want);

	if (file_find(file, want, len, &l) && field_id(&l, 2, gid))
		return 0;
	return text_id(want, len, gid) ? 0 : unknown("group", want, len, what);
}

static int resolve_user(const struct user_db *db, const char *name, size_t len, struct user *out,
			struct line *who, char **what)
{
	if (file_find(db->passwd, name, len, who)) {
		if (!field_id(who, 2, &out->uid))
			return unknown("user", name, len, what);
		if (!field_id(who, 3, &out->gid))
			out->gid = 0;
		return 0;
	}
	who->n = 0;
	return text_id(name, len, &out->uid) ? 0 : unknown("user", name, len, what);
}

int user_resolve(const struct user_db *db, const char *spec, char *const *extra, struct user *out,
		 char **what)
{
	const char *colon = strchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
	struct line who = { 0 };

	*out = (struct user){ 0 };
	/* "" and ":group" mean root, and root may be missing from passwd. */
	if (resolve_user(db, len ? spec : "0", len ? len : 1, out, &who, what))
		return -1;
	if (colon && colon[1] && group_id(db->group, colon + 1, &out->gid, what))
		return -1;
	gids_add(out, out->gid);
	if ((!colon || !colon[1]) && who.n)
		gids_of_member(out, db->group, &who);
	for (; extra && *extra; extra++) {
		uint32_t gid;

		if (group_id(db->group, *extra, &gid, what))
			return -1;
		gids_add(out, gid);
	}
	return 0;
}

static int read_file(int rootfs_dirfd, const char *path, char **out)
{
	_close_ int fd = path_open_in_root(rootfs_dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	_buf_ struct buf b = { 0 };
	struct stat st;

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return -1;
	if (fd >= 0) {
		if (fstat(fd, &st))
			return -1;
		/* A FIFO or a device would hang us or feed us for ever. */
		if (!S_ISREG(st.st_mode))
			return set_errno(EINVAL);
		if (io_read_all(fd, USER_FILE_MAX, &b))
			return -1;
	}
	*out = xstrdup(buf_str(&b));
	return 0;
}

int user_read_files(int rootfs_dirfd, char **passwd, char **group)
{
	if (read_file(rootfs_dirfd, "etc/passwd", passwd))
		return -1;
	return read_file(rootfs_dirfd, "etc/group", group);
}
