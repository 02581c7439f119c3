#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/path.h"
#include "runc/launch.h"

int mount_open_link(int rootfd, const char *path, bool directory)
{
	_free_ char *name = NULL;
	_close_ int dirfd = path_open_parent(rootfd, path, &name);
	int fd = dirfd < 0 ? -1 : openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || dirfd < 0 || errno != ENOENT)
		return fd;
	if (directory ? mkdirat(dirfd, name, 0755) : mknodat(dirfd, name, S_IFREG | 0644, 0))
		return -1;
	return openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

void mount_copy_link(const struct spec_mount *m, int linkfd, int rootfd)
{
	char to[PATH_MAX], there[PATH_MAX];
	_free_ char *name = NULL;
	_close_ int dirfd = path_open_parent(rootfd, m->destination, &name);
	ssize_t n = readlinkat(linkfd, "", to, sizeof(to) - 1), have;

	if (dirfd < 0 || n < 0)
		die("copy link '%s' to '%s'", m->source, m->destination);
	to[n] = '\0';
	if (!symlinkat(to, dirfd, name))
		return;
	have = errno == EEXIST ? readlinkat(dirfd, name, there, sizeof(there)) : -1;
	if (have != n || memcmp(there, to, (size_t)n) != 0) {
		errno = EEXIST;
		die("copy link '%s' to '%s'", m->source, m->destination);
	}
}
