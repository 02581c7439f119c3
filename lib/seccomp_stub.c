#include <linux/audit.h>
#include <linux/seccomp.h>

#include "lib/seccomp_private.h"

/* glibc tries the newest system call first and falls back when it is told ENOSYS, but not when it
 * is told EPERM. A profile cannot name what was not there when it was written, so what is newer
 * than all it names gets ENOSYS. */

enum { X32_BIT = 1 << 30 };

struct stub {
	struct sock_filter *insns;
	size_t n;
};

static struct sock_filter *add(struct stub *s, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	s->insns[s->n] = (struct sock_filter){ code, jt, jf, k };
	return &s->insns[s->n++];
}

static void ret_enosys(struct stub *s)
{
	add(s, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
}

/* Into the filter, however far that will be; the distance is filled in last. */
static void go_on(struct stub *s)
{
	add(s, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void refuse_above(struct stub *s, int newest)
{
	if (newest < 0)
		return;
	add(s, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)newest, 0, 1);
	ret_enosys(s);
}

/* One architecture's part; entered with the architecture in the accumulator, left by that of the
 * next. */
static void section(struct stub *s, const struct seccomp_newest *newest)
{
	struct sock_filter *not_ours = add(s, BPF_JMP | BPF_JEQ | BPF_K, newest->audit_arch, 0, 0);
	size_t start = s->n;

	add(s, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	if (newest->audit_arch == AUDIT_ARCH_X86_64) {
		struct sock_filter *is_x32 = add(s, BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 0, 0);
		size_t from = s->n;

		refuse_above(s, newest->nr);
		go_on(s);
		is_x32->jt = (uint8_t)(s->n - from);
		refuse_above(s, newest->x32_nr);
	} else {
		/* s390 carries numbers it does not know as setup(2), which has had no other use for
		 * decades. */
		if (newest->audit_arch == AUDIT_ARCH_S390 ||
		    newest->audit_arch == AUDIT_ARCH_S390X) {
			add(s, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
			ret_enosys(s);
		}
		refuse_above(s, newest->nr);
	}
	go_on(s);
	not_ours->jf = (uint8_t)(s->n - start);
}

size_t seccomp_stub(const struct seccomp_newest *newest, size_t n,
		    struct sock_filter out[static SECCOMP_STUB_MAX])
{
	enum { SECTION_MAX = 9 };
	struct stub s = { .insns = out };

	add(&s, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	for (size_t i = 0; i < n && s.n + SECTION_MAX <= SECCOMP_STUB_MAX; i++) {
		if (newest[i].nr >= 0 || newest[i].x32_nr >= 0)
			section(&s, &newest[i]);
	}
	for (size_t i = 0; i < s.n; i++) {
		if (out[i].code == (BPF_JMP | BPF_JA))
			out[i].k = (uint32_t)(s.n - i - 1);
	}
	return s.n > 1 ? s.n : 0;
}
