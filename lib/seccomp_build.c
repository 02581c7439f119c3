#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/mem.h"
#include "lib/seccomp_private.h"

enum {
	MAX_ERRNO = 4095, /* the kernel cuts SECCOMP_RET_ERRNO's data down to this */
	NARGS = 6,
	TREE_FROM = 33, /* names from which a binary tree pays; libseccomp <= 2.5.4 breaks on one
			   without rules */
};

/* What filling a libseccomp filter needs to know all the way down. */
struct build {
	const struct seccomp_profile *profile;
	scmp_filter_ctx ctx;
	uint32_t default_action;
	char *why;
};

static bool takes_errno(uint32_t action)
{
	return action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0);
}

/* An action and its errno (NULL: not given) as libseccomp wants them. */
static int resolve_action(const char *name, const uint32_t *errno_ret, const char *where,
			  uint32_t *action, char *why)
{
	const struct seccomp_word *w = seccomp_word_find(seccomp_action_words, name);

	if (!w)
		return seccomp_bad(why, "%s: unknown action '%s'", where, name ? name : "");
	if (errno_ret && !takes_errno(w->value))
		return seccomp_bad(why, "%s: %s takes no errnoRet", where, name);
	if (errno_ret && *errno_ret > MAX_ERRNO)
		return seccomp_bad(why, "%s: errnoRet %u is above %d", where, *errno_ret,
				   MAX_ERRNO);
	*action = w->value;
	if (takes_errno(w->value))
		*action |= errno_ret ? *errno_ret : EPERM;
	return 0;
}

static int resolve_arg(const struct build *b, size_t at, size_t i, struct scmp_arg_cmp *cmp)
{
	const struct seccomp_arg *arg = &b->profile->syscalls[at].args[i];
	const struct seccomp_word *op = seccomp_word_find(seccomp_operator_words, arg->op);

	if (arg->index >= NARGS)
		return seccomp_bad(b->why, "syscalls[%zu].args[%zu].index: %u is above %d", at, i,
				   arg->index, NARGS - 1);
	if (!op)
		return seccomp_bad(b->why, "syscalls[%zu].args[%zu].op: unknown operator '%s'", at,
				   i, arg->op ? arg->op : "");
	*cmp = (struct scmp_arg_cmp){ arg->index, (enum scmp_compare)op->value, arg->value,
				      arg->valueTwo };
	return 0;
}

static int add_conditions(const struct build *b, size_t at, uint32_t action, int nr,
			  const struct scmp_arg_cmp *cmps, size_t ncmps)
{
	int rc = seccomp_rule_add_array(b->ctx, action, nr, (unsigned int)ncmps, cmps);

	return rc ? seccomp_bad(b->why, "syscalls[%zu]: %s", at, strerror(-rc)) : 0;
}

/* Conditions on different arguments must all hold. libseccomp cannot say that of two on the same
 * argument; every runtime then takes each condition of the rule for a rule of its own, and profiles
 * rely on it. */
static bool are_alternatives(const struct scmp_arg_cmp *cmps, size_t n)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen & 1U << cmps[i].arg)
			return true;
		seen |= 1U << cmps[i].arg;
	}
	return false;
}

static int add_name(const struct build *b, size_t at, uint32_t action, int nr,
		    const struct scmp_arg_cmp *cmps, size_t ncmps)
{
	if (!are_alternatives(cmps, ncmps))
		return add_conditions(b, at, action, nr, cmps, ncmps);
	for (size_t i = 0; i < ncmps; i++) {
		if (add_conditions(b, at, action, nr, &cmps[i], 1))
			return -1;
	}
	return 0;
}

/* The listener's descriptor reaches its owner by a write; nobody could answer for that one. */
static int check_notify(const struct build *b, size_t at, const struct seccomp_syscall *s)
{
	for (size_t i = 0; s->names && s->names[i]; i++) {
		if (!strcmp(s->names[i], "write"))
			return seccomp_bad(
				b->why,
				"syscalls[%zu]: SCMP_ACT_NOTIFY cannot be used for the write "
				"syscall",
				at);
	}
	return 0;
}

const char *seccomp_unknown_name(const struct seccomp_profile *p)
{
	for (size_t i = 0; i < p->nsyscalls; i++) {
		for (char **name = p->syscalls[i].names; name && *name; name++) {
			if (seccomp_syscall_resolve_name(*name) == __NR_SCMP_ERROR)
				return *name;
		}
	}
	return NULL;
}

static int add_names(const struct build *b, size_t at, uint32_t action,
		     const struct scmp_arg_cmp *cmps)
{
	const struct seccomp_syscall *s = &b->profile->syscalls[at];

	for (size_t i = 0; s->names && s->names[i]; i++) {
		int nr = seccomp_syscall_resolve_name(s->names[i]);

		/* Names come and go with architectures and kernels: the unknown are no mistake. */
		if (nr != __NR_SCMP_ERROR && add_name(b, at, action, nr, cmps, s->nargs))
			return -1;
	}
	return 0;
}

static int add_syscall(const struct build *b, size_t at)
{
	const struct seccomp_syscall *s = &b->profile->syscalls[at];
	_free_ struct scmp_arg_cmp *cmps = xcalloc(s->nargs + 1, sizeof(*cmps));
	char where[48];
	uint32_t action;

	snprintf(where, sizeof(where), "syscalls[%zu].action", at);
	if (resolve_action(s->action, s->has_errnoRet ? &s->errnoRet : NULL, where, &action,
			   b->why))
		return -1;
	if (action == SCMP_ACT_NOTIFY && check_notify(b, at, s))
		return -1;
	for (size_t i = 0; i < s->nargs; i++) {
		if (resolve_arg(b, at, i, &cmps[i]))
			return -1;
	}
	/* libseccomp refuses a rule that says what the default says. */
	return action == b->default_action ? 0 : add_names(b, at, action, cmps);
}

