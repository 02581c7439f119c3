/* conmon_end.c - the files that say how it ended. */
#include <fcntl.h>

#include "lib/die.h"
#include "lib/io.h"
#include "shim/conmon.h"

/* One value, without a newline: podman reads the whole file as a number. */
static void put(const char *dir, const char *name, const char *text, size_t len)
{
	_close_ int dirfd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (dir && (dirfd < 0 || file_replace(dirfd, name, 0644, text, len, false) < 0))
		warn("write '%s/%s'", dir, name);
}

void conmon_record_end(struct conmon *c, const struct ending *e)
{
	char code[16];
	int len = snprintf(code, sizeof(code), "%d", e->code);

	/* Whoever sees the exit file may look at these at once. */
	if (e->oom) {
		put(c->bundle, "oom", "", 0);
		put(c->persist_dir, "oom", "", 0);
	}
	put(c->persist_dir, "exit", code, (size_t)len);
	put(c->exit_dir, c->cid, code, (size_t)len);
}
