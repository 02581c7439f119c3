#include <linux/seccomp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/seccomp_private.h"

int seccomp_bad(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, SECCOMP_WHY_MAX, fmt, ap);
	va_end(ap);
	return set_errno(EINVAL);
}

/* Where no flags are given, not even none, speculation is allowed, as runc does. */
static int resolve_flags(const struct seccomp_profile *p, unsigned int *out, char *why)
{
	bool notify = seccomp_has_notify(p);

	*out = notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	if (!p->flags && seccomp_flag_is_supported("SECCOMP_FILTER_FLAG_SPEC_ALLOW"))
		*out |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; p->flags && p->flags[i]; i++) {
		const struct seccomp_word *w = seccomp_word_find(seccomp_flag_words, p->flags[i]);

		if (!w || !seccomp_flag_is_supported(w->name))
			return seccomp_bad(why, "flags[%zu]: '%s' is not known to %s", i,
					   p->flags[i], w ? "the kernel" : "runc");
		/* One thread needs no TSYNC, which would exclude a listener; without one nobody
		 * waits. */
		if (w->value != SECCOMP_FILTER_FLAG_TSYNC &&
		    (w->value != SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV || notify))
			*out |= w->value;
	}
	return 0;
}

bool seccomp_is_wanted(const struct seccomp_profile *p)
{
	return p->defaultAction || p->nsyscalls;
}

bool seccomp_has_notify(const struct seccomp_profile *p)
{
	for (size_t i = 0; i < p->nsyscalls; i++) {
		if (p->syscalls[i].action && !strcmp(p->syscalls[i].action, "SCMP_ACT_NOTIFY"))
			return true;
	}
	return false;
}

static int build(const struct seccomp_profile *p, struct seccomp_program *out, char *why)
{
	if (seccomp_build(p, out, why))
		return -1;
	seccomp_shrink(out);
	return 0;
}

int seccomp_compile(const struct seccomp_profile *p, int cache_dirfd, struct seccomp_program *out,
		    char why[SECCOMP_WHY_MAX])
{
	char version[SECCOMP_VERSION_MAX];
	_buf_ struct buf key = { 0 };

	*out = (struct seccomp_program){ 0 };
	if (resolve_flags(p, &out->flags, why))
		return -1;
	if (cache_dirfd < 0)
		return build(p, out, why);
	seccomp_key(p, seccomp_library_version(version), &key);
	if (!seccomp_cache_get(cache_dirfd, &key, out))
		return 0;
	if (build(p, out, why))
		return -1;
	seccomp_cache_put(cache_dirfd, &key, out);
	return 0;
}

void seccomp_program_free(struct seccomp_program *prog)
{
	free(prog->insns);
	*prog = (struct seccomp_program){ 0 };
}

int seccomp_install(const struct seccomp_program *prog)
{
	const struct sock_fprog fprog = { (unsigned short)prog->ninsns, prog->insns };

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, prog->flags, &fprog);
}
