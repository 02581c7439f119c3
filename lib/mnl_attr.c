/* Netlink attributes, see mnl.c. */
#include <libmnl/libmnl.h>
#include <string.h>

#include "lib/base.h"

uint16_t mnl_attr_get_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

uint16_t mnl_attr_get_payload_len(const struct nlattr *attr)
{
	return attr->nla_len - MNL_ATTR_HDRLEN;
}

void *mnl_attr_get_payload(const struct nlattr *attr)
{
	return (char *)attr + MNL_ATTR_HDRLEN;
}

/* Of more than 4 bytes the start may be anywhere. */
#define GET(type, name) \
	type name(const struct nlattr *attr) \
	{ \
		type value; \
\
		memcpy(&value, mnl_attr_get_payload(attr), sizeof(value)); \
		return value; \
	}

GET(uint8_t, mnl_attr_get_u8)
GET(uint16_t, mnl_attr_get_u16)
GET(uint32_t, mnl_attr_get_u32)
GET(uint64_t, mnl_attr_get_u64)

const char *mnl_attr_get_str(const struct nlattr *attr)
{
	return mnl_attr_get_payload(attr);
}

bool mnl_attr_ok(const struct nlattr *attr, int len)
{
	return len >= (int)sizeof(*attr) && attr->nla_len >= sizeof(*attr) && attr->nla_len <= len;
}

struct nlattr *mnl_attr_next(const struct nlattr *attr)
{
	return (void *)((char *)attr + MNL_ALIGN(attr->nla_len));
}

void mnl_attr_put(struct nlmsghdr *nlh, uint16_t type, size_t len, const void *data)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);
	char *to = mnl_attr_get_payload(attr);

	attr->nla_type = type;
	attr->nla_len = MNL_ATTR_HDRLEN + len;
	if (len)
		memcpy(to, data, len);
	memset(to + len, 0, MNL_ALIGN(len) - len);
	nlh->nlmsg_len += MNL_ALIGN(attr->nla_len);
}

#define PUT(type_, name) \
	void name(struct nlmsghdr *nlh, uint16_t type, type_ data) \
	{ \
		mnl_attr_put(nlh, type, sizeof(data), &data); \
	}

PUT(uint8_t, mnl_attr_put_u8)
PUT(uint16_t, mnl_attr_put_u16)
PUT(uint32_t, mnl_attr_put_u32)
PUT(uint64_t, mnl_attr_put_u64)

void mnl_attr_put_str(struct nlmsghdr *nlh, uint16_t type, const char *data)
{
	mnl_attr_put(nlh, type, strlen(data), data);
}

void mnl_attr_put_strz(struct nlmsghdr *nlh, uint16_t type, const char *data)
{
	mnl_attr_put(nlh, type, strlen(data) + 1, data);
}

struct nlattr *mnl_attr_nest_start(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *nest = mnl_nlmsg_get_payload_tail(nlh);

	mnl_attr_put(nlh, NLA_F_NESTED | type, 0, NULL);
	return nest;
}

void mnl_attr_nest_end(struct nlmsghdr *nlh, struct nlattr *start)
{
	start->nla_len = (char *)mnl_nlmsg_get_payload_tail(nlh) - (char *)start;
}

int mnl_attr_type_valid(const struct nlattr *attr, uint16_t maxtype)
{
	return mnl_attr_get_type(attr) > maxtype ? set_errno(EOPNOTSUPP) : 1;
}

/* Bytes of the types of one length. */
static const uint16_t bytes[MNL_TYPE_MAX] = {
	[MNL_TYPE_U8] = 1,  [MNL_TYPE_U16] = 2,	  [MNL_TYPE_U32] = 4,
	[MNL_TYPE_U64] = 8, [MNL_TYPE_MSECS] = 8,
};

int mnl_attr_validate(const struct nlattr *attr, enum mnl_attr_data_type type)
{
	uint16_t len = mnl_attr_get_payload_len(attr);
	const char *data = mnl_attr_get_payload(attr);

	if (type >= MNL_TYPE_MAX)
		return set_errno(EINVAL);
	if (bytes[type] && len != bytes[type])
		return set_errno(ERANGE);
	switch (type) {
	case MNL_TYPE_FLAG:
		return len ? set_errno(ERANGE) : 0;
	case MNL_TYPE_STRING:
		return len ? 0 : set_errno(ERANGE);
	case MNL_TYPE_NUL_STRING:
		if (!len)
			return set_errno(ERANGE);
		return data[len - 1] ? set_errno(EINVAL) : 0;
	case MNL_TYPE_NESTED:
		return len && len < MNL_ATTR_HDRLEN ? set_errno(ERANGE) : 0;
	default:
		return 0;
	}
}

/* Call FN for each attribute from AT on, until END or until it does not return MNL_CB_OK. */
static int each(const struct nlattr *at, const char *end, mnl_attr_cb_t fn, void *data)
{
	int then = MNL_CB_OK;

	for (; then > MNL_CB_STOP && mnl_attr_ok(at, end - (char *)at); at = mnl_attr_next(at))
		then = fn(at, data);
	return then;
}

int mnl_attr_parse(const struct nlmsghdr *nlh, unsigned offset, mnl_attr_cb_t cb, void *data)
{
	return each(mnl_nlmsg_get_payload_offset(nlh, offset), mnl_nlmsg_get_payload_tail(nlh), cb,
		    data);
}

int mnl_attr_parse_nested(const struct nlattr *nested, mnl_attr_cb_t cb, void *data)
{
	return each(mnl_attr_get_payload(nested), (char *)nested + nested->nla_len, cb, data);
}
