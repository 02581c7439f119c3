#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "imgunpack/compare.h"
#include "imgunpack/store.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/path.h"

bool store_is_layer(const char *name)
{
	const char *rest = str_after(name, "chain-");

	rest = str_after(rest ? rest : name, "sha256-");
	return rest && strlen(rest) == DIGEST_HEX_LEN &&
	       strspn(rest, "0123456789abcdef") == DIGEST_HEX_LEN;
}

/* Nobody is at work while we hold the lock: what is neither a layer nor a note of ours is left
 * over. */
static bool is_live(const char *name, const struct strv *live)
{
	const char *root = str_after(name, ".root-");

	if (str_eq(name, ".uses") || str_eq(name, ".userxattr") || str_eq(name, ".root-none"))
		return true;
	if (root || store_is_layer(name))
		return strv_index(live->v, root ? root : name) >= 0;
	return name[0] != '.'; /* not ours */
}

/* A layer loses its name first, so that a killed gc leaves no part of one that looks whole. */
static void remove_layer(int store_dirfd, const char *name)
{
	_free_ char *gone = xasprintf(".%s.gone", name);

	if (path_remove_tree(store_dirfd, gone))
		die("remove layer '%s'", name);
	if (name[0] != '.') {
		if (renameat(store_dirfd, name, store_dirfd, gone))
			die("remove layer '%s'", name);
		name = gone;
	}
	if (path_remove_tree(store_dirfd, name))
		die("remove '%s'", name);
}

void store_gc(int store_dirfd, const struct strv *live, bool only_print)
{
	_strv_ struct strv names = compare_list(store_dirfd);

	for (size_t i = 0; i < names.n; i++) {
		if (is_live(names.v[i], live))
			continue;
		if (only_print)
			printf("layers/%s\n", names.v[i]);
		else
			remove_layer(store_dirfd, names.v[i]);
	}
}
