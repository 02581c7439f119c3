#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/io.h"
#include "lib/proc.h"
#include "lib/seccomp_private.h"
#include "tests/unit/tap.h"

#define WORD(s) ((char[]){ s })
#define NAMES(...) ((char *[]){ __VA_ARGS__, NULL })

enum {
	UNTOUCHED = 1000, /* the call got through to the kernel, which said EFAULT or was happy */
	DIED = 2000,	  /* plus the signal */
};

/* The rule a filtered process needs to tell us the result. */
#define BASICS \
	{ \
		.names = NAMES(WORD("write"), WORD("exit_group"), WORD("exit")), \
		.action = WORD("SCMP_ACT_ALLOW") \
	}

/* Make a call in a child under the filter: errno, UNTOUCHED, or DIED + signal. */
static int call_under(const struct seccomp_program *prog, long nr, unsigned long a0,
		      unsigned long a1)
{
	int result = DIED, fds[2], status;
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = xfork();
	if (!pid) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || seccomp_install(prog) < 0)
			_exit(1);
		result = syscall(nr, a0, a1, 0, 0, 0, 0) < 0 ? errno : UNTOUCHED;
		_exit(write(fds[1], &result, sizeof(result)) < 0);
	}
	close(fds[1]);
	if (read(fds[0], &result, sizeof(result)) < 0)
		result = -1;
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? DIED + WTERMSIG(status) : result;
}

static void expect_refused(const struct seccomp_profile *p, const char *want)
{
	struct seccomp_program prog;
	char why[SECCOMP_WHY_MAX] = "";

	expect_errno(seccomp_compile(p, -1, &prog, why), EINVAL);
	expect_str(why, want);
	expect(!prog.insns);
}

static void test_actions_and_conditions(void)
{
	struct seccomp_arg ne[] = { { 0, 2, 0, WORD("SCMP_CMP_NE") },
				    { 1, 1, 0, WORD("SCMP_CMP_EQ") } };
	struct seccomp_arg big[] = { { 0, UINT64_C(1) << 40, 0, WORD("SCMP_CMP_GE") } };
	struct seccomp_arg masked[] = { { 0, 0xf0, 0x30, WORD("SCMP_CMP_MASKED_EQ") } };
	struct seccomp_syscall rules[] = {
		{ .names = NAMES(WORD("socket"), WORD("no_such_call")),
		  .action = WORD("SCMP_ACT_ERRNO"),
		  .errnoRet = 42,
		  .has_errnoRet = true,
		  .args = ne,
		  .nargs = 2 },
		{ .names = NAMES(WORD("personality")),
		  .action = WORD("SCMP_ACT_ERRNO"),
		  .args = masked,
		  .nargs = 1 },
		{ .names = NAMES(WORD("umask")), .action = WORD("SCMP_ACT_KILL_PROCESS") },
		{ .names = NAMES(WORD("setuid")), .action = WORD("SCMP_ACT_TRAP") },
		{ .names = NAMES(WORD("dup")),
		  .action = WORD("SCMP_ACT_ERRNO"),
		  .errnoRet = 43,
		  .has_errnoRet = true,
		  .args = big,
		  .nargs = 1 },
		{ .names = NAMES(WORD("close")), .action = WORD("SCMP_ACT_ALLOW") },
	};
	struct seccomp_profile p = { .defaultAction = WORD("SCMP_ACT_ALLOW"),
				     .syscalls = rules,
				     .nsyscalls = 6 };
	struct seccomp_program prog;
	char why[SECCOMP_WHY_MAX] = "";

	expect_int(seccomp_compile(&p, -1, &prog, why), 0);
	expect_str(why, "");
	expect_int(call_under(&prog, SYS_socket, 1, 1), 42);
	expect_int(call_under(&prog, SYS_socket, 2, 1), UNTOUCHED);
	expect_int(call_under(&prog, SYS_personality, 0x3f, 0), EPERM);
	expect_int(call_under(&prog, SYS_personality, 0x2f, 0) == EPERM, 0);
	expect_int(call_under(&prog, SYS_umask, 0, 0), DIED + SIGSYS);
	expect_int(call_under(&prog, SYS_setuid, 0, 0), DIED + SIGSYS);
	expect_int(call_under(&prog, SYS_dup, 0x10000000001, 0), 43);
	expect_int(call_under(&prog, SYS_dup, 99, 0), EBADF);
	seccomp_program_free(&prog);
}

