#include <string.h>

#include "lib/tar_header.h"

/* GNU's base-256: the top bit marks it, the next one is the sign of a two's complement number. */
static int get_base256(const unsigned char *f, size_t width, int64_t *out)
{
	bool negative = f[0] & 0x40;
	uint64_t value = negative ? UINT64_MAX : 0;
	uint64_t sign = negative ? 0xff : 0;

	for (size_t i = 0; i < width; i++) {
		uint64_t byte = i ? f[i] : (f[0] & 0x3f) | (negative ? 0xc0 : 0);

		if (value >> 56 != sign)
			return set_errno(EINVAL);
		value = value << 8 | byte;
	}
	if ((value >> 63) != negative)
		return set_errno(EINVAL);
	*out = (int64_t)value;
	return 0;
}

int tar_field_get(const char *field, size_t width, int64_t *out)
{
	size_t i = 0;
	uint64_t value = 0;

	if (field[0] & 0x80)
		return get_base256((const unsigned char *)field, width, out);
	while (i < width && field[i] == ' ')
		i++;
	for (; i < width && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 |
			(uint64_t)(field[i] - '0'); /* 12 digits at most: no overflow */
	for (; i < width; i++)
		if (field[i] != ' ' && field[i] != '\0')
			return set_errno(EINVAL);
	*out = (int64_t)value;
	return 0;
}

int tar_field_put(char *field, size_t width, uint64_t value)
{
	field[width - 1] = '\0';
	for (size_t i = width - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
	return value ? set_errno(ERANGE) : 0;
}

bool tar_header_is_zero(const struct tar_header *h)
{
	const char *p = (const char *)h;

	return !p[0] && !memcmp(p, p + 1, sizeof(*h) - 1);
}

static void sum(const struct tar_header *h, int64_t *as_unsigned, int64_t *as_signed)
{
	const unsigned char *p = (const unsigned char *)h;
	size_t field = offsetof(struct tar_header, chksum);
	unsigned total = 0, high = 0;

	for (size_t i = 0; i < sizeof(*h); i++) {
		total += p[i];
		high += p[i] >> 7;
	}
	for (size_t i = 0; i < sizeof(h->chksum); i++) {
		total += ' ' - p[field + i];
		high -= p[field + i] >> 7;
	}
	*as_unsigned = total;
	*as_signed = (int64_t)total - 256 * (int64_t)high;
}

bool tar_header_sum_ok(const struct tar_header *h)
{
	int64_t as_unsigned, as_signed, stated;

	sum(h, &as_unsigned, &as_signed);
	if (tar_field_get(h->chksum, sizeof(h->chksum), &stated) < 0)
		return false;
	return stated == as_unsigned || stated == as_signed;
}

void tar_header_seal(struct tar_header *h)
{
	int64_t as_unsigned, as_signed;

	sum(h, &as_unsigned, &as_signed);
	/* Six digits, NUL, space, as every writer since v7; the sum of 512 bytes always fits. */
	(void)!tar_field_put(h->chksum, 7, (uint64_t)as_unsigned);
	h->chksum[7] = ' ';
}
