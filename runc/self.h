/* self.h - what enters a container must not be backed by a file that the container could write to.
 *
 * A container's program may be "/proc/self/exe", or a script whose interpreter that is: then the
 * process in the container runs from our binary, can keep a handle on it, wait until nobody
 * executes it, and write to it (CVE-2019-5736). So the verbs that enter one run from a read-only
 * detached copy of the mount, which nothing can ever make writable, and are not dumpable, so that
 * no descriptor can be taken from them meanwhile.
 */
#ifndef RUNC_SELF_H
#define RUNC_SELF_H

#include "lib/base.h"

/* The verbs that enter a container, "" behind the last; no pointers, which early.c would find not
 * yet relocated. */
extern const char self_entering[][8];
/* It has been seen, in early.c, that nobody can write to us. */
extern bool self_is_safe;

/* For the verbs that enter a container: execute ourselves again from where we cannot be written to,
 * if we are not there yet. VERB is where the verb and its arguments start in ARGV. */
void self_protect(char **verb, char **argv);

#endif
