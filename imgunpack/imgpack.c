/* imgpack - directories into images: layers, and what is said about them. */
#include "imgunpack/pack.h"

int main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	static const struct verb verbs[] = {
		{ "new", verb_new, "make an image from scratch" },
		{ "add", verb_add, "put layers on an image, change its configuration" },
		{ "index", verb_index, "make one image of images for several platforms" },
		{ "squash", verb_squash, "make one layer of all of an image's" },
		{ "layer", verb_layer, "write a directory as a layer's tar to standard output" },
		{ 0 },
	};
	const struct usage u = {
		.synopsis = "VERB [OPTION]... [OPERAND]",
		.purpose = "Make images.",
		.opts = opts,
		.flags = OPT_STOP,
		.verbs = verbs,
	};

	opt_program(argv[0]);
	return opt_run_verb(argc, argv, &u);
}
