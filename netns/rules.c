/* Before the kernel's headers, which then leave out what this one has. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include "netns/netns.h"

/* clang-format off */
/* The table's fixed part. Its size does not depend on how many networks, containers and ports there
 * are: those are elements of its sets and maps. As text it reads (IPv6 is the same again):
 *
 *   pub:    dnat ip to ip daddr . meta l4proto . th dport map @pubip4   an exact host address wins
 *           dnat ip to meta l4proto . th dport map @pub4
 *   rawpre: iif != lo ip daddr 127.0.0.0/8 drop                         what route_localnet would let in
 *   pre:    fib daddr type local goto pub
 *   out:    ip6 daddr ::1 return; fib daddr type local goto pub         ::1 has no route_localnet
 *   post:   ct status dnat oifname @br fib saddr type local masquerade  host process, also from 127.0.0.1
 *           ct status dnat oifname @br ip saddr @masq4 masquerade       hairpin, container to host's port
 *           ip saddr @masq4 oifname != @br masquerade                   the way out
 *   flt:    oifname @br goto tobr; iifname @br goto frombr
 *   tobr:   ct state established,related accept; ct state invalid drop
 *           iifname . oifname @icc accept; iifname @internal drop; oifname @internal drop
 *           ct status dnat accept; oifname @unguarded accept            gateway mode nat-unprotected
 *           ip daddr . meta l4proto . th dport @door4 accept; drop      gateway mode routed, and ICMP
 *   frombr: ct state established,related accept; ct state invalid drop; iifname @internal drop; accept
 *
 * For links that CNI plugins make (their bridges are nobody's to guard):
 *
 *   post:   ct status dnat ip daddr @snat4 fib saddr type local masquerade; the same for ip saddr @near4
 *           ip saddr . oifname @home4 accept; ip saddr @one4 masquerade
 *   flt:    iifname @apart oifname @apart iifname . oifname != @icc drop
 *
 * Under br_netfilter bridged packets have no iifname in postrouting, hence the address sets there.
 */
/* clang-format on */

static const struct nft_set sets[] = {
	{ .name = "br", .key_type = NFT_TYPE_IFNAME, .key_bytes = 16 },
	{ .name = "icc",
	  .key_type = NFT_CONCAT2(NFT_TYPE_IFNAME, NFT_TYPE_IFNAME),
	  .key_bytes = 32 },
	{ .name = "internal", .key_type = NFT_TYPE_IFNAME, .key_bytes = 16 },
	{ .name = "masq4", .key_type = NFT_TYPE_IPV4, .key_bytes = 4, .flags = NFT_SET_INTERVAL },
	{ .name = "masq6", .key_type = NFT_TYPE_IPV6, .key_bytes = 16, .flags = NFT_SET_INTERVAL },
	{ .name = "unguarded", .key_type = NFT_TYPE_IFNAME, .key_bytes = 16 },
	{ .name = "routed", .key_type = NFT_TYPE_IFNAME, .key_bytes = 16 },
	{ .name = "apart", .key_type = NFT_TYPE_IFNAME, .key_bytes = 16 },
	{ .name = "guest", .key_type = NFT_TYPE_IFNAME, .key_bytes = 16 },
	{ .name = "door4",
	  .key_type = NFT_CONCAT3(NFT_TYPE_IPV4, NFT_TYPE_PROTO, NFT_TYPE_PORT),
	  .key_bytes = 12 },
	{ .name = "door6",
	  .key_type = NFT_CONCAT3(NFT_TYPE_IPV6, NFT_TYPE_PROTO, NFT_TYPE_PORT),
	  .key_bytes = 24 },
	{ .name = "one4", .key_type = NFT_TYPE_IPV4, .key_bytes = 4 },
	{ .name = "one6", .key_type = NFT_TYPE_IPV6, .key_bytes = 16 },
	{ .name = "home4",
	  .key_type = NFT_CONCAT2(NFT_TYPE_IPV4, NFT_TYPE_IFNAME),
	  .key_bytes = 20 },
	{ .name = "home6",
	  .key_type = NFT_CONCAT2(NFT_TYPE_IPV6, NFT_TYPE_IFNAME),
	  .key_bytes = 32 },
	{ .name = "snat4", .key_type = NFT_TYPE_IPV4, .key_bytes = 4 },
	{ .name = "snat6", .key_type = NFT_TYPE_IPV6, .key_bytes = 16 },
	{ .name = "near4", .key_type = NFT_TYPE_IPV4, .key_bytes = 4, .flags = NFT_SET_INTERVAL },
	{ .name = "near6", .key_type = NFT_TYPE_IPV6, .key_bytes = 16, .flags = NFT_SET_INTERVAL },
	{ .name = "pub4",
	  .key_type = NFT_CONCAT2(NFT_TYPE_PROTO, NFT_TYPE_PORT),
	  .key_bytes = 8,
	  .data_type = NFT_CONCAT2(NFT_TYPE_IPV4, NFT_TYPE_PORT),
	  .data_bytes = 8 },
	{ .name = "pubip4",
	  .key_type = NFT_CONCAT3(NFT_TYPE_IPV4, NFT_TYPE_PROTO, NFT_TYPE_PORT),
	  .key_bytes = 12,
	  .data_type = NFT_CONCAT2(NFT_TYPE_IPV4, NFT_TYPE_PORT),
	  .data_bytes = 8 },
	{ .name = "pub6",
	  .key_type = NFT_CONCAT2(NFT_TYPE_PROTO, NFT_TYPE_PORT),
	  .key_bytes = 8,
	  .data_type = NFT_CONCAT2(NFT_TYPE_IPV6, NFT_TYPE_PORT),
	  .data_bytes = 20 },
	{ .name = "pubip6",
	  .key_type = NFT_CONCAT3(NFT_TYPE_IPV6, NFT_TYPE_PROTO, NFT_TYPE_PORT),
	  .key_bytes = 24,
	  .data_type = NFT_CONCAT2(NFT_TYPE_IPV6, NFT_TYPE_PORT),
	  .data_bytes = 20 },
};