static void test_two_conditions_on_one_argument_are_alternatives(void)
{
	struct seccomp_arg alt[] = { { 0, 0, 0, WORD("SCMP_CMP_EQ") },
				     { 0, 8, 0, WORD("SCMP_CMP_EQ") } };
	struct seccomp_syscall rules[] = {
		BASICS,
		{ .names = NAMES(WORD("personality")),
		  .action = WORD("SCMP_ACT_ALLOW"),
		  .args = alt,
		  .nargs = 2 },
	};
	struct seccomp_profile p = { .defaultAction = WORD("SCMP_ACT_ERRNO"),
				     .syscalls = rules,
				     .nsyscalls = 2 };
	struct seccomp_program prog;
	char why[SECCOMP_WHY_MAX] = "";

	expect_int(seccomp_compile(&p, -1, &prog, why), 0);
	expect_int(call_under(&prog, SYS_personality, 0, 0), UNTOUCHED);
	expect_int(call_under(&prog, SYS_personality, 8, 0), UNTOUCHED);
	expect_int(call_under(&prog, SYS_personality, 1, 0), EPERM);
	seccomp_program_free(&prog);
}

/* What is newer than the profile is not there; what is older is refused. */
static void test_newer_calls_are_enosys(void)
{
	struct seccomp_syscall rules[] = {
		BASICS,
		{ .names = NAMES(WORD("setns")),
		  .action = WORD("SCMP_ACT_ERRNO"),
		  .errnoRet = 42,
		  .has_errnoRet = true },
	};
	struct seccomp_profile p = { .defaultAction = WORD("SCMP_ACT_ERRNO"),
				     .syscalls = rules,
				     .nsyscalls = 2 };
	struct seccomp_program prog;
	char why[SECCOMP_WHY_MAX] = "";

	expect_int(seccomp_compile(&p, -1, &prog, why), 0);
	expect_int(call_under(&prog, SYS_mkdir, 0, 0), EPERM);
	expect_int(call_under(&prog, SYS_setns, 0, 0), 42);
	expect_int(call_under(&prog, SYS_setns + 1, 0, 0), ENOSYS);
	expect_int(call_under(&prog, SYS_clone3, 0, 0), ENOSYS);
	expect_int(call_under(&prog, 1023, 0, 0), ENOSYS);
	seccomp_program_free(&prog);

	p.defaultAction = WORD("SCMP_ACT_LOG");
	expect_int(seccomp_compile(&p, -1, &prog, why), 0);
	expect_int(call_under(&prog, SYS_clone3, 0, 0), EINVAL);
	seccomp_program_free(&prog);
}

static void test_stub_of_every_architecture_jumps_into_the_filter(void)
{
	const struct seccomp_newest newest[] = {
		{ AUDIT_ARCH_X86_64, 300, 0x40000000 + 200 },
		{ AUDIT_ARCH_I386, 400, -1 },
		{ AUDIT_ARCH_S390X, 300, -1 },
		{ AUDIT_ARCH_AARCH64, -1, -1 },
		{ AUDIT_ARCH_X86_64, 300, -1 },
	};
	struct sock_filter out[SECCOMP_STUB_MAX];
	size_t n = seccomp_stub(newest, ARRAY_LEN(newest), out);

	expect(n > 0 && n < SECCOMP_STUB_MAX);
	for (size_t i = 0; i < n; i++) {
		if (out[i].code == (BPF_JMP | BPF_JA))
			expect_int(i + 1 + out[i].k, n);
		else if (BPF_CLASS(out[i].code) == BPF_JMP)
			expect(i + 1 + out[i].jt <= n && i + 1 + out[i].jf <= n);
	}
	expect_int(seccomp_stub(&newest[3], 1, out), 0);
}

