/* store.c - containers on disk. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

#include "engine/store.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/sys.h"

static int open_part(const char *part)
{
	_free_ char *path = xasprintf("%s/%s", sys_lash_root(), part);

	return path_open_dir(path, 0711);
}

int store_open_containers(void)
{
	return open_part("containers");
}

int store_open_names(void)
{
	return open_part("names");
}

bool store_is_id(const char *s)
{
	return strlen(s) == STORE_ID_LEN && strspn(s, "0123456789abcdef") == STORE_ID_LEN;
}

int store_open(const char *id)
{
	_close_ int containers_dirfd = store_open_containers();

	if (containers_dirfd < 0)
		return -1;
	return openat(containers_dirfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int store_list(struct strv *ids)
{
	int dirfd = store_open_containers();
	DIR *dir = dirfd < 0 ? NULL : fdopendir(dirfd);
	const struct dirent *e;

	if (!dir)
		return -1;
	while ((e = readdir(dir)))
		if (store_is_id(e->d_name))
			strv_add(ids, e->d_name);
	closedir(dir);
	return 0;
}

static char *find_name(const char *name)
{
	_close_ int names_dirfd = store_open_names();
	char id[STORE_ID_LEN + 1];
	ssize_t n;

	if (names_dirfd < 0)
		return NULL;
	n = readlinkat(names_dirfd, name, id, sizeof(id));
	if (n != STORE_ID_LEN)
		return errno = ENOENT, NULL;
	id[n] = '\0';
	return store_is_id(id) ? xstrdup(id) : NULL;
}

static char *find_prefix(const char *prefix)
{
	_strv_ struct strv ids = { 0 };
	const char *found = NULL;

	if (strspn(prefix, "0123456789abcdef") != strlen(prefix) || store_list(&ids))
		return errno = ENOENT, NULL;
	for (size_t i = 0; i < ids.n; i++) {
		if (!str_starts(ids.v[i], prefix))
			continue;
		if (found)
			return errno = ENOTUNIQ, NULL;
		found = ids.v[i];
	}
	return found ? xstrdup(found) : (errno = ENOENT, NULL);
}

char *store_find(const char *what)
{
	char *id;

	what += *what == '/';
	if (!str_is_name(what))
		return errno = ENOENT, NULL;
	id = find_name(what);
	return id ? id : find_prefix(what);
}

char *store_xfind(const char *what)
{
	char *id = store_find(what);

	if (!id && errno == ENOTUNIQ)
		diex("more than one container begins with '%s'", what);
	if (!id && errno == ENOENT)
		diex("no such container: %s", what);
	if (!id)
		die("find container '%s'", what);
	return id;
}

char *store_get(int dirfd, const char *key)
{
	return file_read_line(dirfd, key);
}

int store_put_all(int dirfd, char *const *words)
{
	for (; *words; words++) {
		const char *equals = strchr(*words, '=');
		_free_ char *key = xmemdup0(*words, equals ? (size_t)(equals - *words) : 0);

		if (!str_is_name(key))
			return set_errno(EINVAL);
		if (file_put_line(dirfd, key, equals + 1))
			return -1;
	}
	return 0;
}

int store_drop_names(const char *id)
{
	int dirfd = store_open_names();
	DIR *dir = dirfd < 0 ? NULL : fdopendir(dirfd);
	const struct dirent *e;

	if (!dir)
		return -1;
	while ((e = readdir(dir))) {
		char target[STORE_ID_LEN];
		ssize_t n = e->d_name[0] == '.'
				    ? 0
				    : readlinkat(dirfd, e->d_name, target, sizeof(target));

		if (n == STORE_ID_LEN && !memcmp(target, id, STORE_ID_LEN))
			(void)!unlinkat(dirfd, e->d_name, 0);
	}
	closedir(dir);
	return 0;
}

char *store_shim_path(const char *id)
{
	return xasprintf("%s/shim/%s", sys_lash_run(), id);
}
