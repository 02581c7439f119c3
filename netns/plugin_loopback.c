/* loopback: lo, up. */
#include "lib/die.h"
#include "netns/plugin.h"

void loopback_add(const struct call *c, struct result *r)
{
	static const struct nl_addr v4 = { AF_INET, { 127, 0, 0, 1 }, 8 };
	static const struct nl_addr v6 = { AF_INET6, { [15] = 1 }, 128 };
	_nl_ struct nl nl = { .fd = -1 };

	inside_open(c, &nl);
	nl_link_up(&nl, "lo");
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	/* Whoever made an interface before goes on being the answer. */
	if (c->has_prev) {
		result_copy(r, &c->prev);
		return;
	}
	result_add_interface(r, "lo", "00:00:00:00:00:00", c->netns);
	result_add_ip(r, &v4, NULL);
	result_add_ip(r, &v6, NULL);
	for (size_t i = 0; i < r->nips; i++)
		r->ips[i].has_interface = true;
}

void loopback_del(const struct call *c, struct result *r _unused_)
{
	_nl_ struct nl nl = { .fd = -1 };

	if (c->netns_fd < 0)
		return;
	inside_open(c, &nl);
	nl_link_down(&nl, "lo");
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
}

void loopback_check(const struct call *c, struct result *r _unused_)
{
	_nl_ struct nl nl = { .fd = -1 };
	struct nl_found found;

	inside_open(c, &nl);
	if (nl_link_find(&nl, "lo", &found))
		die("%s", nl_what(&nl));
	if (!(found.flags & IFF_UP))
		diex("interface 'lo' is not up");
}
