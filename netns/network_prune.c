#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "netns/netns.h"

static struct strv filters, keep;

static const struct opt opts[] = {
	{ 0, "filter", OPT_STRV, &filters, "KEY=VALUE", "only those: until, label, label!" },
	{ 0, "keep", OPT_STRV, &keep, "NAME", "not this one" },
	{ 0 },
};

/* What `network create` did not make is the administrator's, or another program's. */
static void note_unused(void *arg, const struct network *net)
{
	_about_ struct about about = about_of(net);

	if (json_get_str(about.j, "created") && strv_index(keep.v, net->name) < 0 &&
	    network_matches(&about, &filters) && !network_is_used(net->name))
		strv_add(arg, net->name);
}

int network_prune_main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]...",
				 "Remove networks made by create that nobody uses; print their "
				 "names.",
				 opts, 0, NULL };
	_strv_ struct strv names = { 0 };
	_buf_ struct buf out = { 0 };

	opt_operands(argc - opt_parse(argc, argv, &u), 0, 0);
	network_check_filters(&filters);
	network_each(note_unused, &names);
	for (size_t i = 0; i < names.n; i++) {
		/* Somebody may have come meanwhile. */
		if (network_is_used(names.v[i]))
			continue;
		network_remove(names.v[i]);
		buf_addf(&out, "%s\n", names.v[i]);
	}
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("write names");
	strv_free(&filters);
	strv_free(&keep);
	return 0;
}
