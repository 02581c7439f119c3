#include <sched.h>

#include "lib/die.h"
#include "lib/ns.h"
#include "runc/launch.h"

/* As the child: the namespaces to join by path. The user namespace comes last, since some belong to
 * our own; what belongs to it instead can be joined only afterwards, so what failed is tried again
 * then. */
void namespaces_join(const struct launch *l)
{
	bool joined[NS_TYPES] = { 0 };

	if (l->join_flags && setns(l->join_pidfd, l->join_flags))
		die("join the namespaces of container '%s'", l->container->id);

	for (size_t i = 0; i < NS_TYPES; i++)
		joined[i] = l->nsfd[i] < 0 || !setns(l->nsfd[i], ns_types[i].flag);
	for (size_t i = 0; i < NS_TYPES; i++) {
		if (!joined[i] && setns(l->nsfd[i], ns_types[i].flag))
			die("join %s namespace", ns_types[i].spec);
	}
}

/* A new network takes the kernel long (0.5 ms), and a new cgroup namespace is rooted where its
 * maker is: both are made here, beside the parent's work and inside the container's cgroup, not in
 * clone3. */
void namespaces_unshare(const struct launch *l)
{
	int flags = 0;

	if (spec_is_new(l->spec, CLONE_NEWNET))
		flags |= CLONE_NEWNET;
	if (spec_is_new(l->spec, CLONE_NEWCGROUP))
		flags |= CLONE_NEWCGROUP;
	if (flags && unshare(flags))
		die("make %s namespace", flags & CLONE_NEWNET ? "network" : "cgroup");
	if (flags & CLONE_NEWNET && ns_loopback_up())
		die("bring up 'lo'");
}
