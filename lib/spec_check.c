#include <sched.h>
#include <stdarg.h>

#include "lib/idmap.h"
#include "lib/ns.h"
#include "lib/spec.h"
#include "lib/str.h"

static int bad(char *why, const char *fmt, ...) _printf_(2, 3);

static int bad(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, DECODE_WHY_MAX, fmt, ap);
	va_end(ap);
	return set_errno(EINVAL);
}

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++) {
		if (str_eq(s, *list))
			return true;
	}
	return false;
}

static int check_rlimits(const struct spec_process *p, char *why)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		if (p->rlimits[i].soft > p->rlimits[i].hard)
			return bad(why, "process.rlimits[%zu]: soft is above hard", i);
		for (size_t k = 0; k < i; k++) {
			if (p->rlimits[k].type == p->rlimits[i].type)
				return bad(why, "process.rlimits[%zu].type: given twice", i);
		}
	}
	return 0;
}

static int check_scheduler(const struct spec_scheduler *s, char *why)
{
	bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
	bool deadline = s->policy == 6;

	if (s->nice < -20 || s->nice > 19)
		return bad(why, "process.scheduler.nice: not in -20..19");
	if (s->priority && !realtime)
		return bad(why, "process.scheduler.priority: only for SCHED_FIFO and SCHED_RR");
	if (realtime && (s->priority < 1 || s->priority > 99))
		return bad(why, "process.scheduler.priority: not in 1..99");
	if (!deadline && (s->runtime || s->deadline || s->period))
		return bad(why, "process.scheduler.runtime: only for SCHED_DEADLINE");
	return 0;
}

int spec_check_process(const struct spec_process *p, char why[DECODE_WHY_MAX])
{
	if (!p->args || !*p->args)
		return bad(why, "process.args: args must not be empty");
	if (!p->cwd || !*p->cwd)
		return bad(why, "process.cwd: Cwd property must not be empty");
	if (*p->cwd != '/')
		return bad(why, "process.cwd: Cwd must be an absolute path");
	for (size_t i = 0; p->env && p->env[i]; i++) {
		if (!strchr(p->env[i], '=') || *p->env[i] == '=')
			return bad(why, "process.env[%zu]: not NAME=VALUE", i);
	}
	if (p->ioPriority && (p->ioPriority->priority < 0 || p->ioPriority->priority > 7))
		return bad(why, "process.ioPriority.priority: not in 0..7");
	if (p->has_oomScoreAdj && (p->oomScoreAdj < -1000 || p->oomScoreAdj > 1000))
		return bad(why, "process.oomScoreAdj: not in -1000..1000");
	if (p->scheduler && check_scheduler(p->scheduler, why))
		return -1;
	return check_rlimits(p, why);
}

static int check_namespaces(const struct spec *s, char *why)
{
	const struct spec_linux *l = s->linux_;

	for (size_t i = 0; i < l->n_namespaces; i++) {
		const char *path = l->namespaces[i].path;

		if (path && *path && *path != '/')
			return bad(why, "linux.namespaces[%zu].path: not an absolute path", i);
		for (size_t k = 0; k < i; k++) {
			if (l->namespaces[k].type == l->namespaces[i].type)
				return bad(why, "linux.namespaces[%zu].type: given twice", i);
		}
	}
	return 0;
}

static int check_idmap(const char *member, const struct spec_idmap *map, size_t n, char *why)
{
	for (size_t i = 0; i < n; i++) {
		struct idmap m = { map[i].containerID, map[i].hostID, map[i].size };

		if (!m.count)
			return bad(why, "%s[%zu].size: zero", member, i);
		if (!idmap_is_range(&m))
			return bad(why, "%s[%zu].size: more ids than there are", member, i);
	}
	return 0;
}

static int check_userns(const struct spec *s, char *why)
{
	const struct spec_linux *l = s->linux_;

	if (check_idmap("linux.uidMappings", l->uidMappings, l->n_uidMappings, why) ||
	    check_idmap("linux.gidMappings", l->gidMappings, l->n_gidMappings, why))
		return -1;
	if ((l->n_uidMappings || l->n_gidMappings) && !spec_namespace(s, CLONE_NEWUSER))
		return bad(why, "linux.uidMappings: without a user namespace");
	if (spec_is_new(s, CLONE_NEWUSER) && !l->n_uidMappings)
		return bad(why, "linux.uidMappings: missing for a new user namespace");
	if (spec_is_new(s, CLONE_NEWUSER) && !l->n_gidMappings)
		return bad(why, "linux.gidMappings: missing for a new user namespace");
	return 0;
}

static int check_devices(const struct spec_linux *l, char *why)
{
	static const char *const types[] = { "c", "b", "u", "p", NULL };

	for (size_t i = 0; i < l->n_devices; i++) {
		const struct spec_device *d = &l->devices[i];

		if (!is_one_of(d->type, types))
			return bad(why, "linux.devices[%zu].type: unknown value '%.32s'", i,
				   d->type);
		if (d->major < 0 || d->major > 0xfff)
			return bad(why, "linux.devices[%zu].major: out of range", i);
		if (d->minor < 0 || d->minor > 0xfffff)
			return bad(why, "linux.devices[%zu].minor: out of range", i);
	}
	return 0;
}

