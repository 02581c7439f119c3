/* seccomp_spec.h - linux.seccomp of config.json as the struct lib/seccomp compiles.
 *
 * Failure: -1, errno EINVAL, and a reason that starts with the member:
 * "linux.seccomp.syscalls[3].names: missing".
 */
#ifndef LIB_SECCOMP_SPEC_H
#define LIB_SECCOMP_SPEC_H

#include "lib/decode.h"
#include "lib/seccomp.h"

#define _seccomp_profile_ __attribute__((cleanup(seccomp_profile_free)))

/* Decode J (NULL or null: no filter, OUT stays empty). OUT is zeroed first; release it, also after
 * a failure. */
_check_ int seccomp_profile_decode(const struct json *j, struct seccomp_profile *out,
				   char why[DECODE_WHY_MAX]);
void seccomp_profile_free(struct seccomp_profile *p);

#endif
