#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cgroup_private.h"
#include "lib/mem.h"
#include "lib/str.h"

static bool is_component(const char *s, size_t len)
{
	if (!len || len > NAME_MAX || (len == 1 && *s == '.') || (len == 2 && !memcmp(s, "..", 2)))
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < ' ' || s[i] == 127)
			return false;
	}
	return true;
}

char *cgroup_canonical(const char *path)
{
	size_t len;

	path += strspn(path, "/");
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	if (len >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	for (size_t at = 0; at < len;) {
		const char *slash = memchr(path + at, '/', len - at);
		size_t n = slash ? (size_t)(slash - path) - at : len - at;

		if (!is_component(path + at, n)) {
			errno = EINVAL;
			return NULL;
		}
		at += n + 1;
	}
	return xmemdup0(path, len);
}

int cgroup_start(struct cgroup *g, const struct cgroup_layout *l, const char *path)
{
	*g = (struct cgroup){ .layout = l, .path = cgroup_canonical(path) };
	for (int i = 0; i < CGROUP_HIERARCHIES; i++)
		g->dirfd[i] = -1;
	return g->path ? 0 : -1;
}

int cgroup_open_for(struct cgroup *g, const struct cgroup_layout *l, const char *path,
		    unsigned controllers)
{
	bool found = false;

	if (cgroup_start(g, l, path) < 0)
		return -1;
	for (int i = 0; i < l->n; i++) {
		if (!(l->at[i].controllers & controllers) && controllers != ~0u)
			continue;
		g->dirfd[i] = cgroup_open_dir(l->at[i].dirfd, g->path);
		if (g->dirfd[i] < 0 && errno != ENOENT) {
			cgroup_close(g);
			return -1;
		}
		found |= g->dirfd[i] >= 0;
	}
	if (found)
		return 0;
	cgroup_close(g);
	return set_errno(ENOENT);
}

int cgroup_open(struct cgroup *g, const struct cgroup_layout *l, const char *path)
{
	return cgroup_open_for(g, l, path, ~0u);
}

int cgroup_open_pid(struct cgroup *g, const struct cgroup_layout *l, pid_t pid)
{
	if (cgroup_start(g, l, "/") < 0)
		return -1;
	for (int i = 0; i < l->n; i++) {
		_free_ char *path = cgroup_path_of_pid(l, i, pid);

		if (path)
			g->dirfd[i] = cgroup_open_dir(l->at[i].dirfd, path);
		if (!path || g->dirfd[i] < 0) {
			cgroup_close(g);
			return -1;
		}
		if (i == 0 || i == l->unified) {
			free(g->path);
			g->path = steal_ptr(&path);
		}
	}
	return 0;
}

void cgroup_close(struct cgroup *g)
{
	/* The path is the sign of a handle that was started: {.path = NULL} has no descriptors. */
	if (!g->path)
		return;
	for (int i = 0; i < CGROUP_HIERARCHIES; i++) {
		close_fd(&g->dirfd[i]);
		g->dirfd[i] = -1;
	}
	free_ptr(&g->path);
	g->path = NULL;
}

int cgroup_dirfd(const struct cgroup *g, enum cgroup_controller c)
{
	int h = cgroup_hierarchy_of(g->layout, c);

	if (h < 0)
		return -1;
	return g->dirfd[h] >= 0 ? g->dirfd[h] : set_errno(ENOENT);
}

bool cgroup_on_v2(const struct cgroup *g, enum cgroup_controller c)
{
	int h = cgroup_hierarchy_of(g->layout, c);

	return h >= 0 && g->layout->at[h].unified;
}
