/* unpackfloor - the least that unpacking an image costs, on one processor.
 *
 * unpackfloor DIR BLOB...: each blob is hashed, decompressed, and what comes out hashed and written
 * below DIR/0, DIR/1, ... in the fewest and plainest system calls: no second thread, no limits, no
 * care about links, whiteouts or names that come twice, no attributes but mode and time. Owners are
 * left as they come. Divided by the number of processors its CPU time is what nothing that verifies
 * the same can be faster than.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/codec.h"
#include "lib/die.h"
#include "lib/digest.h"
#include "lib/mem.h"
#include "lib/tar.h"

enum { CHUNK = 256 * 1024 };

struct source {
	int fd;
	struct inflate *inflate;
	struct codec_io io;
	struct digest_state blob, tar;
	unsigned char in[CHUNK], out[CHUNK];
};

/* The directory of the last entry is mostly that of the next one. */
struct place {
	int root, fd;
	char path[4096];
};

static ssize_t fill(void *ctx, const unsigned char **data)
{
	struct source *s = ctx;
	ssize_t n = 1;

	s->io.out = s->out;
	s->io.nout = CHUNK;
	while (s->io.nout && n) {
		if (!s->io.nin) {
			n = read(s->fd, s->in, CHUNK);
			if (n < 0)
				die("read a blob");
			digest_add(&s->blob, s->in, (size_t)n);
			s->io.in = s->in;
			s->io.nin = (size_t)n;
			if (!s->inflate)
				s->inflate = inflate_new(codec_sniff(s->in, (size_t)n));
		}
		if (inflate_step(s->inflate, &s->io) < 0)
			die("decompress a blob");
	}
	digest_add(&s->tar, s->out, CHUNK - s->io.nout);
	*data = s->out;
	return (ssize_t)(CHUNK - s->io.nout);
}

static const char *go(struct place *p, char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash) {
		p->fd = p->root;
		p->path[0] = '\0';
		return path;
	}
	*slash = '\0';
	if (strcmp(p->path, path)) {
		if (p->fd != p->root)
			close(p->fd);
		p->fd = openat(p->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		snprintf(p->path, sizeof(p->path), "%s", path);
	}
	return slash + 1;
}

static void write_file(const struct place *p, const char *name, const struct tar_entry *e,
		       struct tar_reader *r)
{
	const struct timespec both[2] = { e->mtime, e->mtime };
	int fd = openat(p->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, e->mode);
	const void *data;
	uint64_t offset;
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = tar_body(r, &data, &offset)) > 0)
		if (write(fd, data, (size_t)n) < 0)
			die("write '%s'", e->path);
	futimens(fd, both);
	close(fd);
}

/* What is already there, or has no parent, is not worth a word. */
static void make(struct place *p, const struct tar_entry *e, struct tar_reader *r)
{
	_free_ char *path = xstrdup(e->path);
	const char *name;

	if (tar_clean_path(path) < 0 || !*path)
		return;
	name = go(p, path);
	if (e->type == TAR_FILE)
		write_file(p, name, e, r);
	else if (e->type == TAR_DIR)
		mkdirat(p->fd, name, e->mode);
	else if (e->type == TAR_SYMLINK)
		(void)!symlinkat(e->link, p->fd, name);
	else if (e->type == TAR_LINK)
		(void)!linkat(p->root, e->link, p->fd, name, 0);
}

static void unpack(const char *dir, const char *blob)
{
	static struct source s;
	struct tar_reader *r = tar_open(fill, &s);
	struct place p = { .path = "" };
	struct tar_entry e;
	struct digest d;
	int n;

	memset(&s, 0, offsetof(struct source, in));
	s.fd = open(blob, O_RDONLY | O_CLOEXEC);
	p.root = p.fd = mkdir(dir, 0755) ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.fd < 0 || p.root < 0)
		die("open '%s' and '%s'", blob, dir);
	digest_start(&s.blob);
	digest_start(&s.tar);
	while ((n = tar_next(r, &e)) > 0)
		make(&p, &e, r);
	if (n < 0 || tar_drain(r) < 0)
		die("unpack '%s'", blob);
	digest_end(&s.blob, &d);
	digest_end(&s.tar, &d);
	tar_close(r);
	inflate_free(s.inflate);
	close(s.fd);
	close(p.root);
}

int main(int argc, char **argv)
{
	die_name("unpackfloor");
	umask(0);
	if (argc < 3 || (mkdir(argv[1], 0755) && errno != EEXIST))
		diex("usage: unpackfloor DIR BLOB...");
	for (int i = 2; i < argc; i++) {
		_free_ char *dir = xasprintf("%s/%d", argv[1], i - 2);

		unpack(dir, argv[i]);
	}
	return 0;
}
