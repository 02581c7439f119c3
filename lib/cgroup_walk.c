#include <dirent.h>
#include <fcntl.h>

#include "lib/cgroup_private.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/str.h"

/* A group being walked: the names below it still to visit. */
struct level {
	struct strv names;
	size_t next;
};

struct walk {
	int dirfd;
	struct level *level;
	size_t depth, cap;
};

int cgroup_open_dir(int dirfd, const char *path)
{
	return path_open_strict(dirfd, *path ? path : ".", O_PATH | O_DIRECTORY);
}

int cgroup_list_dirs(int dirfd, struct strv *names)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		close_fd(&fd);
		return -1;
	}
	while ((errno = 0, e = readdir(dir))) {
		if (e->d_type == DT_DIR && !str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			strv_add(names, e->d_name);
	}
	int saved = errno;

	closedir(dir);
	return saved ? set_errno(saved) : 0;
}

/* What is gone by now has nothing below it. */
static bool is_gone(int error)
{
	return error == ENOENT || error == ENODEV;
}

/* DIRFD is the walk's from here on. */
static int push(struct walk *w, int dirfd)
{
	if (w->depth == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 8;
		w->level = xreallocarray(w->level, w->cap, sizeof(*w->level));
	}
	w->level[w->depth] = (struct level){ { 0 }, 0 };
	close_fd(&w->dirfd);
	w->dirfd = dirfd;
	return cgroup_list_dirs(dirfd, &w->level[w->depth++].names) < 0 && !is_gone(errno) ? -1 : 0;
}

/* Back to the parent. ".." leads where we came from: the kernel moves no group to another parent.
 */
static int pop(struct walk *w)
{
	int up = openat(w->dirfd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	strv_free(&w->level[--w->depth].names);
	if (up < 0)
		return -1;
	close_fd(&w->dirfd);
	w->dirfd = up;
	return 0;
}

static int step(struct walk *w, cgroup_visit *visit, void *arg)
{
	struct level *top = &w->level[w->depth - 1];

	if (top->next < top->names.n) {
		int fd = cgroup_open_dir(w->dirfd, top->names.v[top->next]);

		if (fd >= 0)
			return push(w, fd);
		top->next++;
		return is_gone(errno) ? 0 : -1;
	}
	if (w->depth == 1) {
		strv_free(&w->level[--w->depth].names);
		return 0;
	}
	if (pop(w) < 0)
		return -1;
	top = &w->level[w->depth - 1];
	return visit(w->dirfd, top->names.v[top->next++], arg);
}

int cgroup_walk(int dirfd, cgroup_visit *visit, void *arg)
{
	struct walk w = { .dirfd = -1 };
	int fd = cgroup_open_dir(dirfd, ""), rc = 0;

	if (fd < 0)
		return -1;
	rc = push(&w, fd);
	while (w.depth && !rc)
		rc = step(&w, visit, arg);
	while (w.depth)
		strv_free(&w.level[--w.depth].names);
	free(w.level);
	close_fd(&w.dirfd);
	return rc;
}
