/* tar - read an archive in runs of every length; what comes out must keep what tar.h promises.
 *
 * The checksums of headers are put right first, or no mutation would get past them.
 */
#include <limits.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/tar.h"
#include "lib/tar_header.h"
#include "tests/fuzz/fuzz.h"

struct source {
	const uint8_t *data;
	size_t len, step;
	uint8_t run[4096]; /* each run is a copy of its own, so that reading beyond it is caught */
};

static ssize_t fill(void *ctx, const unsigned char **data)
{
	struct source *s = ctx;
	size_t n = s->step < s->len ? s->step : s->len;

	memset(s->run, 0xa5, sizeof(s->run));
	memcpy(s->run, s->data, n);
	s->data += n;
	s->len -= n;
	s->step = (s->step * 7 + 3) % sizeof(s->run) + 1;
	*data = s->run;
	return (ssize_t)n;
}

static void check(bool held)
{
	if (!held)
		abort();
}

static void check_entry(const struct tar_entry *e)
{
	_free_ char *path = xstrdup(e->path);

	check(*e->path);
	check((e->link != NULL) == (e->type == TAR_LINK || e->type == TAR_SYMLINK));
	check(e->uid != UINT32_MAX && e->gid != UINT32_MAX && e->mode <= 07777);
	check(e->type == TAR_FILE || !e->size);
	check(e->mtime.tv_nsec >= 0 && e->mtime.tv_nsec < 1000000000);
	check(e->nxattrs <= TAR_XATTRS_MAX);
	if (!tar_clean_path(path))
		check(*path != '/' && !strstr(path, "//") && strlen(path) < PATH_MAX &&
		      strcmp(path, ".."));
}

static void read_body(struct tar_reader *r, const struct tar_entry *e)
{
	const void *data;
	uint64_t offset, end = 0;
	ssize_t n;

	while ((n = tar_body(r, &data, &offset)) > 0) {
		check(offset >= end && offset + (uint64_t)n <= e->size);
		end = offset + (uint64_t)n;
	}
}

static void seal(uint8_t *data, size_t len)
{
	for (; len >= TAR_BLOCK_BYTES; data += TAR_BLOCK_BYTES, len -= TAR_BLOCK_BYTES) {
		struct tar_header *h = (void *)data;

		if (!memcmp(h->magic, "ustar", 5))
			tar_header_seal(h);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *copy = xmemdup0((const char *)data, len);
	struct source s = { .data = (uint8_t *)copy, .len = len, .step = len % 1000 + 1 };
	struct tar_reader *r = tar_open(fill, &s);
	struct tar_entry e;
	int n, entries = 0;

	seal((uint8_t *)copy, len);
	while ((n = tar_next(r, &e)) > 0) {
		check_entry(&e);
		if (entries++ % 3)
			read_body(r, &e);
	}
	check(n == 0 || (errno == EBADMSG && *tar_why(r)));
	if (!n)
		check(!tar_drain(r) && !s.len);
	tar_close(r);
	return 0;
}
