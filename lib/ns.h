/* ns.h - namespaces by type: names, opening, checking, joining. Types are CLONE_NEW* flags.
 *
 * Failure: -1 and errno; EINVAL from ns_open_path means "not a namespace of that type".
 */
#ifndef LIB_NS_H
#define LIB_NS_H

#include <sched.h>
#include <sys/types.h>

#include "lib/base.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { NS_TYPES = 8 };

struct ns_type {
	int flag;	  /* CLONE_NEW* */
	const char *spec; /* config.json: "network" */
	const char *proc; /* /proc/PID/ns: "net" */
};

/* All of them, in the order in which they are joined: user last. */
extern const struct ns_type ns_types[NS_TYPES];

/* The entry of a flag, or of a name in config.json; NULL when there is none. */
const struct ns_type *ns_of_flag(int flag);
const struct ns_type *ns_of_name(const char *spec);

/* Open a namespace by path, verified to be one of type FLAG. Caller closes. */
_check_ int ns_open_path(const char *path, int flag);
/* Open PID's (0: our own) namespace of type FLAG. Caller closes. */
_check_ int ns_open_pid(pid_t pid, int flag);
/* 1 when both are the same namespace, 0 when not. */
_check_ int ns_is_same(int fd, int otherfd);
/* The same for PID's and our own of type FLAG; ENOENT: this kernel has none such. */
_check_ int ns_is_ours(pid_t pid, int flag);
/* Bring lo up in the calling process's network namespace. */
_check_ int ns_loopback_up(void);

#endif
