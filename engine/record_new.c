/* record new, put, rename - a container's directory, its values and its name. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "engine/record.h"
#include "engine/status.h"
#include "engine/store.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/path.h"

static bool spare;

/* A name whose container is gone, or never came to be, is free. Both happen under the lock of
 * names. */
static int take_name(int names_dirfd, int containers_dirfd, const char *name, const char *id)
{
	char owner[STORE_ID_LEN + 1];
	ssize_t n;

	if (!symlinkat(id, names_dirfd, name))
		return 0;
	if (errno != EEXIST)
		return -1;
	n = readlinkat(names_dirfd, name, owner, sizeof(owner) - 1);
	if (n < 0)
		return -1;
	owner[n] = '\0';
	if (!faccessat(containers_dirfd, owner, F_OK, AT_SYMLINK_NOFOLLOW))
		return set_errno(EEXIST);
	if (unlinkat(names_dirfd, name, 0))
		return -1;
	return symlinkat(id, names_dirfd, name);
}

/* NAME, or with --spare NAME0 to NAME9 and at last the short ID. Returns the one taken, malloc'd.
 */
static char *reserve(int names_dirfd, int containers_dirfd, const char *name, const char *id)
{
	char *tried = xstrdup(name);

	for (int i = 0; take_name(names_dirfd, containers_dirfd, tried, id); i++) {
		if (errno != EEXIST)
			die("reserve name '%s'", tried);
		if (!spare || i > 10) {
			_free_ char *owner = store_find(tried);

			diex("the name '%s' is in use by container %.12s; remove or rename that "
			     "container",
			     tried, owner ? owner : "?");
		}
		free(tried);
		tried = i < 10 ? xasprintf("%s%d", name, i) : xmemdup0(id, STORE_SHORT_LEN);
	}
	return tried;
}

static void make(const char *id, const char *name, char **words)
{
	_close_ int names_dirfd = store_open_names(), containers_dirfd = store_open_containers(),
		    dirfd = -1;
	_free_ char *taken = NULL, *word = NULL;
	char created[TIME_MAX + 8] = "created=", *extra[] = { NULL, created, NULL };
	struct timespec now;

	if (names_dirfd < 0 || containers_dirfd < 0 || flock(names_dirfd, LOCK_EX))
		die("open the containers");
	taken = reserve(names_dirfd, containers_dirfd, name, id);
	/* 0711: the container's root, perhaps another user, must pass through. */
	if (mkdirat(containers_dirfd, id, 0711))
		die("make container '%s'", id);
	dirfd = openat(containers_dirfd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0 || mkdirat(dirfd, "etc", 0711))
		die("make container '%s'", id);
	extra[0] = word = xasprintf("name=%s", taken);
	clock_gettime(CLOCK_REALTIME, &now);
	time_spell(&now, created + strlen(created));
	if (store_put_all(dirfd, extra) || store_put_all(dirfd, words))
		die("write values of container '%s'", id);
}

int record_new(int argc, char **argv)
{
	static const struct opt opts[] = { { 0, "spare", OPT_FLAG, &spare, NULL,
					     "another name will do when NAME is in use" },
					   { 0 } };
	const struct usage u = { "[--spare] ID NAME [KEY=VALUE]...",
				 "Make a container's directory and reserve its name.", opts,
				 OPT_STOP, NULL };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 2, -1);
	if (!store_is_id(argv[at]))
		opt_misuse("invalid ID '%s'", argv[at]);
	if (!str_is_name(argv[at + 1]))
		opt_misuse("invalid name '%s'", argv[at + 1]);
	make(argv[at], argv[at + 1], argv + at + 2);
	return 0;
}

int record_put(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = { "CONTAINER KEY=VALUE...", "Write values of a container.", opts,
				 OPT_STOP, NULL };
	int at = opt_parse(argc, argv, &u);
	_free_ char *id = NULL;
	_close_ int dirfd = -1;

	opt_operands(argc - at, 2, -1);
	id = store_xfind(argv[at]);
	dirfd = store_open(id);
	if (dirfd < 0)
		die("open container '%s'", argv[at]);
	if (store_put_all(dirfd, argv + at + 1))
		die("write values of container '%s'", argv[at]);
	return 0;
}

int record_rename(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	const struct usage u = { "CONTAINER NAME", "Give a container another name.", opts, 0,
				 NULL };
	int at = opt_parse(argc, argv, &u);
	_close_ int names_dirfd = -1, containers_dirfd = -1, dirfd = -1;
	_free_ char *id = NULL, *old = NULL, *taken = NULL, *word = NULL;
	char *words[] = { NULL, NULL };

	opt_operands(argc - at, 2, 2);
	id = store_xfind(argv[at]);
	if (!str_is_name(argv[at + 1]) || !argv[at + 1][1])
		opt_misuse("invalid name '%s'", argv[at + 1]);
	names_dirfd = store_open_names();
	containers_dirfd = store_open_containers();
	dirfd = store_open(id);
	if (names_dirfd < 0 || containers_dirfd < 0 || dirfd < 0 || flock(names_dirfd, LOCK_EX))
		die("open container '%s'", argv[at]);
	old = store_get(dirfd, "name");
	taken = reserve(names_dirfd, containers_dirfd, argv[at + 1], id);
	words[0] = word = xasprintf("name=%s", taken);
	if (store_put_all(dirfd, words))
		die("write name of container '%s'", argv[at]);
	if (old && unlinkat(names_dirfd, old, 0) && errno != ENOENT)
		die("release name '%s'", old);
	return 0;
}