/* What needs a namespace of the container's own to be done in. */
static int check_needs(const struct spec *s, char *why)
{
	const struct spec_linux *l = s->linux_;

	if (s->hostname && *s->hostname && !spec_namespace(s, CLONE_NEWUTS))
		return bad(why, "hostname: unable to set without a private UTS namespace");
	if (s->domainname && *s->domainname && !spec_namespace(s, CLONE_NEWUTS))
		return bad(why, "domainname: unable to set without a private UTS namespace");
	if (s->n_mounts && !spec_namespace(s, CLONE_NEWNS))
		return bad(why, "mounts: without a private mount namespace");
	if (l->maskedPaths && *l->maskedPaths && !spec_namespace(s, CLONE_NEWNS))
		return bad(why, "linux.maskedPaths: without a private mount namespace");
	if (l->readonlyPaths && *l->readonlyPaths && !spec_namespace(s, CLONE_NEWNS))
		return bad(why, "linux.readonlyPaths: without a private mount namespace");
	if (l->timeOffsets && !spec_is_new(s, CLONE_NEWTIME))
		return bad(why, "linux.timeOffsets: without a new time namespace");
	return 0;
}

/* As the kernel sees it (dev_valid_name); "%d" in it is a number that is free. */
static bool is_interface_name(const char *s)
{
	if (!*s || strlen(s) > 15 || str_eq(s, ".") || str_eq(s, ".."))
		return false;
	return !s[strcspn(s, "/: \t\n\v\f\r")];
}

static int check_net_devices(const struct spec *s, char *why)
{
	const struct spec_linux *l = s->linux_;

	if (l->n_netDevices && !spec_namespace(s, CLONE_NEWNET))
		return bad(why, "linux.netDevices: without a private network namespace");
	for (size_t i = 0; i < l->n_netDevices; i++) {
		const struct spec_net_device *d = &l->netDevices[i];

		if (!is_interface_name(d->host))
			return bad(why, "linux.netDevices: '%.32s' is no interface name", d->host);
		if (d->name && *d->name && !is_interface_name(d->name))
			return bad(why, "linux.netDevices.%.32s.name: '%.32s' is no interface name",
				   d->host, d->name);
	}
	return 0;
}

/* A directory's name in resctrl; "/" is the default group. */
static int check_rdt(const struct spec_rdt *r, char *why)
{
	const char *id = r ? r->closID : NULL;

	if (id && *id && !str_eq(id, "/") &&
	    (strchr(id, '/') || strchr(id, '\n') || str_eq(id, ".") || str_eq(id, "..")))
		return bad(why, "linux.intelRdt.closID: '%.32s' is no name", id);
	if (id && (str_eq(id, "info") || str_eq(id, "mon_groups") || str_eq(id, "mon_data")))
		return bad(why, "linux.intelRdt.closID: '%.32s' is resctrl's own", id);
	for (size_t i = 0; r && r->schemata && r->schemata[i]; i++) {
		if (strchr(r->schemata[i], '\n'))
			return bad(why, "linux.intelRdt.schemata[%zu]: more than one line", i);
	}
	return 0;
}

static int check_annotations(const struct spec *s, char *why)
{
	for (size_t i = 0; i < s->annotations.n; i++) {
		if (!*s->annotations.v[i].key)
			return bad(why, "annotations: a key is empty");
	}
	return 0;
}

static int check_personality(const struct spec_linux *l, char *why)
{
	if (l->personality && l->personality->flags && *l->personality->flags)
		return bad(why, "linux.personality.flags: must be empty");
	return 0;
}

static int check_propagation(const struct spec_linux *l, char *why)
{
	static const char *const words[] = { "",	 "shared",     "rshared",
					     "slave",	 "rslave",     "private",
					     "rprivate", "unbindable", "runbindable",
					     NULL };

	if (l->rootfsPropagation && !is_one_of(l->rootfsPropagation, words))
		return bad(why, "linux.rootfsPropagation: unknown value '%.32s'",
			   l->rootfsPropagation);
	return 0;
}

static int check_mounts(const struct spec *s, char *why)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct spec_mount *m = &s->mounts[i];

		if (!m->n_uidMappings != !m->n_gidMappings)
			return bad(why, "mounts[%zu].gidMappings: both maps or none", i);
	}
	return 0;
}

static int check_hooks(const char *kind, const struct spec_hook_list *list, char *why)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i].timeout < 0)
			return bad(why, "hooks.%s[%zu].timeout: negative", kind, i);
	}
	return 0;
}

static int check_all_hooks(const struct spec_hooks *h, char *why)
{
	if (check_hooks("prestart", &h->prestart, why) ||
	    check_hooks("createRuntime", &h->createRuntime, why) ||
	    check_hooks("createContainer", &h->createContainer, why) ||
	    check_hooks("startContainer", &h->startContainer, why) ||
	    check_hooks("poststart", &h->poststart, why))
		return -1;
	return check_hooks("poststop", &h->poststop, why);
}

int spec_check(const struct spec *s, char why[DECODE_WHY_MAX])
{
	if (!str_starts(s->ociVersion, "1."))
		return bad(why, "ociVersion: '%.32s' is not a 1.x version", s->ociVersion);
	if (s->process && spec_check_process(s->process, why))
		return -1;
	if (s->hooks && check_all_hooks(s->hooks, why))
		return -1;
	if (check_mounts(s, why))
		return -1;
	if (check_namespaces(s, why) || check_userns(s, why) || check_devices(s->linux_, why))
		return -1;
	if (check_needs(s, why) || check_propagation(s->linux_, why))
		return -1;
	if (check_net_devices(s, why) || check_rdt(s->linux_->intelRdt, why) ||
	    check_annotations(s, why))
		return -1;
	return check_personality(s->linux_, why);
}
