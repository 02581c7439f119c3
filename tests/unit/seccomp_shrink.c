#include <linux/audit.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/seccomp_private.h"
#include "tests/unit/tap.h"

#define WORD(s) ((char[]){ s })
#define NAMES(...) ((char *[]){ __VA_ARGS__, NULL })

/* The same numbers every time. */
static uint32_t some(uint32_t below)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % below;
}

static uint32_t word_at(const struct seccomp_data *d, uint32_t offset)
{
	uint32_t word;

	memcpy(&word, (const char *)d + offset, sizeof(word));
	return word;
}

static bool holds(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == i->k;
	case BPF_JGT:
		return a > i->k;
	case BPF_JGE:
		return a >= i->k;
	}
	return a & i->k;
}

/* What the kernel does. */
static uint32_t answer(const struct seccomp_program *prog, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < prog->ninsns;) {
		const struct sock_filter *i = &prog->insns[pc++];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			a = word_at(d, i->k);
			break;
		case BPF_ALU:
			a &= i->k;
			break;
		case BPF_RET:
			return i->k;
		default:
			if (i->code == (BPF_JMP | BPF_JA))
				pc += i->k;
			else
				pc += holds(i, a) ? i->jt : i->jf;
		}
	}
	return UINT32_MAX;
}

static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,	 AUDIT_ARCH_AARCH64, 0,
				  UINT32_MAX,	     AUDIT_ARCH_I386 + 1 };

static bool agree_on(const struct seccomp_program *a, const struct seccomp_program *b,
		     uint32_t arch, uint32_t nr)
{
	struct seccomp_data d = { .arch = arch, .nr = (int)nr };

	for (int i = 0; i < 6; i++)
		d.args[i] = some(2) ? some(8) : UINT64_C(1) << some(63);
	return answer(a, &d) == answer(b, &d);
}

static bool agree(const struct seccomp_program *a, const struct seccomp_program *b)
{
	static const uint32_t bases[] = { 0, 1u << 30, 1u << 31, 3u << 30, UINT32_MAX - 600 };

	for (size_t i = 0; i < ARRAY_LEN(archs); i++) {
		for (size_t k = 0; k < ARRAY_LEN(bases) * 600; k++) {
			if (!agree_on(a, b, archs[i], bases[k / 600] + (uint32_t)(k % 600)))
				return false;
		}
	}
	return true;
}

static struct seccomp_program copy_of(const struct seccomp_program *prog)
{
	struct seccomp_program copy = { .ninsns = prog->ninsns };

	copy.insns = xcalloc(prog->ninsns, sizeof(*prog->insns));
	memcpy(copy.insns, prog->insns, prog->ninsns * sizeof(*prog->insns));
	return copy;
}

/* Does the shrunken one say the same of everything? */
static bool survives(const struct seccomp_program *prog, size_t *size)
{
	struct seccomp_program shrunk = copy_of(prog);
	bool same;

	seccomp_shrink(&shrunk);
	same = agree(prog, &shrunk);
	*size = shrunk.ninsns;
	seccomp_program_free(&shrunk);
	return same;
}

