/* runc create - make a container from a bundle, up to the moment before its program is executed. */
#include "lib/die.h"
#include "runc/log.h"
#include "runc/make.h"
#include "runc/runc.h"

static struct make_options options;

static const struct opt opts[] = { MAKE_OPTIONS(options), { 0 } };

static const struct usage usage = {
	"[OPTIONS] ID", "Make a container from a bundle, ready for `start`.",
	opts,		OPT_STOP | OPT_SINGLE,
	NULL,
};

int verb_create(int argc, char **argv)
{
	/* Until the end; taking them apart would only cost time. */
	static struct launch l = LAUNCH_NONE;
	_container_ struct container c = CONTAINER_NONE;
	static struct spec spec;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	log_prefix("runc create failed");
	l.parked = true;
	make_container(&l, &spec, &c, argv[0], &options, true);
	launch_release(&l);
	launch_done();
	return 0;
}
