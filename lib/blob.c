#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "lib/blob.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"

static const char blobs_dir[] = "blobs/sha256";
static const char temp_dir[] = "tmp";

/* Start writing back early, so that the fsync at the end finds little to do. */
enum { WRITEBACK_BYTES = 8 << 20, CHUNK = 256 * 1024 };

enum { BLOB_PATH_MAX = sizeof(blobs_dir) + 1 + DIGEST_HEX_LEN };

static char *blob_path(const struct digest *d, char path[BLOB_PATH_MAX])
{
	snprintf(path, BLOB_PATH_MAX, "%s/%s", blobs_dir, digest_hex(d));
	return path;
}

int blob_open(int layout_dirfd, const struct digest *d, int64_t size)
{
	char path[BLOB_PATH_MAX];
	_close_ int fd = openat(layout_dirfd, blob_path(d, path),
				O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode) || (size >= 0 && st.st_size != size))
		return set_errno(EBADMSG);
	return steal_fd(&fd);
}

int64_t blob_size(int layout_dirfd, const struct digest *d)
{
	char path[BLOB_PATH_MAX];
	struct stat st;

	return fstatat(layout_dirfd, blob_path(d, path), &st, 0) ? -1 : st.st_size;
}

int blob_read(int layout_dirfd, const struct digest *d, int64_t size, size_t max, struct buf *out)
{
	_close_ int fd = blob_open(layout_dirfd, d, size);
	size_t start = out->len;
	struct digest found;

	if (fd < 0 || io_read_all(fd, max, out))
		return -1;
	digest_of(buf_str(out) + start, out->len - start, &found);
	return strcmp(found.text, d->text) ? set_errno(EBADMSG) : 0;
}

void xblob_read(int layout_dirfd, const struct digest *d, int64_t size, size_t max, struct buf *out)
{
	if (!blob_read(layout_dirfd, d, size, max, out))
		return;
	if (errno == EBADMSG)
		diex("read blob '%s': content does not match digest and size", d->text);
	die("read blob '%s'", d->text);
}

int blob_verify(int layout_dirfd, const struct digest *d, int64_t size)
{
	_close_ int fd = blob_open(layout_dirfd, d, size);
	struct digest found;

	if (fd < 0 || digest_of_fd(fd, &found) < 0)
		return -1;
	return strcmp(found.text, d->text) ? set_errno(EBADMSG) : 0;
}

int blob_remove(int layout_dirfd, const struct digest *d)
{
	char path[BLOB_PATH_MAX];

	return unlinkat(layout_dirfd, blob_path(d, path), 0) && errno != ENOENT ? -1 : 0;
}

/* Between open and lock the other writer may have finished: then FD is no temporary any more but
 * the published blob. */
static bool is_still_temp(const struct blob *b, int fd)
{
	struct stat a, c;

	return !fstat(fd, &a) && !fstatat(b->layout_dirfd, b->name, &c, AT_SYMLINK_NOFOLLOW) &&
	       a.st_ino == c.st_ino && a.st_dev == c.st_dev;
}

/* Open tmp/NAME, making tmp/ if this is the first, and lock it against other writers. */
static int open_temp(struct blob *b, int flags)
{
	_close_ int fd = -1;

	if (mkdirat(b->layout_dirfd, temp_dir, 0755) && errno != EEXIST)
		return -1;
	fd = openat(b->layout_dirfd, b->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags,
		    0644);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		return -1;
	if (!is_still_temp(b, fd))
		return set_errno(EWOULDBLOCK);
	b->fd = steal_fd(&fd);
	return 0;
}

int blob_create(struct blob *b, int layout_dirfd)
{
	uint64_t r;

	*b = (struct blob){ .layout_dirfd = layout_dirfd, .fd = -1 };
	digest_start(&b->hash);
	do {
		if (getrandom(&r, sizeof(r), 0) != sizeof(r))
			return -1;
		snprintf(b->name, sizeof(b->name), "%s/new-%016llx", temp_dir,
			 (unsigned long long)r);
	} while (open_temp(b, O_EXCL) && errno == EEXIST);
	return b->fd < 0 ? -1 : 0;
}

