/* healthstate.c - docker's health states. */
#include "shim/health.h"

const char *health_name(enum health h)
{
	static const char *const names[] = { "starting", "healthy", "unhealthy" };

	return names[h];
}

bool health_take(struct health_state *s, int code, bool starting_up, uint32_t retries)
{
	enum health before = s->status;

	if (code == 0) {
		s->status = HEALTH_HEALTHY;
		s->streak = 0;
	} else if (s->status != HEALTH_STARTING || !starting_up) {
		s->streak++;
		if (s->streak >= retries)
			s->status = HEALTH_UNHEALTHY;
	}
	return s->status != before;
}
