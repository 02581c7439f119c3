/* clock.h - the time that only runs forward: for deadlines and rates, meaningless to others. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include "lib/base.h"

int64_t clock_ms(void);
int64_t clock_us(void);

#endif