/* Not one name may be a word of nft's language, or its own listing could not be loaded again. */
static const struct nft_chain chains[] = {
	{ .name = "pub" },
	{ .name = "rawpre", .type = "filter", .hook = NF_INET_PRE_ROUTING, .priority = -300 },
	{ .name = "pre", .type = "nat", .hook = NF_INET_PRE_ROUTING, .priority = -100 },
	{ .name = "out", .type = "nat", .hook = NF_INET_LOCAL_OUT, .priority = -100 },
	{ .name = "post", .type = "nat", .hook = NF_INET_POST_ROUTING, .priority = 100 },
	{ .name = "tobr" },
	{ .name = "frombr" },
	{ .name = "flt", .type = "filter", .hook = NF_INET_FORWARD, .priority = 0 },
};

static const uint8_t ipv4 = NFPROTO_IPV4, ipv6 = NFPROTO_IPV6;
static const uint32_t lo = 1; /* the loopback's index in every namespace */
static const uint8_t net127 = 127;
static const uint8_t loopback6[16] = { [15] = 1 };
static const uint8_t link_local[16] = { 0xfe, 0x80 }, link_local_mask[16] = { 0xff, 0xc0 };
static const uint32_t local = RTN_LOCAL;
static const uint32_t none = 0;
static const uint32_t dnat_bit = IPS_DST_NAT;
static const uint32_t known_bits = 1 << (IP_CT_ESTABLISHED + 1) | 1 << (IP_CT_RELATED + 1);
static const uint32_t invalid_bit = 1;
static const uint8_t icmp = IPPROTO_ICMP, icmp6 = IPPROTO_ICMPV6;

/* clang-format off */

