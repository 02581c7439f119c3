#include <arpa/inet.h>
#include <string.h>

#include "lib/num.h"
#include "netns/netns.h"

size_t addr_bytes(const struct nl_addr *a)
{
	return a->family == AF_INET6 ? 16 : 4;
}

int addr_parse(const char *s, struct nl_addr *a)
{
	const char *slash = strchr(s, '/');
	struct nl_addr out = { .family = strchr(s, ':') ? AF_INET6 : AF_INET };
	uint64_t bits = 8 * addr_bytes(&out), prefix = bits;
	char text[ADDR_TEXT_MAX];
	size_t len = slash ? (size_t)(slash - s) : strlen(s);

	if (len >= sizeof(text) || (slash && num_u64(slash + 1, bits, &prefix)))
		return set_errno(EINVAL);
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(out.family, text, out.bytes) != 1)
		return set_errno(EINVAL);
	out.prefix = prefix;
	*a = out;
	return 0;
}

char *addr_text(const struct nl_addr *a, bool with_prefix, char buf[ADDR_TEXT_MAX])
{
	size_t len;

	if (!inet_ntop(a->family, a->bytes, buf, ADDR_TEXT_MAX))
		buf[0] = '\0';
	len = strlen(buf);
	if (with_prefix)
		snprintf(buf + len, ADDR_TEXT_MAX - len, "/%u", a->prefix);
	return buf;
}

bool addr_equal(const struct nl_addr *a, const struct nl_addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, addr_bytes(a));
}

int addr_compare(const struct nl_addr *a, const struct nl_addr *b)
{
	return memcmp(a->bytes, b->bytes, addr_bytes(a));
}

/* The bits of byte I that belong to a prefix. */
static uint8_t mask_byte(unsigned prefix, unsigned i)
{
	if (prefix >= 8 * (i + 1))
		return 0xff;
	return prefix <= 8 * i ? 0 : 0xff << (8 - (prefix - 8 * i));
}

struct nl_addr addr_lowest(const struct nl_addr *a)
{
	struct nl_addr out = *a;

	for (unsigned i = 0; i < addr_bytes(a); i++)
		out.bytes[i] &= mask_byte(a->prefix, i);
	return out;
}

struct nl_addr addr_highest(const struct nl_addr *a)
{
	struct nl_addr out = *a;

	for (unsigned i = 0; i < addr_bytes(a); i++)
		out.bytes[i] |= (uint8_t)~mask_byte(a->prefix, i);
	return out;
}

bool addr_within(const struct nl_addr *a, const struct nl_addr *subnet)
{
	if (a->family != subnet->family)
		return false;
	for (unsigned i = 0; i < addr_bytes(a); i++) {
		if ((a->bytes[i] ^ subnet->bytes[i]) & mask_byte(subnet->prefix, i))
			return false;
	}
	return true;
}

bool addr_overlaps(const struct nl_addr *a, const struct nl_addr *b)
{
	return addr_within(a, b) || addr_within(b, a);
}

bool addr_is_any(const struct nl_addr *a)
{
	static const uint8_t zero[16];

	return !a->family || !memcmp(a->bytes, zero, addr_bytes(a));
}

struct nl_addr addr_step(const struct nl_addr *a, int delta)
{
	struct nl_addr out = *a;

	for (unsigned i = addr_bytes(a); i-- > 0;) {
		out.bytes[i] += delta;
		/* Carry on only while a byte wrapped around. */
		if (out.bytes[i] != (delta > 0 ? 0 : 0xff))
			break;
	}
	return out;
}