static int add_archs(const struct build *b)
{
	char **names = b->profile->architectures;

	for (size_t i = 0; names && names[i]; i++) {
		const struct seccomp_word *w = seccomp_word_find(seccomp_arch_words, names[i]);
		int rc = w ? seccomp_arch_add(b->ctx, w->value) : -EINVAL;

		if (rc && rc != -EEXIST)
			return seccomp_bad(b->why, "architectures[%zu]: cannot filter '%s': %s", i,
					   names[i], strerror(-rc));
	}
	return 0;
}

static size_t count_names(const struct seccomp_profile *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->nsyscalls; i++) {
		for (size_t j = 0; p->syscalls[i].names && p->syscalls[i].names[j]; j++)
			n++;
	}
	return n;
}

static int fill(const struct build *b)
{
	if (add_archs(b))
		return -1;
	/* Not fatal: libseccomp before 2.5 makes a list instead. */
	if (count_names(b->profile) >= TREE_FROM)
		seccomp_attr_set(b->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < b->profile->nsyscalls; i++) {
		if (add_syscall(b, i))
			return -1;
	}
	return 0;
}

static int newest_of(const struct seccomp_profile *p, uint32_t arch)
{
	int newest = -1;

	for (size_t i = 0; i < p->nsyscalls; i++) {
		for (size_t j = 0; p->syscalls[i].names && p->syscalls[i].names[j]; j++) {
			int nr = seccomp_syscall_resolve_name_arch(arch, p->syscalls[i].names[j]);

			newest = nr > newest ? nr : newest;
		}
	}
	return newest;
}

/* Is the architecture part of the filter: named, or the native one? */
static bool has_arch(const struct seccomp_profile *p, const struct seccomp_word *arch)
{
	if (!arch)
		return false;
	if (arch->value == seccomp_arch_native())
		return true;
	for (size_t i = 0; p->architectures && p->architectures[i]; i++) {
		if (!strcmp(p->architectures[i], arch->name))
			return true;
	}
	return false;
}

static size_t make_stub(const struct build *b, struct sock_filter out[static SECCOMP_STUB_MAX])
{
	const uint32_t action = b->default_action;
	struct seccomp_newest newest[SECCOMP_ARCHS_MAX];
	bool has_x32 = has_arch(b->profile, seccomp_word_find(seccomp_arch_words, "SCMP_ARCH_X32"));
	size_t n = 0;

	/* Who allows, or traces, what he does not know will also answer for what is newer. */
	if (action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG ||
	    action == SCMP_ACT_ERRNO(ENOSYS) ||
	    (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE)
		return 0;
	for (const struct seccomp_word *w = seccomp_arch_words; w->name; w++) {
		/* libseccomp's tokens are the kernel's, but for x32, which the kernel calls x86-64.
		 */
		if (w->value == SCMP_ARCH_X32 || !has_arch(b->profile, w))
			continue;
		newest[n++] = (struct seccomp_newest){
			.audit_arch = w->value,
			.nr = newest_of(b->profile, w->value),
			.x32_nr = w->value == SCMP_ARCH_X86_64 && has_x32
					  ? newest_of(b->profile, SCMP_ARCH_X32)
					  : -1,
		};
	}
	return seccomp_stub(newest, n, out);
}

static int export_filter(const struct build *b, struct seccomp_program *out)
{
	_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct sock_filter stub[SECCOMP_STUB_MAX];
	size_t nstub = make_stub(b, stub);
	int rc = fd < 0 ? -errno : seccomp_export_bpf(b->ctx, fd);
	off_t len = rc ? 0 : lseek(fd, 0, SEEK_CUR);

	if (rc)
		return seccomp_bad(b->why, "cannot compile the filter: %s", strerror(-rc));
	out->ninsns = nstub + (size_t)len / sizeof(*out->insns);
	if (out->ninsns > BPF_MAXINSNS)
		return seccomp_bad(b->why, "syscalls: %zu instructions, the kernel takes %d",
				   out->ninsns, BPF_MAXINSNS);
	out->insns = xcalloc(out->ninsns, sizeof(*out->insns));
	memcpy(out->insns, stub, nstub * sizeof(*stub));
	if (pread(fd, out->insns + nstub, (size_t)len, 0) != len)
		return seccomp_bad(b->why, "cannot read the compiled filter back");
	return 0;
}

int seccomp_build(const struct seccomp_profile *p, struct seccomp_program *out, char *why)
{
	struct build b = { .profile = p, .why = why };
	int rc;

	if (resolve_action(p->defaultAction, p->has_defaultErrnoRet ? &p->defaultErrnoRet : NULL,
			   "defaultAction", &b.default_action, why))
		return -1;
	if (b.default_action == SCMP_ACT_NOTIFY)
		return seccomp_bad(
			why, "defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
	b.ctx = seccomp_init(b.default_action);
	if (!b.ctx)
		return seccomp_bad(why, "defaultAction: not supported by this kernel");
	rc = fill(&b) || export_filter(&b, out) ? -1 : 0;
	seccomp_release(b.ctx);
	if (rc)
		seccomp_program_free(out);
	return rc;
}
