/* seccomp.h - a container's system call filter: from linux.seccomp of config.json to BPF in the
 * kernel.
 *
 * seccomp_compile does all the work, in the parent and before the clone: names, conditions,
 * architectures, and a stub that answers ENOSYS, not the profile's refusal, for system calls newer
 * than the profile. seccomp_install is one system call for the child: no memory, no library. The
 * structs have config.json's spelling, so that lib/spec can decode straight into them.
 */
#ifndef LIB_SECCOMP_H
#define LIB_SECCOMP_H

#include <linux/filter.h>

#include "lib/base.h"

struct seccomp_arg {
	uint32_t index;
	uint64_t value, valueTwo;
	char *op;
};

struct seccomp_syscall {
	char **names;
	char *action;
	uint32_t errnoRet;
	bool has_errnoRet;
	struct seccomp_arg *args;
	size_t nargs;
};

struct seccomp_profile {
	char *defaultAction;
	uint32_t defaultErrnoRet;
	bool has_defaultErrnoRet;
	char **architectures;
	char **flags; /* NULL: not given, which is not the same as none */
	char *listenerPath, *listenerMetadata;
	struct seccomp_syscall *syscalls;
	size_t nsyscalls;
};

struct seccomp_program {
	struct sock_filter *insns;
	size_t ninsns;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_* */
};

/* Does the profile ask for a filter at all? One without default action and rules does not. */
bool seccomp_is_wanted(const struct seccomp_profile *p);
/* The first name in the rules that this machine has no system call for, or NULL. */
const char *seccomp_unknown_name(const struct seccomp_profile *p);
/* Does some rule hand system calls to a listener? Then seccomp_install returns its descriptor. */
bool seccomp_has_notify(const struct seccomp_profile *p);

enum { SECCOMP_WHY_MAX = 256 };
/* Compile P; with CACHE_DIRFD not -1 the result is kept below that directory and found again there.
 * Failure: -1, WHY has the reason, beginning with the member at fault ("syscalls[3].action: ...").
 * The caller frees OUT with seccomp_program_free. A cache that cannot be used is no failure. */
_check_ int seccomp_compile(const struct seccomp_profile *p, int cache_dirfd,
			    struct seccomp_program *out, char why[SECCOMP_WHY_MAX]);
void seccomp_program_free(struct seccomp_program *prog);

/* Put the calling thread under the filter: 0, or the listener's descriptor (CLOEXEC), or -1.
 * EACCES: neither no_new_privs nor CAP_SYS_ADMIN. */
_check_ int seccomp_install(const struct seccomp_program *prog);

/* The words this build knows, sorted; NULL behind the last. */
const char *seccomp_action(size_t i);
const char *seccomp_operator(size_t i);
const char *seccomp_arch(size_t i);
const char *seccomp_flag(size_t i);
/* Does the running kernel know this flag? */
bool seccomp_flag_is_supported(const char *flag);

enum { SECCOMP_VERSION_MAX = 16 };
/* libseccomp's, as "2.5.4", written to BUF and returned. */
const char *seccomp_library_version(char buf[static SECCOMP_VERSION_MAX]);

#endif
