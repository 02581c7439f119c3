#include <fcntl.h>
#include <string.h>

#include "imgunpack/since.h"
#include "lib/die.h"

static uint64_t key_of(const struct stat *st)
{
	return map_key(st->st_ino, "");
}

static bool is_dir_in(const struct compare_pair *p, int where)
{
	return where & COMPARE_OLD && S_ISDIR(p->old_st.st_mode);
}

static int open_sub(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		die("open '%s'", name);
	return fd;
}

static bool scan(struct since *s, int old_dirfd, int new_dirfd);

/* Also in a directory that is new may be another name of a file that is not. */
static bool scan_subdir(struct since *s, const struct compare_pair *p, int where)
{
	_close_ int a = is_dir_in(p, where) ? open_sub(p->old_dirfd, p->name) : -1,
		    b = open_sub(p->new_dirfd, p->name);

	return scan(s, a, b);
}

/* The value counts the names that have not been met. */
static void note_file(struct since *s, const struct stat *st)
{
	uint64_t key = key_of(st);
	uint32_t *left = map_get(&s->files, key);

	if (!left)
		map_put(&s->files, key, (uint32_t)st->st_nlink - 1);
	else if (*left)
		--*left;
}

static bool scan_name(struct since *s, struct compare_pair *p)
{
	int where = compare_look(p);
	bool changed;

	if (!(where & COMPARE_NEW))
		return where;
	changed = where == COMPARE_NEW || !compare_same(p, s->content);
	if (S_ISDIR(p->new_st.st_mode))
		return scan_subdir(s, p, where) || changed;
	if (p->new_st.st_nlink < 2)
		return changed;
	if (s->again)
		return changed || map_get(&s->files, key_of(&p->new_st));
	if (changed)
		note_file(s, &p->new_st);
	return changed;
}

static bool scan(struct since *s, int old_dirfd, int new_dirfd)
{
	_strv_ struct strv a = { 0 }, b = compare_list(new_dirfd);
	bool any = false;
	struct stat st;

	if (old_dirfd >= 0)
		a = compare_list(old_dirfd);
	for (size_t i = 0, j = 0; i < a.n || j < b.n;) {
		int order = i == a.n ? 1 : j == b.n ? -1 : strcmp(a.v[i], b.v[j]);
		const char *name = order <= 0 ? a.v[i] : b.v[j];
		struct compare_pair p = { old_dirfd, new_dirfd, name, { 0 }, { 0 } };

		i += order <= 0;
		j += order >= 0;
		any |= scan_name(s, &p);
	}
	if (any && !fstat(new_dirfd, &st))
		map_put(&s->dirs, key_of(&st), 1);
	return any;
}

void since_scan(struct since *s, int old_dirfd, int new_dirfd)
{
	struct compare_pair top = { old_dirfd, new_dirfd, ".", { 0 }, { 0 } };

	compare_look(&top);
	s->root = !compare_same(&top, false);
	scan(s, old_dirfd, new_dirfd);
	s->again = map_any(&s->files);
	if (s->again)
		scan(s, old_dirfd, new_dirfd);
}

bool since_wants(const struct since *s, struct compare_pair *p, int *old_dirfd)
{
	int where = compare_look(p);
	bool same = where == (COMPARE_OLD | COMPARE_NEW) && compare_same(p, s->content);

	if (is_dir_in(p, where) && S_ISDIR(p->new_st.st_mode))
		return !same || map_get(&s->dirs, key_of(&p->new_st));
	*old_dirfd = -1;
	return !same || (p->new_st.st_nlink > 1 && map_get(&s->files, key_of(&p->new_st)));
}

void since_free(struct since *s)
{
	map_free(&s->dirs);
	map_free(&s->files);
}
