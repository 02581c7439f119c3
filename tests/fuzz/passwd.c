/* passwd - who a container runs as, from hostile passwd and group files: SPEC, passwd, group, '\1'
 * between. */
#include "bundle/user.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len), *what = NULL;
	_strv_ struct strv part = { 0 };
	struct user u = { 0 };

	strv_split(&part, text, '\1');
	while (part.n < 3)
		strv_add(&part, "");

	struct user_db db = { part.v[1], part.v[2] };

	if (!user_resolve(&db, part.v[0], NULL, &u, &what) &&
	    (u.uid > INT32_MAX || u.gid > INT32_MAX || !u.n_gids || u.gids[0] != u.gid))
		abort();
	free(u.gids);
	return 0;
}
