#include <stdio.h>
#include <string.h>

#include "lib/utc.h"

/* Years begin in March here, so that the leap day is the last of its year: then months have the
 * same lengths in each. 719468 days passed from March 1st of year 0 to 1970, 146097 in every 400
 * years. */
static void split_days(long long days, long long *year, int *month, int *day)
{
	long long n = days + 719468, era = n / 146097;
	int of_era = (int)(n % 146097);
	int y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * y + y / 4 - y / 100);
	int m = (5 * of_year + 2) / 153;

	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = y + era * 400 + (*month <= 2);
}

char *utc_format(const struct timespec *t, char buf[static UTC_MAX])
{
	long long seconds = t->tv_sec, year;
	int of_day = (int)(seconds % 86400), month, day;

	split_days(seconds / 86400, &year, &month, &day);
	snprintf(buf, UTC_MAX, "%04lld-%02d-%02dT%02d:%02d:%02d.%09ldZ", year, month, day,
		 of_day / 3600, of_day / 60 % 60, of_day % 60, t->tv_nsec);
	return buf;
}

char *utc_now(int digits, char buf[static UTC_MAX])
{
	struct timespec now;
	char *point;

	clock_gettime(CLOCK_REALTIME, &now);
	point = strchr(utc_format(&now, buf), '.');
	memcpy(digits ? point + 1 + digits : point, "Z", 2);
	return buf;
}
