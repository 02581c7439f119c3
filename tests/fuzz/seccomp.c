/* seccomp - a profile, decoded and compiled: what compiles must fit the kernel and have a key of
 * its own. */
#include "lib/seccomp_private.h"
#include "lib/seccomp_spec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[DECODE_WHY_MAX];
	_json_ struct json *j = json_parse((const char *)data, len, 0, why);
	_seccomp_profile_ struct seccomp_profile p = { 0 };
	_buf_ struct buf key = { 0 };
	struct seccomp_program prog;

	if (!j || seccomp_profile_decode(j, &p, why))
		return 0;
	seccomp_key(&p, "", &key);
	if (seccomp_compile(&p, -1, &prog, why))
		return 0;
	if (!prog.ninsns || prog.ninsns > BPF_MAXINSNS)
		abort();
	seccomp_program_free(&prog);
	return 0;
}
