#include <string.h>

#include "imgunpack/imgctl.h"
#include "lib/die.h"
#include "lib/opt.h"

static const char *layers;

static const struct opt opts[] = {
	{ 0, "layers", OPT_STR, &layers, "STORE",
	  "unpack what is unpacked in STORE again, and compare" },
	{ 0 },
};

/* Blobs that are mentioned but not there are no fault: a layout may be sparse. */
static bool is_right(int dirfd, const struct digest *d)
{
	if (!blob_verify(dirfd, d, -1) || errno == ENOENT)
		return true;
	if (errno != EBADMSG)
		die("read blob '%s'", d->text);
	warnx("blob '%s' does not match its digest", d->text);
	return false;
}

int ctl_verify(int argc, char **argv)
{
	const struct usage u = { "[--layers STORE] LAYOUT",
				 "Hash every blob in use again; exit 1 if one is damaged.", opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u), status = 0;
	_json_ struct json *index = NULL;
	struct digests used = { 0 };
	_close_ int dirfd = -1, lock = -1;

	opt_operands(argc - first, 1, 1);
	dirfd = xctl_open(argv[first]);
	lock = layout_lock(dirfd, false, false);
	if (lock < 0)
		die("lock layout '%s'", argv[first]);
	index = xmark_index(dirfd);
	xmark(dirfd, index, &used);
	for (size_t i = 0; i < used.n; i++) {
		if (!is_right(dirfd, &used.v[i]))
			status = 1;
	}
	digests_free(&used);
	if (layers && !status)
		status = ctl_verify_layers(dirfd, layers);
	return status;
}
