#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "imgunpack/ids.h"
#include "imgunpack/pack.h"
#include "imgunpack/pack_attr.h"
#include "imgunpack/since.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/num.h"

/* The first name of a file that has several. */
struct name {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct tree {
	struct sink *sink;
	struct tar_writer *w; /* into the sink */
	bool is_upper;
	bool pretend;
	struct since *since; /* what to pack of it; NULL is all */
	int64_t epoch, newest;
	dev_t dev;	  /* of the top directory; other file systems are mounted, not part of it */
	struct map links; /* index into names */
	struct name *names;
	size_t n_names;
};

/* Beside a directory stands another view of it: the old one with --since, the merged one with
 * --merged; -1 is none. */
static void pack_dir(struct tree *t, int fd, int beside, const char *path);

int64_t pack_epoch(void)
{
	const char *s = getenv("SOURCE_DATE_EPOCH");
	int64_t n = INT64_MAX;

	if (s && *s && num_i64(s, 0, INT64_MAX, &n) < 0)
		die("SOURCE_DATE_EPOCH '%s'", s);
	return n;
}

static void write_entry(struct tree *t, const struct tar_entry *e)
{
	if (tar_write_entry(t->w, e) < 0)
		die("write '%s'", e->path);
}

static void write_whiteout(struct tree *t, const char *dir, const char *name)
{
	_free_ char *path = xasprintf("%s%s.wh.%s", dir, *dir ? "/" : "", name);
	const struct tar_entry e = { .type = TAR_FILE, .path = path };

	write_entry(t, &e);
}

/* The name under which this inode was packed before; else NULL, and PATH is remembered. */
static const char *first_name(struct tree *t, const struct stat *st, const char *path)
{
	uint64_t key = ((uint64_t)st->st_ino ^ (uint64_t)st->st_dev << 40) | 1ull << 63;
	const uint32_t *i;

	/* Two file systems may collide: compare, step on. */
	for (; t->names && (i = map_get(&t->links, key)); key++)
		if (t->names[*i].dev == st->st_dev && t->names[*i].ino == st->st_ino)
			return t->names[*i].path;
	t->names = xreallocarray(t->names, t->n_names + 1, sizeof(*t->names));
	t->names[t->n_names] = (struct name){ st->st_dev, st->st_ino, xstrdup(path) };
	map_put(&t->links, key, (uint32_t)t->n_names++);
	return NULL;
}

/* As many bytes of a file as there are, up to LEN; 0 at its end. */
static size_t read_some(int fd, void *to, size_t len, const char *path)
{
	ssize_t n;

	do
		n = read(fd, to, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die("read '%s'", path);
	return (size_t)n;
}

/* Read to where it is hashed and compressed. The size is in the header already: a file that changes
 * meanwhile is cut or filled up. */
static void write_body(struct tree *t, int fd, const struct tar_entry *e)
{
	bool ended = false;

	for (uint64_t left = e->size; left;) {
		size_t room, n = 0;
		void *to = sink_room(t->sink, &room);

		if (!to)
			die("write '%s'", e->path);
		if (room > left)
			room = (size_t)left;
		if (!ended)
			n = read_some(fd, to, room, e->path);
		if (!n && !ended)
			warnx("'%s' became shorter while it was read", e->path);
		ended = !n;
		if (ended)
			memset(to, 0, n = room);
		sink_filled(t->sink, n);
		if (tar_count_body(t->w, n) < 0)
			die("write '%s'", e->path);
		left -= n;
	}
}

/* FD is the file's, or -1 of what has no notes. */
static void describe(struct tree *t, int fd, const struct stat *st, struct tar_entry *e)
{
	e->mode = st->st_mode & 07777;
	e->uid = t->pretend ? 0 : st->st_uid;
	e->gid = t->pretend ? 0 : st->st_gid;
	if (t->pretend && fd >= 0)
		ids_read(fd, &e->uid, &e->gid);
	e->mtime.tv_sec = st->st_mtime < t->epoch ? st->st_mtime : t->epoch;
	if (e->mtime.tv_sec > t->newest)
		t->newest = e->mtime.tv_sec;
}

static int open_beside(int beside, const char *name, int flags)
{
	return beside < 0 ? -1 : openat(beside, name, flags | O_NOFOLLOW | O_CLOEXEC);
}

static _noreturn_ void refuse_elsewhere(const char *path, const char *why)
{
	diex("pack '%s': its content is in a lower layer (overlay %s; --merged)", path, why);
}

static void pack_file(struct tree *t, int dirfd, int beside, const char *name, struct tar_entry *e)
{
	_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC),
		    body = -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("open '%s'", e->path);
	if (!S_ISREG(st.st_mode))
		diex("read '%s': it was replaced meanwhile", e->path);

	struct pack_attrs attrs = pack_attrs_read(fd, e->path, t->is_upper);

	describe(t, fd, &st, e);
	if (attrs.elsewhere) {
		body = open_beside(beside, name, O_RDONLY | O_NONBLOCK);
		if (body < 0 || fstat(body, &st))
			refuse_elsewhere(e->path, attrs.elsewhere);
	}
	e->size = (uint64_t)st.st_size;
	e->xattrs = attrs.v;
	e->nxattrs = attrs.n;
	write_entry(t, e);
	pack_attrs_free(&attrs);
	write_body(t, body < 0 ? fd : body, e);
}

/* A directory that was renamed: what is in it is what the merged view shows there, and nothing of
 * what lower layers have under its new name. */
static void pack_redirected(struct tree *t, int merged, const char *path)
{
	struct tree saved = *t;
	struct stat st;

	if (fstat(merged, &st))
		die("read '%s'", path);
	write_whiteout(t, path, ".wh..opq");
	t->is_upper = false;
	t->dev = st.st_dev;
	pack_dir(t, merged, -1, path);
	t->is_upper = saved.is_upper;
	t->dev = saved.dev;
}

static void pack_subdir(struct tree *t, int dirfd, int beside, const char *name,
			struct tar_entry *e)
{
	_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
		    below = open_beside(beside, name, O_RDONLY | O_DIRECTORY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("open '%s'", e->path);

	struct pack_attrs attrs = pack_attrs_read(fd, e->path, t->is_upper);

	describe(t, fd, &st, e);
	e->xattrs = attrs.v;
	e->nxattrs = attrs.n;
	write_entry(t, e);
	pack_attrs_free(&attrs);
	if (attrs.elsewhere && below < 0)
		refuse_elsewhere(e->path, attrs.elsewhere);
	if (attrs.elsewhere) {
		pack_redirected(t, below, e->path);
		return;
	}
	if (t->is_upper && attrs.is_opaque)
		write_whiteout(t, e->path, ".wh..opq");
	if (st.st_dev == t->dev)
		pack_dir(t, fd, below, e->path);
}

static void pack_symlink(struct tree *t, int dirfd, const char *name, struct tar_entry *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (n < 0)
		die("read link '%s'", e->path);
	target[n] = '\0';
	e->link = target;
	write_entry(t, e);
	e->link = NULL;
}

/* A further name of a file. Its attributes are said again: docker gives a link its owner, which
 * loses the file's capabilities, and then the attributes that stand here. */
static void pack_link(struct tree *t, int dirfd, const char *name, struct tar_entry *e,
		      bool is_file)
{
	_close_ int fd = -1;
	struct pack_attrs attrs = { 0 };

	if (is_file) {
		fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			die("open '%s'", e->path);
		attrs = pack_attrs_read(fd, e->path, t->is_upper);
	}
	e->type = TAR_LINK;
	e->xattrs = attrs.v;
	e->nxattrs = attrs.n;
	write_entry(t, e);
	pack_attrs_free(&attrs);
}

static void pack_entry(struct tree *t, int dirfd, int beside, const char *dir, const char *name,
		       const struct stat *st)
{
	_free_ char *path = xasprintf("%s%s%s", dir, *dir ? "/" : "", name);
	struct tar_entry e = { .path = path };
	const char *first = S_ISDIR(st->st_mode) || st->st_nlink < 2 ? NULL
								     : first_name(t, st, path);

	describe(t, -1, st, &e);
	if (first) {
		e.link = first;
		pack_link(t, dirfd, name, &e, S_ISREG(st->st_mode));
		return;
	}
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		e.type = TAR_FILE;
		pack_file(t, dirfd, beside, name, &e);
		break;
	case S_IFDIR:
		e.type = TAR_DIR;
		pack_subdir(t, dirfd, beside, name, &e);
		break;
	case S_IFLNK:
		e.type = TAR_SYMLINK;
		pack_symlink(t, dirfd, name, &e);
		break;
	case S_IFSOCK:
		warnx("'%s' is a socket: left out", path);
		break;
	default:
		e.type = S_ISFIFO(st->st_mode)	? TAR_FIFO
			 : S_ISCHR(st->st_mode) ? TAR_CHAR
						: TAR_BLOCK;
		e.devmajor = major(st->st_rdev);
		e.devminor = minor(st->st_rdev);
		write_entry(t, &e);
	}
}

static void pack_name(struct tree *t, int fd, int beside, const char *path, const char *name,
		      bool whiteouts)
{
	struct stat st;

	if (str_starts(name, ".wh."))
		diex("pack '%s/%s': names with .wh. cannot be in an image", path, name);
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT) /* it is gone since */
			die("read '%s/%s'", path, name);
		return;
	}

	bool gone = t->is_upper && pack_attrs_is_whiteout(fd, name, &st);

	if (gone && whiteouts)
		write_whiteout(t, path, name);
	if (gone || whiteouts)
		return;
	if (t->since && beside >= 0) {
		struct compare_pair p = { beside, fd, name, { 0 }, { 0 } };

		if (!since_wants(t->since, &p, &beside))
			return;
	}
	pack_entry(t, fd, beside, path, name, &st);
}

