#include <string.h>

#include "imgunpack/imgctl.h"
#include "lib/die.h"
#include "lib/opt.h"

enum { NAME_MAX_BYTES = 512 };

static const struct opt opts[] = { { 0 } };

/* The image-spec's grammar of ref.name, loosely: enough that no other tool chokes on it. */
static bool is_name(const char *s)
{
	static const char alnum[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strspn(
		s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:@+/[]");

	return n && n <= NAME_MAX_BYTES && !s[n] && (strchr(alnum, s[0]) || s[0] == '[') &&
	       strchr(alnum, s[n - 1]);
}

int ctl_tag(int argc, char **argv)
{
	const struct usage u = { "LAYOUT[:TAG|@DIGEST] NEW-TAG", "Give an image another name.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	struct layout_name old;
	char why[LAYOUT_WHY_MAX];
	_close_ int dirfd = -1;

	opt_operands(argc - first, 2, 2);
	if (!is_name(argv[first + 1]))
		opt_misuse("malformed name '%s'", argv[first + 1]);
	dirfd = xctl_open_name(argv[first], &old);
	if (layout_tag(dirfd, &old, argv[first + 1], why))
		diex("%s", why);
	layout_name_free(&old);
	return 0;
}
