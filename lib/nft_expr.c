/* libnftnl/expr.h needs stdio.h before it. */
#include <stdio.h>

#include <libnftnl/expr.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "lib/nft_private.h"

static const char *const names[] = {
	[NFT_OP_META] = "meta",	    [NFT_OP_CT] = "ct",
	[NFT_OP_FIB] = "fib",	    [NFT_OP_PAYLOAD] = "payload",
	[NFT_OP_MASK] = "bitwise",  [NFT_OP_CMP] = "cmp",
	[NFT_OP_LOOKUP] = "lookup", [NFT_OP_VERDICT] = "immediate",
	[NFT_OP_DNAT] = "nat",	    [NFT_OP_MASQ] = "masq",
};

/* Which attribute each member of an instruction goes to; 0 = none. */
static const struct {
	uint16_t reg, dreg, a, b, c;
} numbers[] = {
	[NFT_OP_META] = { .dreg = NFTNL_EXPR_META_DREG, .a = NFTNL_EXPR_META_KEY },
	[NFT_OP_CT] = { .dreg = NFTNL_EXPR_CT_DREG, .a = NFTNL_EXPR_CT_KEY },
	[NFT_OP_FIB] = { .dreg = NFTNL_EXPR_FIB_DREG, .a = NFTNL_EXPR_FIB_FLAGS },
	[NFT_OP_PAYLOAD] = { .dreg = NFTNL_EXPR_PAYLOAD_DREG,
			     .a = NFTNL_EXPR_PAYLOAD_BASE,
			     .b = NFTNL_EXPR_PAYLOAD_OFFSET,
			     .c = NFTNL_EXPR_PAYLOAD_LEN },
	[NFT_OP_MASK] = { .reg = NFTNL_EXPR_BITWISE_SREG, .a = NFTNL_EXPR_BITWISE_LEN },
	[NFT_OP_CMP] = { .reg = NFTNL_EXPR_CMP_SREG, .a = NFTNL_EXPR_CMP_OP },
	[NFT_OP_LOOKUP] = { .reg = NFTNL_EXPR_LOOKUP_SREG },
	[NFT_OP_VERDICT] = { .a = NFTNL_EXPR_IMM_VERDICT },
	[NFT_OP_DNAT] = { .reg = NFTNL_EXPR_NAT_REG_ADDR_MIN,
			  .dreg = NFTNL_EXPR_NAT_REG_PROTO_MIN,
			  .a = NFTNL_EXPR_NAT_FAMILY },
	[NFT_OP_MASQ] = { 0 },
};

static void put(struct nftnl_expr *e, uint16_t attr, uint32_t value)
{
	if (attr)
		nftnl_expr_set_u32(e, attr, value);
}

static void put_lookup(struct nftnl_expr *e, const struct nft_op *op)
{
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, op->data);
	if (op->dreg)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, op->dreg);
	if (op->a)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, op->a);
}

static void put_mask(struct nftnl_expr *e, const struct nft_op *op)
{
	static const uint8_t zero[16];

	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, op->reg);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, op->data, op->a);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, op->a);
}

struct nftnl_expr *nft_expr(const struct nft_op *op)
{
	struct nftnl_expr *e = nft_must(nftnl_expr_alloc(names[op->kind]));

	put(e, numbers[op->kind].reg, op->reg);
	put(e, numbers[op->kind].dreg, op->dreg);
	put(e, numbers[op->kind].a, op->a);
	put(e, numbers[op->kind].b, op->b);
	put(e, numbers[op->kind].c, op->c);
	switch (op->kind) {
	case NFT_OP_LOOKUP:
		put_lookup(e, op);
		break;
	case NFT_OP_MASK:
		put_mask(e, op);
		break;
	case NFT_OP_CMP:
		nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, op->data, op->b);
		break;
	case NFT_OP_FIB:
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
		break;
	case NFT_OP_VERDICT:
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
		if (op->data)
			nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, op->data);
		break;
	case NFT_OP_DNAT:
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
		break;
	default:
		break;
	}
	return e;
}
