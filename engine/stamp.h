/* stamp.h - times as docker writes them: RFC 3339 in UTC with nine digits. */
#ifndef ENGINE_STAMP_H
#define ENGINE_STAMP_H

#include <time.h>

#include "lib/base.h"

enum { TIME_MAX = 48 };
void time_spell(const struct timespec *t, char out[TIME_MAX]);

#endif
