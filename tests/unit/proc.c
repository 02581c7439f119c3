#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/proc.h"
#include "lib/spawn.h"
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

/* What COMMAND, run by a shell with STDIO, writes to the pipe PIPEFD is read from. */
static const char *spawned(const char *command, const int stdio[3], int pipefd, int ends)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
	static char text[64];
	pid_t pid = spawn(argv, stdio);
	ssize_t n;

	close(ends);
	expect(pid > 0);
	expect_int(proc_wait(pid), 0);
	n = read(pipefd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(pipefd);
	return text;
}

static void test_spawn(void)
{
	int ends[2];

	expect_int(pipe(ends), 0);
	expect_str(spawned("echo out; echo err >&2; cat; ls /proc/self/fd | wc -l",
			   (const int[]){ -1, ends[1], ends[1] }, ends[0], ends[1]),
		   "out\nerr\n4\n");
	/* In whatever order they come: what is to be 0 is 2, and the other way round. */
	expect_int(pipe2(ends, O_CLOEXEC), 0);
	int err = dup(2);

	expect_int(dup2(ends[1], 2), 2);
	expect_str(spawned("echo there >&0", (const int[]){ 2, 1, 0 }, ends[0], ends[1]),
		   "there\n");
	dup2(err, 2);
	close(err);
}

static void test_spawn_find(void)
{
	_free_ char *sh = NULL;

	setenv("PATH", "/no/such:/bin:/usr/bin", 1);
	sh = spawn_find("sh");
	expect_str(sh, "/bin/sh");
	expect(!spawn_find("no-such-program"));
	expect_int(errno, ENOENT);
	expect(!spawn_find("/no/such"));
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
		TEST(test_signal_names),
		TEST(test_spawn),
		TEST(test_spawn_find),
		TEST(test_open_wants_the_same_start),
		TEST(test_open_refuses_a_zombie),
		TEST(test_exit_code_of_a_signal),
		TEST(test_ignored_signals),
		{ 0 },
	};

	return tap_run(tests);
}
