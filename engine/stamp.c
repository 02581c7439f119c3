/* stamp.c - times as docker writes them. */
#include "engine/stamp.h"

void time_spell(const struct timespec *t, char out[TIME_MAX])
{
	struct tm tm;
	size_t n;

	gmtime_r(&t->tv_sec, &tm);
	n = strftime(out, TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TIME_MAX - n, ".%09ldZ", t->tv_nsec);
}