/* Register 1 holds 16 bytes; 8 to 11 are its quarters, 12 and 13 the first two of register 2. */
#define IPV4            NFT_META(NFT_META_NFPROTO, 1), NFT_CMP(1, NFT_CMP_EQ, 1, &ipv4)
#define IPV6            NFT_META(NFT_META_NFPROTO, 1), NFT_CMP(1, NFT_CMP_EQ, 1, &ipv6)
#define SADDR4          NFT_PAYLOAD(NFT_PAYLOAD_NETWORK_HEADER, 12, 4, 1)
#define DADDR4          NFT_PAYLOAD(NFT_PAYLOAD_NETWORK_HEADER, 16, 4, 1)
#define SADDR6          NFT_PAYLOAD(NFT_PAYLOAD_NETWORK_HEADER, 8, 16, 1)
#define DADDR6          NFT_PAYLOAD(NFT_PAYLOAD_NETWORK_HEADER, 24, 16, 1)
#define PROTO(reg)      NFT_META(NFT_META_L4PROTO, reg)
#define DPORT(reg)      NFT_PAYLOAD(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg)
#define NOT_LINK_LOCAL  SADDR6, NFT_MASK(1, 16, link_local_mask), NFT_CMP(1, NFT_CMP_NEQ, 16, link_local)
#define IIF_NAME(reg)   NFT_META(NFT_META_IIFNAME, reg)
#define OIF_NAME(reg)   NFT_META(NFT_META_OIFNAME, reg)
#define FROM(set)       IIF_NAME(1), NFT_IN(1, set)
#define TO(set)         OIF_NAME(1), NFT_IN(1, set)
#define NOT_FROM(set)   IIF_NAME(1), NFT_NOT_IN(1, set)
#define NOT_TO(set)     OIF_NAME(1), NFT_NOT_IN(1, set)
#define TO_LOCAL        NFT_FIB_TYPE(NFTA_FIB_F_DADDR, 1), NFT_CMP(1, NFT_CMP_EQ, 4, &local)
#define FROM_LOCAL      NFT_FIB_TYPE(NFTA_FIB_F_SADDR, 1), NFT_CMP(1, NFT_CMP_EQ, 4, &local)
#define BITS(bits)      NFT_MASK(1, 4, &(bits)), NFT_CMP(1, NFT_CMP_NEQ, 4, &none)
#define DNATED          NFT_CT(NFT_CT_STATUS, 1), BITS(dnat_bit)
#define KNOWN           NFT_CT(NFT_CT_STATE, 1), BITS(known_bits)
#define INVALID         NFT_CT(NFT_CT_STATE, 1), BITS(invalid_bit)
#define GOTO(chain)     NFT_VERDICT(NFT_GOTO, chain)
#define ACCEPT          NFT_VERDICT(NF_ACCEPT, NULL)
#define DROP            NFT_VERDICT(NF_DROP, NULL)
#define RETURN          NFT_VERDICT(NFT_RETURN, NULL)

enum { OPS_MAX = 12 };

struct rule {
	const char *chain;
	struct nft_op ops[OPS_MAX];
};