static void test_bad_profiles_name_the_member(void)
{
	struct seccomp_arg arg = { 0, 1, 0, WORD("SCMP_CMP_EQ") };
	struct seccomp_syscall rule = { .names = NAMES(WORD("write")),
					.action = WORD("SCMP_ACT_ALLOW"),
					.args = &arg,
					.nargs = 1 };
	struct seccomp_profile p = { .defaultAction = WORD("SCMP_ACT_NO"),
				     .syscalls = &rule,
				     .nsyscalls = 1 };

	expect_refused(&p, "defaultAction: unknown action 'SCMP_ACT_NO'");
	p.defaultAction = NULL;
	expect_refused(&p, "defaultAction: unknown action ''");
	p.defaultAction = WORD("SCMP_ACT_NOTIFY");
	expect_refused(&p, "defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
	p.defaultAction = WORD("SCMP_ACT_KILL");
	p.has_defaultErrnoRet = true;
	expect_refused(&p, "defaultAction: SCMP_ACT_KILL takes no errnoRet");
	p.has_defaultErrnoRet = false;
	rule.has_errnoRet = true;
	expect_refused(&p, "syscalls[0].action: SCMP_ACT_ALLOW takes no errnoRet");
	rule.action = WORD("SCMP_ACT_ERRNO");
	rule.errnoRet = 4096;
	expect_refused(&p, "syscalls[0].action: errnoRet 4096 is above 4095");
	rule.has_errnoRet = false;
	rule.action = WORD("SCMP_ACT_NOTIFY");
	expect_refused(&p, "syscalls[0]: SCMP_ACT_NOTIFY cannot be used for the write syscall");
	rule.action = WORD("SCMP_ACT_ALLOW");
	arg.index = 6;
	expect_refused(&p, "syscalls[0].args[0].index: 6 is above 5");
	arg = (struct seccomp_arg){ .op = WORD("EQ") };
	expect_refused(&p, "syscalls[0].args[0].op: unknown operator 'EQ'");
	arg.op = WORD("SCMP_CMP_LT");
	p.architectures = NAMES(WORD("SCMP_ARCH_X86"), WORD("SCMP_ARCH_VAX"));
	expect_refused(&p, "architectures[1]: cannot filter 'SCMP_ARCH_VAX': Invalid argument");
	p.architectures = NULL;
	p.flags = NAMES(WORD("SECCOMP_FILTER_FLAG_FLY"));
	expect_refused(&p, "flags[0]: 'SECCOMP_FILTER_FLAG_FLY' is not known to runc");
}

static void test_flags(void)
{
	struct seccomp_syscall rule = { .names = NAMES(WORD("mkdir")),
					.action = WORD("SCMP_ACT_NOTIFY") };
	struct seccomp_profile p = { .defaultAction = WORD("SCMP_ACT_ALLOW"),
				     .syscalls = &rule,
				     .nsyscalls = 1 };
	struct seccomp_program prog;
	char why[SECCOMP_WHY_MAX] = "";

	expect(seccomp_flag_is_supported("SECCOMP_FILTER_FLAG_TSYNC"));
	expect(!seccomp_flag_is_supported("SECCOMP_FILTER_FLAG_FLY"));
	expect_int(seccomp_compile(&p, -1, &prog, why), 0);
	expect_int(prog.flags, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	seccomp_program_free(&prog);
	p.flags = NAMES(WORD("SECCOMP_FILTER_FLAG_TSYNC"), WORD("SECCOMP_FILTER_FLAG_LOG"));
	expect_int(seccomp_compile(&p, -1, &prog, why), 0);
	expect_int(prog.flags, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_LOG);
	seccomp_program_free(&prog);
	rule.action = WORD("SCMP_ACT_ERRNO");
	p.flags = (char *[]){ NULL };
	expect_int(seccomp_compile(&p, -1, &prog, why), 0);
	expect_int(prog.flags, 0);
	seccomp_program_free(&prog);
}

static void test_install_returns_the_listener(void)
{
	struct seccomp_syscall rule = { .names = NAMES(WORD("mkdir")),
					.action = WORD("SCMP_ACT_NOTIFY") };
	struct seccomp_profile p = { .defaultAction = WORD("SCMP_ACT_ALLOW"),
				     .syscalls = &rule,
				     .nsyscalls = 1 };
	struct seccomp_program prog;
	char why[SECCOMP_WHY_MAX] = "";
	pid_t pid;

	expect(seccomp_has_notify(&p));
	expect_int(seccomp_compile(&p, -1, &prog, why), 0);
	pid = xfork();
	if (!pid) {
		int fd = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -1 : seccomp_install(&prog);

		_exit(fd > 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC ? 0 : 1);
	}
	expect_int(proc_wait(pid), 0);
	seccomp_program_free(&prog);
}

static bool same_program(const struct seccomp_program *a, const struct seccomp_program *b)
{
	return a->ninsns == b->ninsns && !memcmp(a->insns, b->insns, a->ninsns * sizeof(*a->insns));
}

/* Compile P with the cache, after DAMAGE was done to the one entry there; what comes out must be
 * WANT. */
static void expect_despite(const struct seccomp_profile *p, int dirfd,
			   const struct seccomp_program *want,
			   void (*damage)(int cachefd, const char *entry))
{
	_buf_ struct buf key = { 0 };
	char why[SECCOMP_WHY_MAX], version[SECCOMP_VERSION_MAX];
	struct seccomp_program prog = { 0 };
	int cachefd = openat(dirfd, ".seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char entry[8] = "";

	seccomp_key(p, seccomp_library_version(version), &key);
	for (int i = 0; i < 64 && !*entry; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%02x", i);
		if (!faccessat(cachefd, name, F_OK, 0))
			snprintf(entry, sizeof(entry), "%s", name);
	}
	expect(*entry);
	damage(cachefd, entry);
	close(cachefd);
	expect_int(seccomp_cache_get(dirfd, &key, &prog), -1);
	expect_int(seccomp_compile(p, dirfd, &prog, why), 0);
	expect(same_program(&prog, want));
	seccomp_program_free(&prog);
	expect_int(unlinkat(dirfd, ".seccomp", AT_REMOVEDIR) == 0 || errno == ENOTEMPTY, 1);
}

static void make_writable(int cachefd, const char *entry)
{
	expect_int(fchmodat(cachefd, entry, 0622, 0), 0);
}

static void make_foreign(int cachefd, const char *entry)
{
	expect_int(fchownat(cachefd, entry, 65534, 65534, 0), 0);
}

static void make_link(int cachefd, const char *entry)
{
	expect_int(renameat(cachefd, entry, cachefd, "real"), 0);
	expect_int(symlinkat("real", cachefd, entry), 0);
}

static void make_short(int cachefd, const char *entry)
{
	int fd = openat(cachefd, entry, O_WRONLY | O_CLOEXEC);

	expect_int(ftruncate(fd, 100), 0);
	close(fd);
}

static void make_other(int cachefd, const char *entry)
{
	int fd = openat(cachefd, entry, O_WRONLY | O_CLOEXEC);

	/* A byte of the key: the same slot, another profile. */
	expect_int(pwrite(fd, "x", 1, 30), 1);
	close(fd);
}

static void make_mixed(int cachefd, const char *entry)
{
	int fd = openat(cachefd, entry, O_WRONLY | O_CLOEXEC);

	/* The last instruction of somebody else's filter. */
	expect_int(pwrite(fd, "x", 1, lseek(fd, 0, SEEK_END) - 1), 1);
	close(fd);
}

static void make_dir_writable(int cachefd, const char *entry)
{
	(void)entry;
	expect_int(fchmod(cachefd, 0777), 0);
}

static void test_cache_is_used_only_when_it_can_be_trusted(void)
{
	struct seccomp_syscall rules[] = { BASICS };
	struct seccomp_profile p = { .defaultAction = WORD("SCMP_ACT_ERRNO"),
				     .syscalls = rules,
				     .nsyscalls = 1 };
	struct seccomp_program fresh, kept = { 0 };
	_buf_ struct buf key = { 0 };
	char why[SECCOMP_WHY_MAX], version[SECCOMP_VERSION_MAX];
	int dirfd = -1;

	tap_dir(&dirfd);
	seccomp_key(&p, seccomp_library_version(version), &key);
	expect_int(seccomp_cache_get(dirfd, &key, &kept), -1);
	expect_int(seccomp_compile(&p, dirfd, &fresh, why), 0);
	if (expect_int(seccomp_cache_get(dirfd, &key, &kept), 0))
		expect(same_program(&fresh, &kept));
	seccomp_program_free(&kept);

	expect_despite(&p, dirfd, &fresh, make_writable);
	expect_despite(&p, dirfd, &fresh, make_short);
	expect_despite(&p, dirfd, &fresh, make_other);
	expect_despite(&p, dirfd, &fresh, make_mixed);
	expect_despite(&p, dirfd, &fresh, make_link);
	if (!geteuid())
		expect_despite(&p, dirfd, &fresh, make_foreign);
	expect_despite(&p, dirfd, &fresh, make_dir_writable);
	seccomp_program_free(&fresh);
	close(dirfd);
}

static void test_key_tells_profiles_apart(void)
{
	struct seccomp_syscall one = { .names = NAMES(WORD("a"), WORD("b")), .action = WORD("x") };
	struct seccomp_syscall two[] = { { .names = NAMES(WORD("a")), .action = WORD("x") },
					 { .names = NAMES(WORD("b")), .action = WORD("x") } };
	struct seccomp_profile p = { .syscalls = &one, .nsyscalls = 1 };
	struct seccomp_profile q = { .syscalls = two, .nsyscalls = 2 };
	_buf_ struct buf a = { 0 }, b = { 0 }, c = { 0 };

	seccomp_key(&p, "1", &a);
	seccomp_key(&q, "1", &b);
	seccomp_key(&p, "2", &c);
	expect(a.len != b.len || memcmp(a.data, b.data, a.len));
	expect(a.len == c.len && memcmp(a.data, c.data, a.len));
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_actions_and_conditions),
		TEST(test_two_conditions_on_one_argument_are_alternatives),
		TEST(test_newer_calls_are_enosys),
		TEST(test_stub_of_every_architecture_jumps_into_the_filter),
		TEST(test_bad_profiles_name_the_member),
		TEST(test_flags),
		TEST(test_install_returns_the_listener),
		TEST(test_cache_is_used_only_when_it_can_be_trusted),
		TEST(test_key_tells_profiles_apart),
		{ 0 },
	};

	return tap_run(tests);
}
