#include <fcntl.h>
#include <stdio.h>

#include "lib/cgroup_private.h"
#include "lib/proc.h"

int cgroup_join_open(struct cgroup_join *j, const struct cgroup *g)
{
	*j = (struct cgroup_join){ .v2_dirfd = -1 };
	for (int i = 0; i < g->layout->n; i++) {
		if (g->dirfd[i] < 0)
			continue;
		if (g->layout->at[i].unified) {
			j->v2_dirfd = g->dirfd[i];
			continue;
		}
		j->tasksfd[j->n] = openat(g->dirfd[i], "tasks", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		if (j->tasksfd[j->n] < 0) {
			cgroup_join_close(j);
			return -1;
		}
		j->n++;
	}
	return 0;
}

/* "0" is the writing thread: the kernel takes no lock of all threads for that, as it does for a
 * PID. */
int cgroup_join_tasks(const struct cgroup_join *j)
{
	for (int i = 0; i < j->n; i++) {
		if (write(j->tasksfd[i], "0", 1) < 0)
			return -1;
	}
	return 0;
}

void cgroup_join_close(struct cgroup_join *j)
{
	for (int i = 0; i < j->n; i++)
		close_fd(&j->tasksfd[i]);
	*j = (struct cgroup_join){ .v2_dirfd = -1 };
}

/* From pending to exiting is a step, and one line of /proc/PID/stat is not read at one instant: a
 * child between the two when the first was read is seen by the second. */
bool cgroup_killed_at_birth(pid_t child)
{
	struct proc_stat st;

	for (int i = 0; i < 2; i++) {
		if (proc_read_stat(child, &st) < 0)
			return errno == ESRCH;
		if (st.dying)
			return true;
	}
	return false;
}

static int move_by(const struct cgroup *g, const char *v1_file, const char *v2_file, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (int i = 0; i < g->layout->n; i++) {
		const char *file = g->layout->at[i].unified ? v2_file : v1_file;

		if (g->dirfd[i] >= 0 && cgroup_write(g->dirfd[i], file, text) < 0)
			return -1;
	}
	return 0;
}

int cgroup_move(const struct cgroup *g, pid_t pid)
{
	return move_by(g, "cgroup.procs", "cgroup.procs", pid);
}

int cgroup_move_thread(const struct cgroup *g, pid_t tid)
{
	return move_by(g, "tasks", "cgroup.threads", tid);
}
