#include <fcntl.h>
#include <string.h>

#include "lib/cgroup_private.h"
#include "lib/num.h"
#include "lib/str.h"

/* A list of all the processes a kernel can have: 4 Mi lines of 8 bytes. */
enum { FILE_MAX_BYTES = 32 << 20 };

/* One plain component: a hostile `unified` key is no way out of the group. */
static bool is_file_name(const char *file)
{
	return *file && !strchr(file, '/') && !str_eq(file, ".") && !str_eq(file, "..");
}

static int open_file(int dirfd, const char *file, int flags)
{
	if (!is_file_name(file))
		return set_errno(EINVAL);
	/* Nothing of a control group's waits at open; what is not, does not either: FIFO, device.
	 */
	return openat(dirfd, file, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int cgroup_write(int dirfd, const char *file, const char *value)
{
	_close_ int fd = open_file(dirfd, file, O_WRONLY | O_TRUNC);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	return (size_t)n == len ? 0 : set_errno(EIO);
}

int cgroup_read(int dirfd, const char *file, struct buf *out)
{
	_close_ int fd = open_file(dirfd, file, O_RDONLY);
	size_t start = out->len;
	char chunk[4096];
	ssize_t n;

	if (fd < 0)
		return -1;
	/* The kernel fills the room it is given but for a line that does not fit any more, and no
	 * line is half as long: less than that is the end, without asking again. */
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
		if (out->len - start > FILE_MAX_BYTES)
			return set_errno(EFBIG);
	} while (n < 0 || n >= (ssize_t)sizeof(chunk) / 2);
	if (out->len > start && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return 0;
}

static int parse_u64(const char *s, uint64_t *out)
{
	if (str_eq(s, "max")) {
		*out = UINT64_MAX;
		return 0;
	}
	return num_u64(s, UINT64_MAX, out);
}

int cgroup_read_u64(int dirfd, const char *file, uint64_t *out)
{
	_buf_ struct buf text = { 0 };

	if (cgroup_read(dirfd, file, &text) < 0)
		return -1;
	return parse_u64(buf_str(&text), out);
}

int cgroup_find_key(const char *text, const char *key, uint64_t *out)
{
	size_t len = strlen(key);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char number[24];
		size_t n;

		if (strncmp(line, key, len) || line[len] != ' ')
			continue;
		n = strcspn(line + len + 1, "\n");
		if (n >= sizeof(number))
			return set_errno(ERANGE);
		memcpy(number, line + len + 1, n);
		number[n] = '\0';
		return parse_u64(number, out);
	}
	return set_errno(ENODATA);
}

int cgroup_read_key(int dirfd, const char *file, const char *key, uint64_t *out)
{
	_buf_ struct buf text = { 0 };

	if (cgroup_read(dirfd, file, &text) < 0)
		return -1;
	return cgroup_find_key(buf_str(&text), key, out);
}
