/* bandwidth: what goes to the container is shaped where it leaves the host's end of the pair; what
 * comes from it is led through an ifb, and shaped there. */
#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "netns/plugin.h"

struct limits {
	uint64_t ingressRate, ingressBurst, egressRate, egressBurst; /* bits a second, bits */
};

struct runtime {
	struct limits *bandwidth;
};

struct conf {
	struct limits own;
	struct runtime *runtimeConfig;
};

static const struct field limits_fields[] = {
	U64(struct limits, ingressRate, 0),
	U64(struct limits, ingressBurst, 0),
	U64(struct limits, egressRate, 0),
	U64(struct limits, egressBurst, 0),
	END,
};
static const struct schema limits_schema = { sizeof(struct limits), limits_fields };

static const struct field runtime_fields[] = {
	OBJ(struct runtime, bandwidth, &limits_schema, 0),
	END,
};
static const struct schema runtime_schema = { sizeof(struct runtime), runtime_fields };

enum { LATENCY_MS = 25 };

static void check_pair(uint64_t rate, uint64_t burst, const char *which)
{
	if (!rate != !burst)
		cni_fail(CNI_BAD_CONFIG, "%sRate and %sBurst go together", which, which);
	if (burst && burst / 8 >= UINT32_MAX)
		cni_fail(CNI_BAD_CONFIG, "%sBurst cannot be more than 4GB", which);
}

/* What the runtime says wins over the configuration. */
static struct limits take_limits(const struct call *c)
{
	struct runtime run = { 0 };
	struct limits l = { 0 };

	cni_conf(c, NULL, &limits_schema, &l);
	cni_conf(c, "runtimeConfig", &runtime_schema, &run);
	if (run.bandwidth)
		l = *run.bandwidth;
	decode_free(&runtime_schema, &run);
	/* containerd's way to say "no limit on the burst". */
	if (l.ingressBurst / 8 >= UINT32_MAX)
		l.ingressBurst = (uint64_t)(UINT32_MAX - 1) * 8;
	if (l.egressBurst / 8 >= UINT32_MAX)
		l.egressBurst = (uint64_t)(UINT32_MAX - 1) * 8;
	check_pair(l.ingressRate, l.ingressBurst, "ingress");
	check_pair(l.egressRate, l.egressBurst, "egress");
	return l;
}

/* "bwp" and a sum of network, container and interface. */
static char *ifb_name(const struct call *c)
{
	_free_ char *all = xasprintf("%s %s %s", c->name, c->id, c->ifname);
	uint64_t h = str_hash(STR_HASH, all);

	return xasprintf("bwp%012llx", (unsigned long long)(h & 0xffffffffffff));
}

static void shape(struct nl *nl, unsigned ifindex, uint64_t rate, uint64_t burst)
{
	uint64_t bytes = rate / 8 ? rate / 8 : 1, bucket = burst / 8 ? burst / 8 : 1;
	uint64_t limit = bytes * LATENCY_MS / 1000 + bucket;

	nl_shape(nl, ifindex, bytes, bucket, limit > UINT32_MAX ? UINT32_MAX : limit);
	if (nl_commit(nl)) {
		if (errno == ENOENT)
			cni_fail(CNI_OTHER, "this kernel cannot shape traffic: no tbf");
		die("%s", nl_what(nl));
	}
}

static void shape_egress(const struct call *c, struct nl *nl, const struct nl_found *veth,
			 const struct limits *l, struct result *r)
{
	_free_ char *name = ifb_name(c), *mac = NULL;
	struct nl_link link = { .name = name, .kind = "ifb", .up = true, .mtu = veth->mtu };
	struct nl_found ifb;

	nl_link_add(nl, &link);
	if (nl_commit(nl)) {
		if (errno == EOPNOTSUPP)
			cni_fail(CNI_OTHER, "this kernel has no links of type 'ifb'");
		die("%s", nl_what(nl));
	}
	cni_begin();
	if (nl_link_find(nl, name, &ifb))
		die("%s", nl_what(nl));
	nl_divert(nl, veth->ifindex, ifb.ifindex);
	if (nl_commit(nl))
		die("%s", nl_what(nl));
	shape(nl, ifb.ifindex, l->egressRate, l->egressBurst);
	mac = mac_text(ifb.mac);
	result_add_interface(r, name, mac, NULL);
}

void bandwidth_add(const struct call *c, struct result *r)
{
	struct limits l = take_limits(c);
	const struct result_interface *out;
	_nl_ struct nl nl = { .fd = -1 };
	struct nl_found veth;

	if (!l.ingressRate && !l.egressRate)
		return;
	out = result_outside(c, &c->prev);
	if (!out)
		cni_fail(CNI_BAD_CONFIG,
			 "no interface of prevResult is the container's end on the host");
	if (nl_open(&nl))
		die("open a netlink socket");
	if (nl_link_find(&nl, out->name, &veth))
		die("%s", nl_what(&nl));
	if (l.ingressRate)
		shape(&nl, veth.ifindex, l.ingressRate, l.ingressBurst);
	if (l.egressRate)
		shape_egress(c, &nl, &veth, &l, r);
}

void bandwidth_del(const struct call *c, struct result *r _unused_)
{
	_free_ char *name = ifb_name(c);
	_nl_ struct nl nl = { .fd = -1 };
	struct nl_found found;

	if (nl_open(&nl))
		die("open a netlink socket");
	if (nl_link_find(&nl, name, &found))
		return;
	nl_link_del(&nl, name);
	if (nl_commit(&nl) && errno != ENODEV)
		die("%s", nl_what(&nl));
}

void bandwidth_check(const struct call *c, struct result *r _unused_)
{
	struct limits l = take_limits(c);
	_free_ char *name = ifb_name(c);
	_nl_ struct nl nl = { .fd = -1 };
	struct nl_found found;

	if (nl_open(&nl))
		die("open a netlink socket");
	if (l.egressRate && nl_link_find(&nl, name, &found))
		die("%s", nl_what(&nl));
}
