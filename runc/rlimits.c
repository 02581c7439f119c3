#include <sys/resource.h>

#include "lib/die.h"
#include "runc/launch.h"

/* Only root of the initial user namespace may raise a hard limit: that is done before the process
 * leaves it. What fails here fails again, and is reported, where the limits are set. */
void rlimits_raise(const struct spec_process *p, pid_t pid)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		enum __rlimit_resource type = (enum __rlimit_resource)p->rlimits[i].type;
		struct rlimit now;

		if (prlimit(pid, type, NULL, &now) || now.rlim_max >= p->rlimits[i].hard)
			continue;
		now.rlim_max = p->rlimits[i].hard;
		if (prlimit(pid, type, &now, NULL))
			debug("raise limit %d of %d: %s", (int)type, (int)pid, strerror(errno));
	}
}

/* By the process itself and late: low limits would be in the way of everything before. */
void rlimits_set(const struct spec_process *p)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		struct rlimit limit = { p->rlimits[i].soft, p->rlimits[i].hard };

		if (setrlimit((enum __rlimit_resource)p->rlimits[i].type, &limit))
			die("set process.rlimits[%zu] (%s)", i,
			    spec_rlimit_name(p->rlimits[i].type));
	}
}