static const struct rule rules[] = {
	{ "pub", { IPV4, DADDR4, PROTO(9), DPORT(10), NFT_MAP(1, "pubip4", 1), NFT_DNAT_TO(NFPROTO_IPV4, 1, 9) } },
	{ "pub", { IPV4, PROTO(1), DPORT(9), NFT_MAP(1, "pub4", 1), NFT_DNAT_TO(NFPROTO_IPV4, 1, 9) } },
	{ "pub", { IPV6, NOT_LINK_LOCAL, DADDR6, PROTO(12), DPORT(13), NFT_MAP(1, "pubip6", 1),
		   NFT_DNAT_TO(NFPROTO_IPV6, 1, 12) } },
	{ "pub", { IPV6, NOT_LINK_LOCAL, PROTO(1), DPORT(9), NFT_MAP(1, "pub6", 1),
		   NFT_DNAT_TO(NFPROTO_IPV6, 1, 12) } },

	{ "rawpre", { NFT_META(NFT_META_IIF, 1), NFT_CMP(1, NFT_CMP_NEQ, 4, &lo), IPV4,
		      NFT_PAYLOAD(NFT_PAYLOAD_NETWORK_HEADER, 16, 1, 1), NFT_CMP(1, NFT_CMP_EQ, 1, &net127), DROP } },
	{ "pre", { TO_LOCAL, GOTO("pub") } },
	{ "out", { IPV6, DADDR6, NFT_CMP(1, NFT_CMP_EQ, 16, loopback6), RETURN } },
	{ "out", { TO_LOCAL, GOTO("pub") } },

	{ "post", { DNATED, TO("br"), FROM_LOCAL, NFT_MASQUERADE } },
	{ "post", { DNATED, TO("br"), IPV4, SADDR4, NFT_IN(1, "masq4"), NFT_MASQUERADE } },
	{ "post", { DNATED, TO("br"), IPV6, SADDR6, NFT_IN(1, "masq6"), NFT_MASQUERADE } },
	{ "post", { IPV4, SADDR4, NFT_IN(1, "masq4"), NOT_TO("br"), NFT_MASQUERADE } },
	{ "post", { IPV6, SADDR6, NFT_IN(1, "masq6"), NOT_TO("br"), NFT_MASQUERADE } },

	{ "post", { DNATED, IPV4, DADDR4, NFT_IN(1, "snat4"), FROM_LOCAL, NFT_MASQUERADE } },
	{ "post", { DNATED, IPV4, DADDR4, NFT_IN(1, "snat4"), SADDR4, NFT_IN(1, "near4"), NFT_MASQUERADE } },
	{ "post", { DNATED, IPV6, DADDR6, NFT_IN(1, "snat6"), FROM_LOCAL, NFT_MASQUERADE } },
	{ "post", { DNATED, IPV6, DADDR6, NFT_IN(1, "snat6"), SADDR6, NFT_IN(1, "near6"), NFT_MASQUERADE } },
	{ "post", { IPV4, SADDR4, OIF_NAME(9), NFT_IN(1, "home4"), ACCEPT } },
	{ "post", { IPV4, SADDR4, NFT_IN(1, "one4"), NFT_MASQUERADE } },
	{ "post", { IPV6, SADDR6, OIF_NAME(2), NFT_IN(1, "home6"), ACCEPT } },
	{ "post", { IPV6, SADDR6, NFT_IN(1, "one6"), NFT_MASQUERADE } },

	{ "flt", { TO("br"), GOTO("tobr") } },
	{ "flt", { FROM("br"), GOTO("frombr") } },
	{ "flt", { FROM("apart"), TO("apart"), IIF_NAME(1), OIF_NAME(2), NFT_NOT_IN(1, "icc"), DROP } },

	{ "tobr", { KNOWN, ACCEPT } },
	{ "tobr", { INVALID, DROP } },
	{ "tobr", { IIF_NAME(1), OIF_NAME(2), NFT_IN(1, "icc"), ACCEPT } },
	{ "tobr", { FROM("internal"), DROP } },
	{ "tobr", { TO("internal"), DROP } },
	{ "tobr", { DNATED, ACCEPT } },
	{ "tobr", { TO("unguarded"), ACCEPT } },
	{ "tobr", { IPV4, DADDR4, PROTO(9), DPORT(10), NFT_IN(1, "door4"), ACCEPT } },
	{ "tobr", { IPV6, DADDR6, PROTO(12), DPORT(13), NFT_IN(1, "door6"), ACCEPT } },
	{ "tobr", { TO("routed"), PROTO(1), NFT_CMP(1, NFT_CMP_EQ, 1, &icmp), ACCEPT } },
	{ "tobr", { TO("routed"), PROTO(1), NFT_CMP(1, NFT_CMP_EQ, 1, &icmp6), ACCEPT } },
	{ "tobr", { DROP } },

	{ "frombr", { KNOWN, ACCEPT } },
	{ "frombr", { INVALID, DROP } },
	{ "frombr", { FROM("internal"), DROP } },
	{ "frombr", { ACCEPT } },
};
/* clang-format on */

void table_rules(struct nft *nft)
{
	for (size_t i = 0; i < ARRAY_LEN(chains); i++)
		nft_add_chain(nft, &chains[i]);
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		nft_add_set(nft, &sets[i]);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		nft_add_rule(nft, rules[i].chain, rules[i].ops, NULL);
}

/* A host that did not forward before us goes on not forwarding for others. */
void table_guard(struct nft *nft)
{
	static const struct nft_chain chain = {
		.name = "guard", .type = "filter", .hook = NF_INET_FORWARD, .priority = 0
	};
	static const struct nft_op rule[] = { NOT_FROM("br"),  NOT_TO("br"), NOT_FROM("guest"),
					      NOT_TO("guest"), DROP,	     NFT_RULE_END };

	nft_add_chain(nft, &chain);
	nft_add_rule(nft, chain.name, rule, "forwarding was off before this table turned it on");
}
