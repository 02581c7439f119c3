/* record.c - cutting a byte stream into log records, spelling times. */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/record.h"

/* Where the line ends; NULL: not here. Lines of a few bytes are over before memchr has begun. */
static const char *find_newline(const char *s, size_t len)
{
	const uint64_t ones = 0x0101010101010101, newlines = '\n' * ones, tops = 0x80 * ones;
	uint64_t word, zero;

	if (len < sizeof(word))
		return memchr(s, '\n', len);
	memcpy(&word, s, sizeof(word));
	word = le64toh(word) ^ newlines;
	zero = (word - ones) & ~word & tops; /* the lowest bit is right, those above may not be */
	if (zero)
		return s + __builtin_ctzll(zero) / 8;
	return memchr(s + sizeof(word), '\n', len - sizeof(word));
}

size_t record_next(const char *data, size_t len, bool flush, struct record *rec)
{
	size_t piece = len < LOG_LINE_MAX ? len : LOG_LINE_MAX;
	const char *newline = find_newline(data, piece);

	rec->text = data;
	rec->partial = !newline;
	rec->len = newline ? (size_t)(newline - data) : piece;
	if (newline)
		return rec->len + 1;
	return flush || piece == LOG_LINE_MAX ? rec->len : 0;
}

static size_t trim_zeros(const char *digits)
{
	size_t n = strlen(digits);

	while (n && digits[n - 1] == '0')
		n--;
	return n;
}

void stamp_set(struct stamp *st, const struct timespec *ts)
{
	char date[24], fraction[12];
	struct tm tm;
	long offset_min;
	int kept;

	snprintf(fraction, sizeof(fraction), "%09ld", ts->tv_nsec % 1000000000L);
	gmtime_r(&ts->tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	kept = (int)trim_zeros(fraction);
	st->utc_len = (size_t)snprintf(st->utc, sizeof(st->utc), "%s%s%.*sZ", date, kept ? "." : "",
				       kept, fraction);

	localtime_r(&ts->tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	offset_min = tm.tm_gmtoff / 60;
	st->local_len = (size_t)snprintf(st->local, sizeof(st->local), "%s.%s%c%02ld:%02ld", date,
					 fraction, offset_min < 0 ? '-' : '+',
					 labs(offset_min) / 60 % 100, labs(offset_min) % 60);
}
