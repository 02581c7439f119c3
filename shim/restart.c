/* restart.c - docker's restart policies. */
#include "shim/restart.h"
#include "lib/num.h"
#include "lib/str.h"

int restart_parse(struct restart *r, const char *policy)
{
	const char *rest = str_after(policy, "on-failure");

	*r = (struct restart){ .when = RESTART_NO };
	if (str_eq(policy, "no"))
		return 0;
	if (str_eq(policy, "always") || str_eq(policy, "unless-stopped")) {
		r->when = RESTART_ALWAYS;
		return 0;
	}
	if (!rest || (*rest && (*rest != ':' || num_u32(rest + 1, &r->max) < 0)))
		return set_errno(EINVAL);
	r->when = RESTART_ON_FAILURE;
	return 0;
}

int restart_decide(struct restart *r, int code, int64_t ran_ms)
{
	if (r->when == RESTART_NO)
		return -1;
	if (r->when == RESTART_ON_FAILURE && (code == 0 || (r->max && r->count >= r->max)))
		return -1;
	if (!r->delay_ms || ran_ms >= RESTART_STEADY_MS)
		r->delay_ms = RESTART_FIRST_MS;
	else
		r->delay_ms = r->delay_ms > RESTART_LAST_MS / 2 ? RESTART_LAST_MS : 2 * r->delay_ms;
	r->count++;
	return (int)r->delay_ms;
}
