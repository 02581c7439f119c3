#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "lib/str.h"

/* What a job that dies exits with is below; its results must not look like that. */
enum { RESULT_BASE = 100 };

/* Shared by all workers: one of them is saying what failed. */
static atomic_flag *is_said;

/* Several may fail at once, but one word is enough. The others wait to be killed: were one of them
 * to end first, who speaks would be killed before it has spoken. */
static void say_once(const char *level, const char *msg)
{
	_free_ char *line = xasprintf("%s: %s\n", die_get_name(), msg);

	if (str_eq(level, "error") && atomic_flag_test_and_set(is_said))
		for (;;)
			pause();
	/* Nowhere is left to report that stderr cannot be written. */
	(void)!write(STDERR_FILENO, line, strlen(line));
}

static void share_flag(void)
{
	if (is_said)
		return;
	is_said = mmap(NULL, sizeof(*is_said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (is_said == MAP_FAILED)
		die("share memory with workers");
	atomic_flag_clear(is_said);
}

pid_t worker_start(worker_job *job, void *ctx, size_t i)
{
	pid_t parent = getpid(), pid;

	share_flag();
	pid = xfork();
	if (pid)
		return pid;
	die_to(say_once);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	_exit(RESULT_BASE + job(ctx, i));
}

int worker_result(int wait_status)
{
	if (!WIFSIGNALED(wait_status))
		return proc_exit_code(wait_status) - RESULT_BASE;
	warnx("a worker was killed by signal %d", WTERMSIG(wait_status));
	return -1;
}

static size_t index_of(const pid_t *pids, size_t n, pid_t pid)
{
	size_t i = 0;

	while (i < n && pids[i] != pid)
		i++;
	return i;
}

static void kill_all(pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] > 0 && !kill(pids[i], SIGKILL))
			proc_wait(pids[i]);
}

int worker_run(size_t n, worker_job *job, void *ctx, int *result)
{
	_free_ pid_t *pids = xcalloc(n, sizeof(*pids));
	/* One more than processors: at times each waits. */
	size_t started = 0, running = 0, most = proc_processors() + 1;

	while (started < n || running) {
		int status;

		if (started < n && running < most) {
			pids[started] = worker_start(job, ctx, started);
			started++;
			running++;
			continue;
		}

		pid_t pid = waitpid(-1, &status, 0);
		size_t i = pid > 0 ? index_of(pids, started, pid) : started;

		if (pid < 0 && errno != EINTR)
			die("wait for a worker");
		if (i == started)
			continue;
		pids[i] = 0;
		running--;
		result[i] = worker_result(status);
		if (result[i] < 0) {
			kill_all(pids, started);
			return -1;
		}
	}
	return 0;
}