static void test_shrunk_profile_says_the_same(void)
{
	struct seccomp_arg four = { .index = 0, .value = 4, .op = WORD("SCMP_CMP_EQ") };
	struct seccomp_arg large = { .index = 2, .value = 1u << 20, .op = WORD("SCMP_CMP_GE") };
	struct seccomp_arg flags = {
		.index = 1, .value = 7, .valueTwo = 1, .op = WORD("SCMP_CMP_MASKED_EQ")
	};
	struct seccomp_syscall calls[] = {
		{ .names = NAMES(
			  WORD("read"), WORD("write"), WORD("open"), WORD("close"), WORD("stat"),
			  WORD("fstat"), WORD("lstat"), WORD("poll"), WORD("lseek"), WORD("mmap"),
			  WORD("mprotect"), WORD("munmap"), WORD("brk"), WORD("rt_sigaction"),
			  WORD("ioctl"), WORD("pread64"), WORD("pwrite64"), WORD("readv"),
			  WORD("writev"), WORD("access"), WORD("pipe"), WORD("select"), WORD("dup"),
			  WORD("dup2"), WORD("nanosleep"), WORD("getpid"), WORD("fork"),
			  WORD("vfork"), WORD("execve"), WORD("exit"), WORD("wait4"), WORD("kill"),
			  WORD("uname"), WORD("fcntl"), WORD("flock"), WORD("fsync"),
			  WORD("getdents64"), WORD("openat"), WORD("openat2"), WORD("execveat"),
			  WORD("statx"), WORD("epoll_wait"), WORD("prctl"), WORD("exit_group")),
		  .action = WORD("SCMP_ACT_ALLOW") },
		{ .names = NAMES(WORD("clone"), WORD("socket")),
		  .action = WORD("SCMP_ACT_ALLOW"),
		  .args = &flags,
		  .nargs = 1 },
		{ .names = NAMES(WORD("personality")),
		  .action = WORD("SCMP_ACT_ALLOW"),
		  .args = &four,
		  .nargs = 1 },
		{ .names = NAMES(WORD("personality")),
		  .action = WORD("SCMP_ACT_LOG"),
		  .args = &large,
		  .nargs = 1 },
		{ .names = NAMES(WORD("mount"), WORD("reboot")),
		  .action = WORD("SCMP_ACT_KILL_PROCESS") },
	};
	struct seccomp_profile p = { .defaultAction = WORD("SCMP_ACT_ERRNO"),
				     .architectures = NAMES(WORD("SCMP_ARCH_X86_64"),
							    WORD("SCMP_ARCH_X86"),
							    WORD("SCMP_ARCH_X32")),
				     .syscalls = calls,
				     .nsyscalls = ARRAY_LEN(calls) };
	struct seccomp_program prog = { 0 };
	char why[SECCOMP_WHY_MAX] = "";
	size_t size = 0;

	expect_int(seccomp_build(&p, &prog, why), 0);
	expect_str(why, "");
	expect(survives(&prog, &size));
	expect(size <= prog.ninsns);
	seccomp_program_free(&prog);
}

/* A comparison near the numbers that are tried, with jumps ahead that stay inside. */
static struct sock_filter some_jump(size_t at, size_t n)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	uint16_t op = ops[some(4)];
	uint32_t left = (uint32_t)(n - at - 1), k = some(2) ? some(600) : archs[some(6)];

	left = left > 12 ? 12 : left;
	if (op == BPF_JSET)
		k = 1u << (24 + some(8));
	if (!some(8))
		return (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0, some(left) };
	return (struct sock_filter){ (uint16_t)(BPF_JMP | op | BPF_K), (uint8_t)some(left),
				     (uint8_t)some(left), k };
}

static struct sock_filter some_insn(size_t at, size_t n)
{
	static const uint32_t offsets[] = { 0, 0, 4, 4, 16, 20, 24 };
	uint32_t kind = some(10);

	if (at + 2 >= n || !kind)
		return (struct sock_filter){ BPF_RET | BPF_K, 0, 0, some(4) << 16 };
	if (!at || kind < 3)
		return (struct sock_filter){ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsets[some(7)] };
	return some_jump(at, n);
}

static void test_shrunk_programs_say_the_same(void)
{
	enum { PROGRAMS = 400, INSNS = 120 };
	size_t shrunk = 0;

	for (int round = 0; round < PROGRAMS; round++) {
		struct sock_filter insns[INSNS];
		struct seccomp_program prog = { .insns = insns, .ninsns = INSNS };
		size_t size = 0;

		/* Straight to the architecture, as filters do; the rest as it comes. */
		for (size_t i = 0; i < INSNS; i++)
			insns[i] = some_insn(i, INSNS);
		insns[0].k = 4;
		if (!expect(survives(&prog, &size)))
			return;
		shrunk += size < INSNS;
	}
	/* Most are too wild to be understood; some must have been. */
	expect(shrunk > PROGRAMS / 10);
}

static void test_what_is_not_understood_is_left_alone(void)
{
	struct sock_filter insns[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 },
		{ BPF_ALU | BPF_AND | BPF_K, 0, 0, 1 },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 1 },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
	};
	struct seccomp_program prog = { .insns = insns, .ninsns = ARRAY_LEN(insns) };

	seccomp_shrink(&prog);
	expect_int(prog.ninsns, ARRAY_LEN(insns));
	expect_int(insns[1].code, BPF_ALU | BPF_AND | BPF_K);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_shrunk_profile_says_the_same),
		TEST(test_shrunk_programs_say_the_same),
		TEST(test_what_is_not_understood_is_left_alone),
		{ 0 },
	};

	return tap_run(tests);
}
