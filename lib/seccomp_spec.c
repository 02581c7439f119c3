#include "lib/seccomp_spec.h"

static const struct field arg_fields[] = {
	U32(struct seccomp_arg, index, 0),
	U64(struct seccomp_arg, value, 0),
	U64(struct seccomp_arg, valueTwo, 0),
	STR(struct seccomp_arg, op, REQUIRED),
	END,
};
static const struct schema arg_schema = { sizeof(struct seccomp_arg), arg_fields };

static const struct field syscall_fields[] = {
	STRV(struct seccomp_syscall, names, REQUIRED | NONEMPTY),
	STR(struct seccomp_syscall, action, REQUIRED),
	U32_HAS(struct seccomp_syscall, errnoRet, has_errnoRet),
	LIST(struct seccomp_syscall, args, nargs, &arg_schema, 0),
	END,
};
static const struct schema syscall_schema = { sizeof(struct seccomp_syscall), syscall_fields };

static const struct field profile_fields[] = {
	STR(struct seccomp_profile, defaultAction, 0),
	U32_HAS(struct seccomp_profile, defaultErrnoRet, has_defaultErrnoRet),
	STRV(struct seccomp_profile, architectures, 0),
	STRV(struct seccomp_profile, flags, 0),
	STR(struct seccomp_profile, listenerPath, 0),
	STR(struct seccomp_profile, listenerMetadata, 0),
	LIST(struct seccomp_profile, syscalls, nsyscalls, &syscall_schema, 0),
	END,
};
static const struct schema profile_schema = { sizeof(struct seccomp_profile), profile_fields };

int seccomp_profile_decode(const struct json *j, struct seccomp_profile *out,
			   char why[DECODE_WHY_MAX])
{
	*out = (struct seccomp_profile){ 0 };
	if (!j || j->type == JSON_NULL)
		return 0;
	return decode(&profile_schema, j, "linux.seccomp", out, why);
}

void seccomp_profile_free(struct seccomp_profile *p)
{
	decode_free(&profile_schema, p);
}
