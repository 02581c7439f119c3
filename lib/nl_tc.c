#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

#include "lib/nl_private.h"

static struct nlmsghdr *message(struct nl *nl, int type, const char *label, unsigned ifindex,
				struct tcmsg **tcm)
{
	struct nlmsghdr *h = nl_message(nl, type, NLM_F_CREATE | NLM_F_REPLACE, label, "interface");

	*tcm = mnl_nlmsg_put_extra_header(h, sizeof(**tcm));
	(*tcm)->tcm_ifindex = ifindex;
	return h;
}

/* tbf; the burst goes as bytes (TCA_TBF_BURST), not as the scheduler ticks of tc_tbf_qopt.buffer,
 * so nothing needs /proc/net/psched. */
void nl_shape(struct nl *nl, unsigned ifindex, uint64_t rate, uint32_t burst, uint32_t limit)
{
	struct tcmsg *tcm;
	struct nlmsghdr *h = message(nl, RTM_NEWQDISC, "shape traffic of", ifindex, &tcm);
	struct tc_tbf_qopt opt = {
		.rate = { .linklayer = TC_LINKLAYER_ETHERNET,
			  .rate = rate > UINT32_MAX ? UINT32_MAX : rate },
		.limit = limit,
	};
	struct nlattr *nest;

	tcm->tcm_parent = TC_H_ROOT;
	tcm->tcm_handle = TC_H_MAKE(1 << 16, 0);
	mnl_attr_put_strz(h, TCA_KIND, "tbf");
	nest = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put(h, TCA_TBF_PARMS, sizeof(opt), &opt);
	mnl_attr_put_u32(h, TCA_TBF_BURST, burst);
	if (rate > UINT32_MAX)
		mnl_attr_put_u64(h, TCA_TBF_RATE64, rate);
	mnl_attr_nest_end(h, nest);
	nl_finish(nl, h);
}

static void put_redirect(struct nlmsghdr *h, unsigned to)
{
	const struct tc_mirred mirred = { .action = TC_ACT_STOLEN,
					  .eaction = TCA_EGRESS_REDIR,
					  .ifindex = to };
	struct nlattr *acts = mnl_attr_nest_start(h, TCA_U32_ACT);
	struct nlattr *act = mnl_attr_nest_start(h, 1), *opts;

	mnl_attr_put_strz(h, TCA_ACT_KIND, "mirred");
	opts = mnl_attr_nest_start(h, TCA_ACT_OPTIONS);
	mnl_attr_put(h, TCA_MIRRED_PARMS, sizeof(mirred), &mirred);
	mnl_attr_nest_end(h, opts);
	mnl_attr_nest_end(h, act);
	mnl_attr_nest_end(h, acts);
}

/* An ingress qdisc, and a u32 filter whose one key matches everything. */
void nl_divert(struct nl *nl, unsigned ifindex, unsigned to)
{
	struct {
		struct tc_u32_sel sel;
		struct tc_u32_key key;
	} all = { .sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 } };
	struct tcmsg *tcm;
	struct nlmsghdr *h = message(nl, RTM_NEWQDISC, "divert traffic of", ifindex, &tcm);
	struct nlattr *nest;

	tcm->tcm_parent = TC_H_INGRESS;
	tcm->tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0);
	mnl_attr_put_strz(h, TCA_KIND, "ingress");
	nl_finish(nl, h);

	h = message(nl, RTM_NEWTFILTER, "divert traffic of", ifindex, &tcm);
	h->nlmsg_flags &= ~NLM_F_REPLACE;
	tcm->tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0);
	tcm->tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(h, TCA_KIND, "u32");
	nest = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put_u32(h, TCA_U32_CLASSID, TC_H_MAKE(1 << 16, 1));
	mnl_attr_put(h, TCA_U32_SEL, sizeof(all), &all);
	put_redirect(h, to);
	mnl_attr_nest_end(h, nest);
	nl_finish(nl, h);
}
