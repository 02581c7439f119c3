/* runc run - create a container, start it and, unless told to detach, stay until it ends. */
#include <sys/prctl.h>

#include "lib/die.h"
#include "lib/proc.h"
#include "runc/ending.h"
#include "runc/foreground.h"
#include "runc/log.h"
#include "runc/make.h"
#include "runc/notify.h"
#include "runc/runc.h"

static struct make_options options;
static bool detach, keep;

static const struct opt opts[] = {
	MAKE_OPTIONS(options),
	{ 'd', "detach", OPT_FLAG, &detach, NULL, "return once the container runs" },
	{ 0, "keep", OPT_FLAG, &keep, NULL, "do not delete the container when it ends" },
	{ 0 },
};

static const struct usage usage = {
	"[OPTIONS] ID", "Create a container, start it, and wait for its end.",
	opts,		OPT_STOP | OPT_SINGLE,
	NULL,
};

static void keep_ending(const struct container *c, int wstatus)
{
	_ending_ struct ending e = { 0 };

	ending_of(c, wstatus, true, &e);
	if (ending_save(c, &e))
		warn("keep the exit status of container '%s'", c->id);
}

int verb_run(int argc, char **argv)
{
	/* Until the end; taking them apart would only cost time. */
	static struct launch l = LAUNCH_NONE;
	_container_ struct container c = CONTAINER_NONE;
	static struct spec spec;
	_close_ int terminal_sockfd = -1, notifyfd = -1;
	int code, wstatus;

	argv += runc_parse(argc, argv, &usage, 1, 1);
	log_prefix("runc run failed");
	if (!detach)
		foreground_begin(!options.no_subreaper);
	terminal_sockfd = make_container(&l, &spec, &c, argv[0], &options, detach);
	notifyfd = notify_open(&c);
	launch_release(&l);
	launch_done();
	make_poststart(&c, &spec);
	if (detach) {
		notify_wait(notifyfd, l.pid, l.pidfd);
		return 0;
	}
	wstatus = foreground_wait(l.pid, l.pidfd, terminal_sockfd, notifyfd);
	code = proc_exit_code(wstatus);
	if (keep) {
		keep_ending(&c, wstatus);
		return code;
	}
	if (container_lock(&c)) {
		if (errno == ENOENT)
			return code;
		die("lock container '%s'", c.id);
	}
	if (container_destroy(&c))
		die("remove container '%s'", c.id);
	return code;
}
