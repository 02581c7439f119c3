/* v2_job.c - children that do what takes time, and what is done when they end. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "lib/spawn.h"
#include "shim/v2.h"

enum { OUTPUT_MAX = 8 << 20 };

int memfile(const char *name, const void *data, size_t len)
{
	_close_ int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || io_write(fd, data, len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return steal_fd(&fd);
}

char *memfile_path(int fd)
{
	return xasprintf("/proc/%d/fd/%d", getpid(), fd);
}

struct job *job_new(struct server *s, struct call *c, struct task *t, job_done *done)
{
	struct job *j = xcalloc(1, sizeof(*j));

	*j = (struct job){ .server = s, .call = c, .task = t, .done = done, .specfd = -1 };
	j->outfd = memfile("out", "", 0);
	j->logfd = memfile("log", "", 0);
	j->next = s->jobs;
	s->jobs = j;
	if (t)
		t->jobs++;
	return j;
}

static void job_free(struct job *j)
{
	struct task *t = j->task;

	close_fd(&j->outfd);
	close_fd(&j->logfd);
	close_fd(&j->specfd);
	free(j);
	if (t)
		t->jobs--;
	if (t)
		task_let_go(t);
}

static void job_end(struct job *j, int status)
{
	struct job **at = &j->server->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	j->done(j, status);
	job_free(j);
}

static void child_begin(void)
{
	/* Should we be killed, nobody would learn what this one makes. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	proc_reset_signals();
	die_to(NULL);
}

static void job_begun(struct job *j, pid_t pid)
{
	j->pid = pid;
	if (pid < 0)
		job_end(j, V2_FAILED_STATUS << 8);
}

void job_run(struct job *j, char *const *argv, const int stdio[3])
{
	pid_t pid = fork();

	if (pid == 0) {
		child_begin();
		xbecome(argv, (const int[]){ stdio[0], stdio[1] < 0 ? j->outfd : stdio[1],
					     stdio[2] < 0 ? j->outfd : stdio[2] });
	}
	job_begun(j, pid);
}

void job_fork(struct job *j, void (*fn)(struct job *j))
{
	pid_t pid = fork();

	if (pid == 0) {
		child_begin();
		if (j->outfd >= 0 && fd_install(j->outfd, 2) < 0)
			_exit(126);
		fn(j);
		_exit(0);
	}
	job_begun(j, pid);
}

int job_read(int fd, struct buf *out)
{
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return io_read_all(fd, OUTPUT_MAX, out);
}

/* The last error in a log of one JSON object a line. */
static char *logged_error(const char *text)
{
	_strv_ struct strv lines = { 0 };
	char why[JSON_WHY_MAX];

	strv_split(&lines, text, '\n');
	for (size_t i = lines.n; i-- > 0;) {
		_json_ struct json *line = json_parse(lines.v[i], strlen(lines.v[i]),
						      JSON_LAST_WINS, why);
		const char *level = json_get_str(line, "level"), *msg = json_get_str(line, "msg");

		if (level && msg && *msg && str_eq(level, "error"))
			return xstrdup(msg);
	}
	return NULL;
}

char *job_error(const struct job *j)
{
	_buf_ struct buf log = { 0 }, out = { 0 };
	char *msg = NULL;

	if (job_read(j->logfd, &log) == 0)
		msg = logged_error(buf_str(&log));
	if (!msg && job_read(j->outfd, &out) == 0 && out.len) {
		while (out.len && out.data[out.len - 1] == '\n')
			out.data[--out.len] = '\0';
		msg = xstrdup(out.data);
	}
	return msg ? msg : xasprintf("the runtime said nothing");
}

bool job_reaped(struct server *s, pid_t pid, int status)
{
	for (struct job *j = s->jobs; j; j = j->next)
		if (j->pid == pid) {
			job_end(j, status);
			return true;
		}
	return false;
}

bool jobs_make(const struct server *s)
{
	for (const struct job *j = s->jobs; j; j = j->next)
		if (j->makes)
			return true;
	return false;
}

static struct job *job_over(struct server *s, int *status)
{
	for (struct job *j = s->jobs; j; j = j->next)
		if (j->pid > 0 && waitpid(j->pid, status, WNOHANG) == j->pid)
			return j;
	return NULL;
}

void jobs_poll(struct server *s)
{
	struct job *j;
	int status;

	/* The end of one may begin or end others: each time from the start. */
	while ((j = job_over(s, &status)))
		job_end(j, status);
}
