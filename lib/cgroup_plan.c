#include <stdarg.h>

#include "lib/cgroup_device.h"
#include "lib/cgroup_res_private.h"
#include "lib/mem.h"
#include "lib/str.h"

struct cgroup_step *cgroup_plan_add(struct cgroup_plan *plan, enum cgroup_controller c,
				    const char *file, const char *fmt, ...)
{
	_buf_ struct buf value = { 0 };
	struct cgroup_step *step;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&value, fmt, ap);
	va_end(ap);
	if (plan->n == plan->cap) {
		plan->cap = plan->cap ? 2 * plan->cap : 16;
		plan->step = xreallocarray(plan->step, plan->cap, sizeof(*plan->step));
	}
	step = &plan->step[plan->n++];
	*step = (struct cgroup_step){ c, xstrdup(file), buf_steal(&value), false };
	return step;
}

void cgroup_plan_free(struct cgroup_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		free(plan->step[i].file);
		free(plan->step[i].value);
	}
	free(plan->step);
	*plan = (struct cgroup_plan){ 0 };
}

static int write_step(const struct cgroup_step *s, const struct cgroup *g)
{
	int dirfd = cgroup_dirfd(g, s->controller);
	int rc = dirfd < 0 ? -1 : cgroup_write(dirfd, s->file, s->value);

	return rc < 0 && s->optional && (errno == ENOENT || errno == EOPNOTSUPP) ? 0 : rc;
}

/* What errno alone would leave unclear. */
static void explain(const struct cgroup_step *s, const struct cgroup *g, struct buf *why)
{
	int saved = errno, dirfd = cgroup_dirfd(g, s->controller);
	const char *name = cgroup_controller_name(s->controller);
	uint64_t usage;

	buf_addf(why, "write '%s' to '%s'", s->value, s->file);
	if (saved == EOPNOTSUPP && dirfd < 0)
		buf_addf(why, " (no hierarchy has controller %s)", name);
	else if (saved == ENOENT)
		buf_addf(why, " (controller %s does not offer it in this group)", name);
	else if (saved == EBUSY && s->controller == CGROUP_MEMORY &&
		 cgroup_read_u64(dirfd, "memory.usage_in_bytes", &usage) == 0)
		buf_addf(why, " (usage is %llu)", (unsigned long long)usage);
	errno = saved;
}

/* EINVAL may only mean that another value has to change first: memory's limit cannot pass
 * memory + swap, quota's share of the period has a floor, burst cannot pass quota. So those come
 * once more, when all others are written. */
int cgroup_plan_run(const struct cgroup_plan *plan, const struct cgroup *g, struct buf *why)
{
	_free_ bool *again = xcalloc(plan->n, sizeof(*again));

	for (size_t i = 0; i < plan->n; i++) {
		if (write_step(&plan->step[i], g) == 0)
			continue;
		if (errno != EINVAL) {
			explain(&plan->step[i], g, why);
			return -1;
		}
		again[i] = true;
	}
	for (size_t i = 0; i < plan->n; i++) {
		if (again[i] && write_step(&plan->step[i], g) < 0) {
			explain(&plan->step[i], g, why);
			return -1;
		}
	}
	return 0;
}

/* The last first: what had to be changed before others has to be changed back after them. */
void cgroup_plan_save(struct cgroup_plan *old, const struct cgroup_plan *plan,
		      const struct cgroup *g)
{
	for (size_t i = plan->n; i--;) {
		const struct cgroup_step *s = &plan->step[i];
		int dirfd = cgroup_dirfd(g, s->controller);
		_buf_ struct buf text = { 0 };

		if (dirfd >= 0 && cgroup_read(dirfd, s->file, &text) == 0)
			cgroup_plan_lines(old, s->controller, s->file, buf_str(&text));
	}
}

/* Twice, since each may have to wait for another, as above. */
int cgroup_plan_put_back(const struct cgroup_plan *old, const struct cgroup *g, struct buf *why)
{
	for (size_t i = 0; i < old->n; i++)
		(void)!write_step(&old->step[i], g);
	for (size_t i = 0; i < old->n; i++) {
		if (write_step(&old->step[i], g) == 0)
			continue;
		explain(&old->step[i], g, why);
		return -1;
	}
	return 0;
}

static int apply_devices(const struct cgroup *g, const struct cgroup_resources *r, unsigned flags,
			 struct buf *why)
{
	if (!r->n_devices || flags & CGROUP_NO_DEVICES ||
	    cgroup_set_devices(g, r->devices, r->n_devices, why) == 0)
		return 0;
	if (!(flags & CGROUP_TRY_DEVICES) || (errno != EPERM && errno != EACCES))
		return -1;
	buf_reset(why);
	return 0;
}

int cgroup_apply(const struct cgroup *g, const struct cgroup_resources *r, unsigned flags,
		 struct buf *why)
{
	_cgroup_plan_ struct cgroup_plan limits = { 0 }, unified = { 0 };

	if (cgroup_plan_limits(&limits, g, r, why) < 0 ||
	    cgroup_plan_unified(&unified, g, &r->unified, why) < 0)
		return -1;
	if (cgroup_plan_run(&limits, g, why) < 0 || apply_devices(g, r, flags, why) < 0)
		return -1;
	return cgroup_plan_run(&unified, g, why);
}

int cgroup_plan_resources(struct cgroup_plan *plan, const struct cgroup *g,
			  const struct cgroup_resources *r, struct buf *why)
{
	if (cgroup_plan_limits(plan, g, r, why) < 0)
		return -1;
	return cgroup_plan_unified(plan, g, &r->unified, why);
}