/* Hash what an earlier attempt wrote. */
static int take_over(struct blob *b)
{
	_free_ char *chunk = xmalloc(CHUNK);
	ssize_t n;

	while ((n = io_read(b->fd, chunk, CHUNK)) > 0) {
		digest_add(&b->hash, chunk, (size_t)n);
		b->bytes += n;
	}
	return n < 0 ? -1 : 0;
}

int blob_resume(struct blob *b, int layout_dirfd, const struct digest *want)
{
	*b = (struct blob){ .layout_dirfd = layout_dirfd, .fd = -1 };
	digest_start(&b->hash);
	snprintf(b->name, sizeof(b->name), "%s/%s", temp_dir, digest_hex(want));
	if (!open_temp(b, 0))
		return take_over(b);
	return errno == EWOULDBLOCK ? blob_create(b, layout_dirfd) : -1;
}

int blob_append(struct blob *b, const void *data, size_t len)
{
	int64_t before = b->bytes / WRITEBACK_BYTES;

	if (io_write(b->fd, data, len))
		return -1;
	b->bytes += (int64_t)len;
	if (!b->is_scratch && b->bytes / WRITEBACK_BYTES != before)
		sync_file_range(b->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

void blob_hash(struct blob *b, const void *data, size_t len)
{
	digest_add(&b->hash, data, len);
}

int blob_write(struct blob *b, const void *data, size_t len)
{
	if (blob_append(b, data, len))
		return -1;
	blob_hash(b, data, len);
	return 0;
}

int blob_restart(struct blob *b)
{
	if (ftruncate(b->fd, 0) || lseek(b->fd, 0, SEEK_SET))
		return -1;
	b->bytes = 0;
	digest_start(&b->hash);
	return 0;
}

static int sync_dir(int layout_dirfd, const char *name)
{
	_close_ int fd = openat(layout_dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

static int publish(struct blob *b, const struct digest *d)
{
	char path[BLOB_PATH_MAX];

	if (mkdirat(b->layout_dirfd, "blobs", 0755) && errno != EEXIST)
		return -1;
	if (mkdirat(b->layout_dirfd, blobs_dir, 0755) && errno != EEXIST)
		return -1;
	/* What is there under this name may be the damaged copy that made us fetch it again:
	 * replace it. */
	if ((!b->is_scratch && fdatasync(b->fd)) ||
	    renameat(b->layout_dirfd, b->name, b->layout_dirfd, blob_path(d, path)))
		return -1;
	return b->is_scratch ? 0 : sync_dir(b->layout_dirfd, blobs_dir);
}

int blob_check(const struct blob *b, const struct digest *want, int64_t size)
{
	struct digest_state fork = b->hash;
	struct digest found;

	digest_end(&fork, &found);
	return b->bytes != size || strcmp(found.text, want->text) ? set_errno(EBADMSG) : 0;
}

int blob_commit(struct blob *b, const struct digest *want, int64_t size, struct digest *out)
{
	struct digest found;
	int rc;

	digest_end(&b->hash, &found);
	if (out)
		*out = found;
	if ((want && strcmp(found.text, want->text)) || (size >= 0 && b->bytes != size))
		rc = set_errno(EBADMSG);
	else
		rc = publish(b, &found);
	if (rc)
		blob_abandon(b);
	else
		blob_suspend(b);
	return rc;
}

void blob_abandon(struct blob *b)
{
	int saved = errno;

	if (b->fd >= 0)
		unlinkat(b->layout_dirfd, b->name, 0);
	blob_suspend(b);
	errno = saved;
}

void blob_suspend(struct blob *b)
{
	close_fd(&b->fd);
	b->fd = -1;
}

int blob_put(int layout_dirfd, const void *data, size_t len, struct digest *out)
{
	struct blob b = BLOB_INIT;

	if (blob_create(&b, layout_dirfd))
		return -1;
	if (blob_write(&b, data, len)) {
		blob_abandon(&b);
		return -1;
	}
	return blob_commit(&b, NULL, -1, out);
}
