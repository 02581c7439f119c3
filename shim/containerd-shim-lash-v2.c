/* containerd-shim-lash-v2 - containerd's runtime v2 shim: parent of a pod's containers. */
#include <string.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/opt.h"
#include "shim/v2_start.h"

static struct v2_args args;
static bool info;
static const char *ignored;

static void print_version(const char *value _unused_)
{
	printf("%s:\n  Version:  %s\n  Revision: lash\n", V2_NAME, VERSION);
	exit(fflush(stdout) ? 1 : 0);
}

static const struct opt opts[] = {
	{ 0, "namespace", OPT_STR, &args.ns, "NAME", "containerd's namespace" },
	{ 0, "id", OPT_STR, &args.id, "ID", "the container" },
	{ 0, "bundle", OPT_STR, &args.bundle, "DIR", "its bundle (default: .)" },
	{ 0, "address", OPT_STR, &args.grpc_address, "PATH", "containerd's own socket" },
	{ 0, "publish-binary", OPT_STR, &args.publish_binary, "PATH",
	  "run this to publish events, where $TTRPC_ADDRESS is not set" },
	{ 0, "socket", OPT_STR, &ignored, "PATH", "accepted and ignored" },
	{ 0, "debug", OPT_FLAG, &args.debug, NULL, "log what is refused, too" },
	{ 0, "info", OPT_FLAG, &info, NULL, "tell what the runtime can do" },
	{ 'v', "version", OPT_CALL, opt_fn(print_version), NULL, NULL },
	{ 0 },
};

static const struct usage usage = {
	"-namespace NS -id ID [OPTION]... start|delete",
	"Be the parent of containerd's containers.",
	opts,
	OPT_STOP | OPT_SINGLE,
	NULL,
};

int main(int argc, char **argv)
{
	const char *action;
	int at;

	if (fd_fill_stdio() < 0)
		die("open '/dev/null'");
	opt_program(argv[0]);
	at = opt_parse(argc, argv, &usage);
	if (info)
		return info_main();
	opt_operands(argc - at, 1, 1);
	action = argv[at];
	if (!args.ns || !str_is_name(args.ns) || !args.id || !str_is_name(args.id))
		opt_misuse("need -namespace and -id");
	args.ttrpc_address = getenv("TTRPC_ADDRESS");
	if (args.ttrpc_address && !*args.ttrpc_address)
		args.ttrpc_address = NULL;
	if (str_eq(action, "start"))
		return start_main(&args);
	if (str_eq(action, "delete"))
		return delete_main(&args);
	opt_misuse("unknown action '%s'", action);
}
