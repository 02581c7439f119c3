#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "imgunpack/store.h"
#include "lib/io.h"
#include "lib/path.h"
#include "lib/str.h"

int store_open(const char *store, enum store_lock how)
{
	bool shared = how == STORE_SHARED;
	int dir = shared ? path_open_dir(store, 0700) : -1;

	if (shared && dir < 0)
		return -1;
	close_fd(&dir);
	return path_lock_dir(AT_FDCWD, store, !shared, how == STORE_ALONE_NOW);
}

static struct store_key key(const char *prefix, const struct digest *d)
{
	struct store_key k;

	snprintf(k.text, sizeof(k.text), "%ssha256-%s", prefix, digest_hex(d));
	return k;
}

struct store_key store_diff_key(const struct digest *diff_id)
{
	return key("", diff_id);
}

struct store_key store_chain_key(const struct digest *chain_id)
{
	return key("chain-", chain_id);
}

struct digest store_chain(const struct digest *below, const struct digest *diff_id)
{
	char both[2 * (DIGEST_TEXT_LEN + 1)];
	struct digest d = *diff_id;

	if (!*below->text)
		return d;
	digest_of(both, (size_t)snprintf(both, sizeof(both), "%s %s", below->text, diff_id->text),
		  &d);
	return d;
}

bool store_has(int store_dirfd, const struct store_key *k)
{
	return !faccessat(store_dirfd, k->text, F_OK, AT_SYMLINK_NOFOLLOW);
}

static void new_name(const struct store_key *k, char name[STORE_KEY_MAX + 8])
{
	snprintf(name, STORE_KEY_MAX + 8, ".%s.new", k->text);
}

static int clear(int dirfd)
{
	static const char *const names[] = { "diff",   "work",	    "view",	     "root",
					     "opaque", "whiteouts", ".whiteouts.new" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (path_remove_tree(dirfd, names[i]))
			return -1;
	return 0;
}

int store_begin(int store_dirfd, const struct store_key *k)
{
	char name[STORE_KEY_MAX + 8];

	new_name(k, name);
	for (;;) {
		if (store_has(store_dirfd, k))
			return set_errno(EEXIST);
		if (mkdirat(store_dirfd, name, 0700) && errno != EEXIST)
			return -1;

		_close_ int fd = path_lock_dir(store_dirfd, name, true, false);

		if (fd < 0 && errno == ENOENT)
			continue; /* whoever was at it has finished */
		if (fd < 0)
			return -1;
		if (store_has(store_dirfd, k)) {
			unlinkat(store_dirfd, name, AT_REMOVEDIR);
			return set_errno(EEXIST);
		}
		if (clear(fd) < 0 || mkdirat(fd, "diff", 0755))
			return -1;
		return steal_fd(&fd);
	}
}

static int put_flag(int dirfd, const char *name, bool on)
{
	int fd = on ? openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;

	if (on && fd < 0)
		return -1;
	close_fd(&fd);
	return 0;
}

int store_commit(int store_dirfd, const struct store_key *k, int new_dirfd, const struct apply *a,
		 bool sync)
{
	const struct buf *w = &a->whiteout_dirs;
	char name[STORE_KEY_MAX + 8];

	new_name(k, name);
	if (put_flag(new_dirfd, "root", a->has_root) < 0 ||
	    put_flag(new_dirfd, "opaque", a->opaque_root) < 0)
		return -1;
	if (w->len && file_replace(new_dirfd, "whiteouts", 0600, w->data, w->len, false) < 0)
		return -1;
	if (sync && syncfs(new_dirfd))
		return -1;
	if (renameat2(store_dirfd, name, store_dirfd, k->text, RENAME_NOREPLACE))
		return -1;
	return sync ? fsync(store_dirfd) : 0;
}

void store_discard(int store_dirfd, const struct store_key *k)
{
	char name[STORE_KEY_MAX + 8];

	new_name(k, name);

	_close_ int fd = path_lock_dir(store_dirfd, name, true, true);

	if (fd >= 0 && !clear(fd))
		unlinkat(store_dirfd, name, AT_REMOVEDIR);
}