/* What the old directory has and the new one has not. */
static void pack_deleted(struct tree *t, int fd, int old, const char *path)
{
	_strv_ struct strv names = compare_list(old);
	struct stat st;

	for (size_t i = 0; i < names.n; i++)
		if (fstatat(fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
			write_whiteout(t, path, names.v[i]);
}

/* Whiteouts come before what a directory has. */
static void pack_dir(struct tree *t, int fd, int beside, const char *path)
{
	_strv_ struct strv names = compare_list(fd);

	if (t->since && beside >= 0)
		pack_deleted(t, fd, beside, path);
	for (int pass = t->is_upper ? 0 : 1; pass < 2; pass++)
		for (size_t i = 0; i < names.n; i++)
			pack_name(t, fd, beside, path, names.v[i], !pass);
}

/* The entry of the top directory itself. */
static void pack_root(struct tree *t, int fd)
{
	struct pack_attrs attrs = pack_attrs_read(fd, ".", t->is_upper);
	struct tar_entry e = { .type = TAR_DIR, .path = "." };
	struct stat st;

	if (fstat(fd, &st))
		die("read the top directory");
	describe(t, fd, &st, &e);
	e.xattrs = attrs.v;
	e.nxattrs = attrs.n;
	write_entry(t, &e);
	pack_attrs_free(&attrs);
}

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		die("open '%s'", path);
	return fd;
}

int64_t pack_tree(struct sink *sink, const struct pack_source *source)
{
	struct tree t = { .sink = sink,
			  .w = tar_create(sink_put, sink),
			  .is_upper = source->kind == PACK_UPPER,
			  .epoch = pack_epoch() };
	_close_ int fd = open_dir(source->path), beside = -1;
	struct since since = { .content = source->content };
	struct stat st;

	if (fstat(fd, &st))
		die("open '%s'", source->path);
	if (source->beside)
		beside = open_dir(source->beside);
	t.dev = st.st_dev;
	t.pretend = source->pretend;
	fd_raise_limit();
	if (source->kind == PACK_SINCE) {
		since_scan(&since, beside, fd);
		t.since = &since;
	}
	if (source->root || since.root)
		pack_root(&t, fd);
	pack_dir(&t, fd, beside, "");
	if (tar_write_end(t.w) < 0)
		die("write a layer");
	tar_writer_free(t.w);
	since_free(&since);
	for (size_t i = 0; i < t.n_names; i++)
		free(t.names[i].path);
	free(t.names);
	map_free(&t.links);
	return t.newest;
}
