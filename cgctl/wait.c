/* cgctl wait - wait until groups are empty, or something else. */
#include <string.h>

#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/cgroup_watch.h"
#include "lib/clock.h"
#include "lib/die.h"
#include "lib/opt.h"

static const char *state_name = "empty";
static int timeout_s = -1;

static const struct opt opts[] = { { 'u', "until", OPT_STR, &state_name, "STATE",
				     "empty (default), populated, frozen, thawed or removed" },
				   { 't', "timeout", OPT_INT, &timeout_s, "SECONDS",
				     "give up, exit 1, after this long" },
				   { 0 } };

typedef int ask(const struct cgroup *g);

static int is_removed(const struct cgroup *g)
{
	return cgroup_is_removed(g);
}

static const struct state {
	const char *name;
	ask *ask;
	int wanted;
} states[] = {
	{ "empty", cgroup_is_populated, 0 }, { "populated", cgroup_is_populated, 1 },
	{ "frozen", cgroup_is_frozen, 1 },   { "thawed", cgroup_is_frozen, 0 },
	{ "removed", is_removed, 1 },
};

static const struct state *find_state(void)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (!strcmp(states[i].name, state_name))
			return &states[i];
	}
	opt_misuse("no such state '%s'", state_name);
}

/* A group that is gone has nobody in it, and stays so. */
static bool is_reached(const struct cgroup *g, const struct state *s)
{
	int now;

	if (cgroup_is_removed(g)) {
		if (s->wanted == 0 || s->ask == is_removed)
			return true;
		diex("wait for group '%s': it was removed", g->path);
	}
	now = s->ask(g);
	if (now < 0 && errno != ENODEV && errno != ENOENT)
		die("wait for group '%s'", g->path);
	return now == s->wanted;
}

static void watch(struct cgroup_watch *w, const struct cgroup *g)
{
	int v2 = g->layout->unified;

	if (cgroup_watch_open(w) < 0 || cgroup_watch_removal(w, g) < 0 ||
	    (v2 >= 0 && g->dirfd[v2] >= 0 && *g->path &&
	     cgroup_watch_file(w, g->dirfd[v2], "cgroup.events") < 0 && errno != ENOENT))
		die("watch group '%s'", g->path);
}

static void wait_for(const struct cgroup *g, const struct state *s, int64_t deadline)
{
	_cgroup_watch_ struct cgroup_watch w = CGROUP_WATCH_NONE;

	watch(&w, g);
	while (!is_reached(g, s)) {
		int64_t left = deadline - clock_ms();
		int patience = cgroup_watch_patience(g);

		if (timeout_s >= 0 && left <= 0)
			diex("wait for group '%s': timed out before it was %s", g->path, s->name);
		if (timeout_s >= 0 && left < patience)
			patience = (int)left;
		if (cgroup_watch_wait(&w, patience) < 0)
			die("wait for group '%s'", g->path);
	}
}

int cgctl_wait(int argc, char **argv)
{
	const struct usage u = { "[-u STATE] [-t SECONDS] GROUP...",
				 "Wait until groups, one after the other, are empty.", opts, 0,
				 NULL };
	struct cgroup_layout layout;
	int at = opt_parse(argc, argv, &u);
	const struct state *s = find_state();
	int64_t deadline = clock_ms() + group_timeout_ms(timeout_s < 0 ? 0 : timeout_s);

	opt_operands(argc - at, 1, -1);
	xlayout_open(&layout);
	for (; at < argc; at++) {
		_cgroup_ struct cgroup g = CGROUP_NONE;

		if (xgroup_try(&g, &layout, argv[at]))
			wait_for(&g, s, deadline);
		else if (s->wanted && s->ask != is_removed)
			diex("open group '%s': no such group", argv[at]);
	}
	cgroup_layout_close(&layout);
	return 0;
}
