#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "lib/mem.h"
#include "lib/path.h"
#include "runc/launch.h"

enum { LINKS_MAX = 40 };

static int make(int rootfd, const char *path, bool directory, int links);

/* PATH without its last component, which goes to *NAME. */
static char *split(const char *path, char **name)
{
	size_t end = strlen(path), start;

	while (end && path[end - 1] == '/')
		end--;
	for (start = end; start && path[start - 1] != '/'; start--)
		continue;
	*name = xmemdup0(path + start, end - start);
	return start ? xmemdup0(path, start) : xstrdup("/");
}

/* A link that points to nothing yet: what it names is made, inside the root, as if its target had
 * been asked for. */
static int make_behind(int rootfd, const char *parent, const char *link, bool directory, int links)
{
	_free_ char *path = *link == '/' ? xstrdup(link) : xasprintf("%s/%s", parent, link);

	return links ? make(rootfd, path, directory, links - 1) : set_errno(ELOOP);
}

static int make_entry(int dirfd, const char *name, bool directory)
{
	if (directory)
		return mkdirat(dirfd, name, 0755);

	_close_ int fd = openat(dirfd, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : 0;
}

/* One component at a time, each made by name in a directory that was resolved inside the root:
 * whatever is swapped meanwhile, nothing is made outside. */
static int make(int rootfd, const char *path, bool directory, int links)
{
	_close_ int fd = path_open_in_root(rootfd, path, O_PATH);
	_free_ char *name = NULL;

	if (fd >= 0 || errno != ENOENT)
		return steal_fd(&fd);

	_free_ char *parent = split(path, &name);

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return set_errno(ENOENT);

	_close_ int parentfd = make(rootfd, parent, true, links);

	if (parentfd < 0)
		return -1;
	if (make_entry(parentfd, name, directory)) {
		char link[PATH_MAX];
		ssize_t n;

		if (errno != EEXIST)
			return -1;
		n = readlinkat(parentfd, name, link, sizeof(link) - 1);
		if (n >= 0) {
			link[n] = '\0';
			return make_behind(rootfd, parent, link, directory, links);
		}
	}
	return openat(parentfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int target_open(int rootfd, const char *path, bool directory)
{
	return make(rootfd, path, directory, LINKS_MAX);
}
