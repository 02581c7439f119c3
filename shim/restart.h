/* restart.h - may a container that ended run again, and when: docker's policies. */
#ifndef SHIM_RESTART_H
#define SHIM_RESTART_H

#include <stdint.h>

#include "lib/base.h"

enum { RESTART_FIRST_MS = 100, RESTART_LAST_MS = 60000, RESTART_STEADY_MS = 10000 };

struct restart {
	enum { RESTART_NO, RESTART_ALWAYS, RESTART_ON_FAILURE } when;
	uint32_t max;	   /* on-failure: so often; 0: without limit */
	uint32_t count;	   /* how often it did so far */
	uint32_t delay_ms; /* before the latest; 0: there was none */
};

/* no, always, unless-stopped, on-failure[:N]. Returns 0 or -1. (always and unless-stopped differ
 * only after a reboot, which is the engine's.) */
int restart_parse(struct restart *r, const char *policy);

/* It ended with CODE after ran_ms. Returns the delay in milliseconds, with count and delay_ms
 * brought up to date, or -1: it stays down. */
int restart_decide(struct restart *r, int code, int64_t ran_ms);

#endif
