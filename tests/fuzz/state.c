/* state - any bytes as a container's state.json: refused, or read, told and written again, which
 * then reads the same. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/io.h"
#include "runc/runc.h"
#include "tests/fuzz/fuzz.h"

struct globals runc_globals;

void runc_check_id(_unused_ const char *id)
{
}

/* Read ROOT/c; its state object goes to OUT. */
static bool tell(const char *root, struct buf *out, bool save)
{
	_container_ struct container c = CONTAINER_NONE;

	if (container_load(&c, root, "c", true))
		return false;
	container_emit(&c, STATUS_RUNNING, true, 2, out);
	container_status(&c);
	return !save || !container_save(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char root[] = "/tmp/fuzz-state-XXXXXX";
	_buf_ struct buf once = { 0 }, twice = { 0 };
	_close_ int dirfd = -1;

	if (!mkdtemp(root))
		abort();
	dirfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(dirfd, "c", 0700) || file_replace(dirfd, "x", 0600, data, len, false) ||
	    renameat(dirfd, "x", dirfd, "c/state.json"))
		abort();
	if (tell(root, &once, true)) {
		if (!tell(root, &twice, false) || strcmp(buf_str(&once), buf_str(&twice)))
			abort();
	}
	unlinkat(dirfd, "c/state.json", 0);
	unlinkat(dirfd, "c", AT_REMOVEDIR);
	rmdir(root);
	return 0;
}
