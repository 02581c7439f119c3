/* bundle - write an OCI bundle's config.json from docker run's options. */
#include "bundle/verbs.h"
#include "lib/opt.h"

static const struct opt opts[] = { { 0 } };

static const struct verb verbs[] = {
	{ "create", bundle_create, "image configuration and options to config.json" },
	{ "edit", bundle_edit, "apply options to a config.json" },
	{ "get", bundle_get, "print a member of a config.json" },
	{ "check", bundle_check, "tell what is wrong with a bundle" },
	{ "spec", bundle_spec, "print the configuration of a shell without an image" },
	{ 0 },
};

int main(int argc, char **argv)
{
	const struct usage u = { "VERB [OPTION]...",
				 "Write and read the config.json of an OCI bundle.", opts, OPT_STOP,
				 verbs };

	opt_program(argv[0]);
	return opt_run_verb(argc, argv, &u);
}
