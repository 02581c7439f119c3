/* process.c - the runtime, the container's first process, the on-exit command. */
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/fd.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/spawn.h"
#include "shim/monitor.h"

/* Socket activation names the process it is for, which is about to be the runtime. */
static void claim_listen_pid(const struct plan *p)
{
	const char *of = getenv("LISTEN_PID");
	char pid[16];
	int was;

	if (!of || (p->listen_pid && (num_int(of, 1, INT32_MAX, &was) < 0 ||
				      (was != p->listen_pid && was != getppid()))))
		return;
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
}

/* The caller wants to be attached before anything runs. */
static void await_start(int fd)
{
	char byte;

	while (fd >= 0 && read(fd, &byte, 1) < 0 && errno == EINTR)
		;
}

static _noreturn_ void become_runtime(struct monitor *m, const int stdio[3])
{
	/* Should we be killed now, half a container without a parent must not go on being made. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	proc_reset_signals();
	oom_unshield(m->oom_score);
	for (int i = 0; i < 3; i++)
		if (fd_install(stdio[i], i) < 0)
			_exit(126);
	(void)!fd_cloexec_from(3 + m->plan->preserve_fds);
	claim_listen_pid(m->plan);
	await_start(m->plan->start_fd);
	xexec(m->plan->runtime);
}

int process_spawn(struct monitor *m, const int stdio[3])
{
	m->runtime_pid = fork();
	if (m->runtime_pid == 0)
		become_runtime(m, stdio);
	return m->runtime_pid < 0 ? -1 : 0;
}

pid_t process_read_pid(const struct monitor *m)
{
	_free_ char *line = file_read_line(AT_FDCWD, m->plan->pid_file);
	int pid;

	return line && num_int(line, 1, INT32_MAX, &pid) == 0 ? pid : 0;
}

/* Until the runtime is done its orphans stay zombies: which of them is ours we know only then. */
void process_reap(struct monitor *m)
{
	int status;
	pid_t pid;

	if (m->state == CREATING && waitpid(m->runtime_pid, &status, WNOHANG) == m->runtime_pid)
		monitor_runtime_done(m, status);
	if (m->state == CREATING)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == m->pid)
			monitor_process_ended(m, status, true);
		else if (pid == m->on_exit_pid)
			m->on_exit_pid = 0;
		else if (!logging_reaped(m, pid, status) && m->plan->face->reaped)
			m->plan->face->reaped(m, pid, status);
	}
	monitor_leave_if_done(m);
}

/* It is a zombie (EPOLLIN), or reaped by whoever is its parent now (EPOLLHUP, since Linux 6.10). */
static void adopted_ended(struct source *src, uint32_t events)
{
	struct monitor *m = container_of(src, struct monitor, process);
	int status = 0;
	bool known = !proc_pidfd_status(src->fd, &status) ||
		     !proc_zombie_status(m->pid, m->start_ticks, &status);
	struct proc_stat st;

	/* Not told yet by the one, no more by the other: it is being reaped just now. */
	if (!known && !(events & EPOLLHUP) && !proc_read_stat(m->pid, &st) &&
	    st.start_ticks == m->start_ticks)
		return;
	if (!known)
		known = !proc_pidfd_status(src->fd, &status);
	loop_close(&m->loop, src);
	monitor_process_ended(m, status, known);
}

int process_adopt(struct monitor *m, const struct orphan *o)
{
	m->pid = o->pid;
	m->start_ticks = o->start_ticks;
	m->process = (struct source){ .fd = o->pidfd, .ready = adopted_ended };
	return loop_watch(&m->loop, &m->process, EPOLLIN);
}

void process_signal(struct monitor *m, int sig)
{
	if (m->process.fd >= 0) {
		(void)!proc_pidfd_signal(m->process.fd, sig);
		return;
	}
	/* Neither is reaped while we still hold its number, so no stranger has it. */
	pid_t pid = m->state == CREATING ? m->runtime_pid : m->pid;

	if (pid > 0)
		kill(pid, sig);
}

static pid_t start_after(struct monitor *m, unsigned delay_s, char *const argv[],
			 const int stdio[3])
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (delay_s)
		sleep(delay_s);
	oom_unshield(m->oom_score);
	xbecome(argv, stdio);
}

pid_t process_start(struct monitor *m, char *const argv[], const int stdio[3])
{
	return start_after(m, 0, argv, stdio);
}

void process_on_exit(struct monitor *m)
{
	if (!m->plan->on_exit)
		return;
	m->on_exit_pid = start_after(m, (unsigned)m->plan->on_exit_delay_s, m->plan->on_exit,
				     (const int[]){ -1, -1, -1 });
}
