/* health.h - docker's health states, out of the results of probes. */
#ifndef SHIM_HEALTH_H
#define SHIM_HEALTH_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/base.h"

enum { PROBE_OUTPUT_MAX = 4096, PROBES_KEPT = 5, PROBE_TIMED_OUT = -1 };

enum health { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

struct probe {
	struct timespec start, end;
	int code;     /* 0: healthy; PROBE_TIMED_OUT */
	char *output; /* the caller's, of max bytes */
	size_t max, len;
};

struct health_state {
	enum health status;
	uint32_t streak; /* failures in a row that count */
};

const char *health_name(enum health h);

/* Another result. starting_up: it is within the start period, in which a failure does not count
 * until the first success. Returns whether the status has changed. */
bool health_take(struct health_state *s, int code, bool starting_up, uint32_t retries);

/* Run argv, its output cut at p->max, for at most timeout_ms; then the process that
 * pid_file (below dirfd) names is killed, and the one that was started. Blocks. */
void probe_run(struct probe *p, char **argv, int timeout_ms, int dirfd, const char *pid_file);

#endif
