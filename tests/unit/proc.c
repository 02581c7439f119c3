#include <signal.h>
#include <sys/wait.h>

#include "lib/proc.h"
#include "tests/unit/tap.h"

static void test_signal_names(void)
{
	static const struct {
		const char *text;
		int number;
	} good[] = { { "TERM", SIGTERM },  { "SIGTERM", SIGTERM }, { "sigkill", SIGKILL },
		     { "9", SIGKILL },	   { "IO", SIGIO },	   { "RTMIN", 34 },
		     { "SIGRTMIN+3", 37 }, { "RTMAX-1", 63 },	   { "cld", SIGCHLD } };
	static const char *const bad[] = {
		"",	"0",	    "-1",     "65",	"SIG",
		"NOPE", "RTMIN+31", "RTMIN+", "RTMINx", "TERMINATE THE PROCESS"
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		expect_int(proc_signal_number(good[i].text), good[i].number);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_int(proc_signal_number(bad[i]), -1);
	expect_str(proc_signal_name(SIGTERM), "TERM");
}

static void test_open_wants_the_same_start(void)
{
	struct proc_stat st;

	expect_int(proc_read_stat(getpid(), &st), 0);
	expect_int(st.ppid, getppid());

	_close_ int fd = proc_open(getpid(), st.start_ticks);

	expect(fd >= 0);
	expect_errno(proc_open(getpid(), st.start_ticks + 1), ESRCH);
	expect_errno(proc_open(-1, 1), ESRCH);
}

static void test_open_refuses_a_zombie(void)
{
	struct proc_stat st;
	siginfo_t info;
	pid_t pid = xfork();

	if (!pid)
		_exit(3);
	expect_int(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	expect_int(proc_read_stat(pid, &st), 0);
	expect_int(st.state, 'Z');
	expect_errno(proc_open(pid, st.start_ticks), ESRCH);
	expect_int(proc_wait(pid), 3);
}

static void test_ignored_signals(void)
{
	signal(SIGUSR2, SIG_IGN);
	signal(SIGRTMAX, SIG_IGN);
	expect(proc_ignored_signals() >> (SIGUSR2 - 1) & 1);
	expect(proc_ignored_signals() >> (SIGRTMAX - 1) & 1);
	expect(!(proc_ignored_signals() >> (SIGUSR1 - 1) & 1));
	proc_default_signals(proc_ignored_signals());
	expect_int(proc_ignored_signals(), 0);
}

static void test_exit_code_of_a_signal(void)
{
	pid_t pid = xfork();

	if (!pid) {
		raise(SIGKILL);
		_exit(0);
	}
	expect_int(proc_wait(pid), 137);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_signal_names),	  TEST(test_open_wants_the_same_start),
		TEST(test_open_refuses_a_zombie), TEST(test_exit_code_of_a_signal),
		TEST(test_ignored_signals),	  { 0 },
	};

	return tap_run(tests);
}
