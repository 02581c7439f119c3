/* cgroup-systemd create - start a unit, print its group.
 *
 * A scope begins with a process. Where the container's is yet to be born, inside the group, we are
 * that process until our caller closes the other end of --hold-fd.
 */
#include <string.h>

#include "cgctl/unit_verbs.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"

static struct unit_options o = { .timeout_s = UNIT_TIMEOUT_S };
static int pid, hold_fd = -1;
static const char *description;
static struct strv properties;
static bool dry_run;

static const struct opt opts[] = {
	UNIT_OPTIONS(o),
	{ 0, "pid", OPT_INT, &pid, "PID", "the scope's first process" },
	{ 0, "hold-fd", OPT_FD, &hold_fd, "FD",
	  "be that process, until FD is closed at its other end" },
	{ 0, "description", OPT_STR, &description, "TEXT", "of the unit (container NAME)" },
	{ 0, "property", OPT_STRV, &properties, "NAME=VALUE",
	  "one more property, its value in GVariant's notation" },
	{ 'n', "dry-run", OPT_FLAG, &dry_run, NULL, "print path and properties instead" },
	{ 0 }
};

/* What every container's unit has, but for limits. */
static void add_basics(struct unit_props *p, const struct unit_name *n)
{
	static const char *const accounting[] = { "MemoryAccounting", "CPUAccounting",
						  "IOAccounting", "TasksAccounting" };
	const char *name = strrchr(o.path, ':') + 1;

	if (description)
		unit_props_addf(p, "Description", "s", "%s", description);
	else
		unit_props_addf(p, "Description", "s", "container %s", name);
	if (n->is_slice) {
		unit_props_addf(p, "Wants", "as", "%s", n->slice);
	} else {
		unit_props_addf(p, "Slice", "s", "%s", n->slice);
		unit_props_addf(p, "Delegate", "b", "true");
		unit_props_addf(p, "PIDs", "au", "%d", pid ? pid : (int)getpid());
	}
	for (size_t i = 0; i < ARRAY_LEN(accounting); i++)
		unit_props_addf(p, accounting[i], "b", "true");
	unit_props_addf(p, "DefaultDependencies", "b", "false");
}

static void add_words(struct unit_props *p)
{
	_buf_ struct buf why = { 0 };

	for (size_t i = 0; i < properties.n; i++) {
		char *eq = strchr(properties.v[i], '=');

		if (!eq)
			opt_misuse("--property '%s' is not NAME=VALUE", properties.v[i]);
		*eq = '\0';
		if (unit_props_variant(p, properties.v[i], eq + 1, &why) < 0)
			die_with(2, "%s", buf_str(&why));
	}
}

static void print_path(const char *path)
{
	if (io_puts(STDOUT_FILENO, path) < 0 || io_puts(STDOUT_FILENO, "\n") < 0)
		die("write standard output");
}

static void start(const struct unit_name *n, struct unit_props *props)
{
	_unit_bus_ struct unit_bus *b = xunit_bus(&o);
	_buf_ struct buf why = { 0 };
	_free_ char *group = NULL;

	if (unit_bus_start(b, n->unit, props, &why) < 0)
		unit_die(&why);
	group = unit_bus_group(b, n->unit, &why);
	if (!group)
		unit_die(&why);
	print_path(group);
}

/* Our caller reads the path to its end. */
static void hold(void)
{
	char byte;

	close(STDOUT_FILENO);
	while (io_read(hold_fd, &byte, 1) > 0)
		;
}

int unit_create(int argc, char **argv)
{
	const struct usage u = { "--path SLICE:PREFIX:NAME [--pid PID | --hold-fd FD] [OPTION]...",
				 "Start a unit with the limits that standard input, "
				 "linux.resources, names; print its group.",
				 opts, 0, NULL };
	_unit_name_ struct unit_name n = { 0 };
	_unit_props_ struct unit_props props = { 0 };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 0, 0);
	xunit_name(&n, &o);
	if (!n.is_slice && !pid && hold_fd < 0 && !dry_run)
		opt_misuse("a scope needs --pid or --hold-fd");
	if (n.is_slice && (pid || hold_fd >= 0))
		opt_misuse("a slice has no processes");
	add_basics(&props, &n);
	add_words(&props);
	xunit_resources(&props, false);
	if (dry_run) {
		print_path(n.path);
		unit_print(&props);
		return 0;
	}
	start(&n, &props);
	if (hold_fd >= 0)
		hold();
	return 0;
}
