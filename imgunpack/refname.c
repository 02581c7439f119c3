#include "imgunpack/imgctl.h"
#include "lib/die.h"
#include "lib/opt.h"
#include "lib/ref.h"

static bool familiar;

static const struct opt opts[] = {
	{ 0, "familiar", OPT_FLAG, &familiar, NULL, "the short form, as docker shows it" },
	{ 0 },
};

int ctl_ref(int argc, char **argv)
{
	const struct usage u = { "[--familiar] NAME",
				 "Print an image's name in full, as docker reads it.", opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u);
	_free_ char *text = NULL;
	const char *why;
	struct ref r;

	opt_operands(argc - first, 1, 1);
	if (ref_parse(argv[first], &r, &why))
		diex("malformed reference '%s': %s", argv[first], why);
	text = familiar ? ref_familiar(&r) : ref_full(&r);
	printf("%s\n", text);
	return 0;
}
