#include <ctype.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/str.h"

/* Task flags that /proc/PID/stat shows, include/linux/sched.h. */
enum { PF_EXITING = 0x4, PF_SIGNALED = 0x400 };

int proc_read_stat(pid_t pid, struct proc_stat *st)
{
	char path[32], line[1024];
	unsigned long long start, pending;
	unsigned int flags;
	ssize_t n;
	int ppid;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);

	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	/* One line, made at the read: it comes whole. */
	n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (n < 0)
		return errno == ENOENT ? set_errno(ESRCH) : -1;
	line[n] = '\0';

	/* The name in parentheses may hold anything, also ") Z". */
	const char *p = strrchr(line, ')');

	if (!p || sscanf(p,
			 ") %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			 "%*d %llu %*u %*d %*u %*u %*u %*u %*u %*u %llu",
			 &st->state, &ppid, &flags, &start, &pending) != 5)
		return set_errno(EPROTO);
	st->ppid = ppid;
	st->start_ticks = start;
	st->dying = st->state == 'Z' || st->state == 'X' || flags & (PF_EXITING | PF_SIGNALED) ||
		    pending >> (SIGKILL - 1) & 1;
	return 0;
}

int proc_pidfd_open(pid_t pid)
{
	return pidfd_open(pid, 0);
}

int proc_pidfd_signal(int pidfd, int sig)
{
	return pidfd_send_signal(pidfd, sig, NULL, 0);
}

int proc_open(pid_t pid, uint64_t start_ticks)
{
	struct proc_stat st;

	if (pid <= 0)
		return set_errno(ESRCH);

	_close_ int fd = proc_pidfd_open(pid);

	if (fd < 0 || proc_read_stat(pid, &st))
		return -1;
	if (st.start_ticks != start_ticks || st.state == 'Z' || st.state == 'X')
		return set_errno(ESRCH);
	return steal_fd(&fd);
}

/* linux/pidfd.h of Linux 6.15. */
struct pidfd_info_v1 {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define PIDFD_GET_INFO_V1 _IOWR(0xff, 11, struct pidfd_info_v1)
enum { PIDFD_INFO_EXIT_V1 = 8 };

int proc_pidfd_status(int pidfd, int *wstatus)
{
	struct pidfd_info_v1 info = { .mask = PIDFD_INFO_EXIT_V1 };

	if (ioctl(pidfd, PIDFD_GET_INFO_V1, &info) || !(info.mask & PIDFD_INFO_EXIT_V1))
		return set_errno(ENODATA);
	*wstatus = info.exit_code;
	return 0;
}

/* Fields of /proc/PID/stat as proc(5) counts them; the first two are before the last ')'. */
enum { STAT_SKIPPED = 3, STAT_STATE = 3, STAT_START = 22, STAT_EXIT_CODE = 52 };

int proc_zombie_status(pid_t pid, uint64_t start_ticks, int *wstatus)
{
	char path[32];
	_strv_ struct strv words = { 0 };
	uint64_t start;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);

	_free_ char *line = file_read_line(AT_FDCWD, path);
	const char *rest = line ? strrchr(line, ')') : NULL;

	if (!rest || !rest[1])
		return set_errno(ENODATA);
	strv_split(&words, rest + 2, ' ');
	if (words.n <= STAT_EXIT_CODE - STAT_SKIPPED ||
	    !str_eq(words.v[STAT_STATE - STAT_SKIPPED], "Z") ||
	    num_u64(words.v[STAT_START - STAT_SKIPPED], UINT64_MAX, &start) ||
	    start != start_ticks ||
	    num_int(words.v[STAT_EXIT_CODE - STAT_SKIPPED], 0, INT32_MAX, wstatus))
		return set_errno(ENODATA);
	return 0;
}

int proc_exit_code(int wstatus)
{
	return WIFSIGNALED(wstatus) ? 128 + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
}

int proc_wait(pid_t pid)
{
	int wstatus;

	while (waitpid(pid, &wstatus, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return proc_exit_code(wstatus);
}

size_t proc_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (size_t)CPU_COUNT(&set);
}

pid_t xfork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	return pid;
}

void xexec(char *const argv[])
{
	execvp(argv[0], argv);

	int err = errno;

	die_with(err == ENOENT ? 127 : 126, "run '%s': %s", argv[0], strerror(err));
}

uint64_t proc_ignored_signals(void)
{
	_close_ int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	unsigned long long set;
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	text[n < 0 ? 0 : n] = '\0';
	at = strstr(text, "\nSigIgn:");
	return at && sscanf(at, " SigIgn: %llx", &set) == 1 ? set : UINT64_MAX;
}

void proc_default_signals(uint64_t signals)
{
	/* The kernel's struct sigaction; signal(2) refuses the two glibc keeps for itself. */
	static const long defaults[4];
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++) {
		if (signals >> (sig - 1) & 1)
			syscall(SYS_rt_sigaction, sig, defaults, NULL, sizeof(uint64_t));
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void proc_reset_signals(void)
{
	proc_default_signals(UINT64_MAX);
}

const char *proc_signal_name(int sig)
{
	return sigabbrev_np(sig);
}

static int realtime_signal(const char *s)
{
	int n;

	if (!strncmp(s, "RTMIN", 5) && !num_int(s[5] == '+' ? s + 6
						: s[5]	    ? ""
							    : "0",
						0, SIGRTMAX - SIGRTMIN, &n))
		return SIGRTMIN + n;
	if (!strncmp(s, "RTMAX", 5) && !num_int(s[5] == '-' ? s + 6
						: s[5]	    ? ""
							    : "0",
						0, SIGRTMAX - SIGRTMIN, &n))
		return SIGRTMAX - n;
	return set_errno(EINVAL);
}

int proc_signal_number(const char *s)
{
	char name[16] = "";
	size_t len = strlen(s);
	int n;

	if (!num_int(s, 1, SIGRTMAX, &n))
		return n;
	if (len >= sizeof(name))
		return set_errno(EINVAL);
	for (size_t i = 0; i <= len; i++)
		name[i] = (char)toupper((unsigned char)s[i]);

	const char *bare = strncmp(name, "SIG", 3) ? name : name + 3;

	if (!strcmp(bare, "POLL") || !strcmp(bare, "IO"))
		return SIGIO;
	if (!strcmp(bare, "CLD"))
		return SIGCHLD;
	if (!strcmp(bare, "IOT"))
		return SIGABRT;
	for (n = 1; n < SIGRTMIN; n++) {
		const char *known = sigabbrev_np(n);

		if (known && !strcmp(known, bare))
			return n;
	}
	return realtime_signal(bare);
}
