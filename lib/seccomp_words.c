#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/seccomp_private.h"

const struct seccomp_word seccomp_action_words[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
	{ NULL, 0 },
};

const struct seccomp_word seccomp_operator_words[] = {
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	{ "SCMP_CMP_NE", SCMP_CMP_NE }, { NULL, 0 },
};

const struct seccomp_word seccomp_arch_words[] = {
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
	{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64 },
	{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
	{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
	{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
	{ NULL, 0 },
};

const struct seccomp_word seccomp_flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ NULL, 0 },
};

_Static_assert(ARRAY_LEN(seccomp_arch_words) <= SECCOMP_ARCHS_MAX, "the stub has room for them");

const struct seccomp_word *seccomp_word_find(const struct seccomp_word *words, const char *name)
{
	for (; words->name; words++) {
		if (name && !strcmp(words->name, name))
			return words;
	}
	return NULL;
}

bool seccomp_flag_is_supported(const char *flag)
{
	const struct seccomp_word *w = seccomp_word_find(seccomp_flag_words, flag);
	unsigned int bits = w ? w->value : 0;

	/* WAIT_KILLABLE_RECV alone is EINVAL whether known or not. */
	if (bits == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		bits |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* The kernel looks at the flags first and then faults on the missing filter. */
	return w && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, bits, NULL) < 0 &&
	       errno == EFAULT;
}

static const char *word_at(const struct seccomp_word *words, size_t n, size_t i)
{
	return i < n ? words[i].name : NULL;
}

const char *seccomp_action(size_t i)
{
	return word_at(seccomp_action_words, ARRAY_LEN(seccomp_action_words), i);
}

const char *seccomp_operator(size_t i)
{
	return word_at(seccomp_operator_words, ARRAY_LEN(seccomp_operator_words), i);
}

const char *seccomp_arch(size_t i)
{
	return word_at(seccomp_arch_words, ARRAY_LEN(seccomp_arch_words), i);
}

const char *seccomp_flag(size_t i)
{
	return word_at(seccomp_flag_words, ARRAY_LEN(seccomp_flag_words), i);
}

const char *seccomp_library_version(char buf[static SECCOMP_VERSION_MAX])
{
	const struct scmp_version *v = seccomp_version();

	snprintf(buf, SECCOMP_VERSION_MAX, "%u.%u.%u", v->major, v->minor, v->micro);
	return buf;
}
