#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "lib/num.h"

static int digits(const char *s, unsigned int base, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*s)
		return set_errno(EINVAL);
	for (; *s; s++) {
		unsigned int digit = (unsigned int)(unsigned char)*s - '0';

		if (digit >= base)
			return set_errno(EINVAL);
		if (__builtin_mul_overflow(n, base, &n) || __builtin_add_overflow(n, digit, &n) ||
		    n > max)
			return set_errno(ERANGE);
	}
	*out = n;
	return 0;
}

int num_u64(const char *s, uint64_t max, uint64_t *out)
{
	return digits(s, 10, max, out);
}

int num_u32(const char *s, uint32_t *out)
{
	uint64_t n;

	if (digits(s, 10, UINT32_MAX, &n))
		return -1;
	*out = (uint32_t)n;
	return 0;
}

int num_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t n;

	if (digits(s + negative, 10, (uint64_t)INT64_MAX + negative, &n))
		return -1;

	int64_t v = negative ? (int64_t)(0 - n) : (int64_t)n;

	if (v < min || v > max)
		return set_errno(ERANGE);
	*out = v;
	return 0;
}

int num_int(const char *s, int min, int max, int *out)
{
	int64_t n;

	if (num_i64(s, min, max, &n))
		return -1;
	*out = (int)n;
	return 0;
}

int num_octal(const char *s, uint32_t max, uint32_t *out)
{
	uint64_t n;

	if (digits(s, 8, max, &n))
		return -1;
	*out = (uint32_t)n;
	return 0;
}

/* Read "12" or "12.5" at *S and move past it; the fraction comes back in billionths. */
static int decimal(const char **s, uint64_t *whole, uint64_t *billionths)
{
	const char *p = *s;
	uint64_t n = 0, frac = 0, unit = 100000000;

	if (!isdigit((unsigned char)*p))
		return set_errno(EINVAL);
	for (; isdigit((unsigned char)*p); p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
			return set_errno(ERANGE);
	}
	if (*p == '.') {
		p++;
		if (!isdigit((unsigned char)*p))
			return set_errno(EINVAL);
		for (; isdigit((unsigned char)*p); p++, unit /= 10)
			frac += (uint64_t)(*p - '0') * unit;
	}
	*s = p;
	*whole = n;
	*billionths = frac;
	return 0;
}

static int scale(uint64_t whole, uint64_t billionths, uint64_t by, int64_t *out)
{
	uint64_t n;
	/* by <= 2^50 and billionths < 10^9: the product needs 128 bits. */
	uint64_t part = (uint64_t)((__uint128_t)billionths * by / 1000000000);

	if (__builtin_mul_overflow(whole, by, &n) || __builtin_add_overflow(n, part, &n) ||
	    n > INT64_MAX)
		return set_errno(ERANGE);
	*out = (int64_t)n;
	return 0;
}

int num_size(const char *s, bool negative_one, int64_t *out)
{
	static const char letters[] = "bkmgtp";
	uint64_t whole, frac;
	unsigned int shift = 0;

	if (negative_one && !strcmp(s, "-1")) {
		*out = -1;
		return 0;
	}
	if (decimal(&s, &whole, &frac))
		return -1;
	if (*s) {
		const char *at = strchr(letters, tolower((unsigned char)*s));

		if (!at)
			return set_errno(EINVAL);
		shift = 10 * (unsigned int)(at - letters);
		s++;
		if (shift && tolower((unsigned char)*s) == 'i')
			s++;
		if (shift && tolower((unsigned char)*s) == 'b')
			s++;
		if (*s)
			return set_errno(EINVAL);
	}
	return scale(whole, frac, (uint64_t)1 << shift, out);
}

static uint64_t unit_ns(const char **s)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },	     { "us", 1000 },	   { "ms", 1000000 },
		{ "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t n = strlen(units[i].name);

		if (!strncmp(*s, units[i].name, n) && !isalpha((unsigned char)(*s)[n])) {
			*s += n;
			return units[i].ns;
		}
	}
	return 0;
}

int num_duration_ns(const char *s, int64_t *out)
{
	int64_t total = 0;

	do {
		uint64_t whole, frac;
		int64_t part;

		if (decimal(&s, &whole, &frac))
			return -1;

		uint64_t unit = *s ? unit_ns(&s) : (total ? 0 : 1000000000);

		if (!unit)
			return set_errno(EINVAL);
		if (scale(whole, frac, unit, &part))
			return -1;
		if (__builtin_add_overflow(total, part, &total))
			return set_errno(ERANGE);
	} while (*s);
	*out = total;
	return 0;
}
