#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/cgroup_device.h"
#include "lib/cgroup_res.h"
#include "lib/die.h"
#include "lib/idmap.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"
#include "lib/resources.h"
#include "runc/hear.h"
#include "runc/launch.h"
#include "runc/rdt.h"
#include "runc/runc.h"
#include "runc/scope.h"

/* What dying has to take apart again. */
static struct launch *current;

void launch_abandon(void)
{
	struct launch *l = current;

	netdev_return();
	if (l->pidfd >= 0 && !proc_pidfd_signal(l->pidfd, SIGKILL))
		waitid(P_PIDFD, (id_t)l->pidfd, NULL, WEXITED);
	if (l->wrote_pid_file)
		unlink(l->pid_file);
	if (!l->exec && container_destroy(l->container))
		warn("remove container '%s'", l->container->id);
}

void launch_begin(struct launch *l)
{
	current = l;
	die_cleanup(launch_abandon);
}

void launch_done(void)
{
	die_cleanup(NULL);
	current = NULL;
}

static void write_maps(struct launch *l)
{
	const struct spec_linux *lx = l->spec->linux_;

	if (l->exec || !spec_is_new(l->spec, CLONE_NEWUSER))
		return;
	if (idmap_write(l->pid, (const struct idmap *)(const void *)lx->uidMappings,
			lx->n_uidMappings, (const struct idmap *)(const void *)lx->gidMappings,
			lx->n_gidMappings))
		die("write linux.uidMappings and linux.gidMappings");
	rlimits_raise(l->process, l->pid);
	hear_answer(l, SYNC_MAPPED);
}

struct cgroup_device_rule *launch_device_rules(const struct cgroup_resources *r)
{
	size_t n = r->n_devices + device_defaults_n;
	struct cgroup_device_rule *rules = xcalloc(n, sizeof(*rules));

	for (size_t i = 0; i < n; i++)
		rules[i] = i < r->n_devices ? r->devices[i] : device_defaults[i - r->n_devices];
	return rules;
}

void launch_limits(struct launch *l)
{
	const struct json *j = json_find(l->spec->json, "linux.resources");
	unsigned int flags = runc_globals.rootless ? CGROUP_TRY_DEVICES : 0;
	struct cgroup_resources r = { 0 }, full;
	_free_ struct cgroup_device_rule *rules = NULL;
	char why[DECODE_WHY_MAX];
	_buf_ struct buf reason = { 0 };

	if (l->exec || !l->container->cgroup || !j || j->type == JSON_NULL)
		return;
	if (decode(&resources_schema, j, "linux.resources", &r, why))
		diex("%s", why);
	full = r;
	if (l->scope_pid && r.pids && r.pids->has_limit && r.pids->limit >= 0 &&
	    r.pids->limit < INT64_MAX)
		r.pids->limit = (r.pids->limit ? r.pids->limit : 1) + 1;
	if (r.n_devices) {
		rules = launch_device_rules(&r);
		full.devices = rules;
		full.n_devices += device_defaults_n;
	}
	if (cgroup_apply(&l->group, &full, flags, &reason))
		die("%s", buf_str(&reason));
	decode_free(&resources_schema, &r);
}

void launch_leave_scope(struct launch *l)
{
	const struct json *limit = json_find(l->spec->json, "linux.resources.pids.limit");
	struct cgroup_pids_limit pids = { .has_limit = true };
	struct cgroup_resources r = { .pids = &pids };
	_buf_ struct buf reason = { 0 };

	if (!l->scope_pid)
		return;
	scope_release(l);
	if (limit && limit->text && num_i64(limit->text, 0, INT64_MAX, &pids.limit) == 0 &&
	    cgroup_apply(&l->group, &r, 0, &reason))
		die("%s", buf_str(&reason));
}

static void set_oom_score(const struct launch *l)
{
	char path[64], text[16];

	if (!l->process->has_oomScoreAdj)
		return;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)l->pid);
	snprintf(text, sizeof(text), "%d", (int)l->process->oomScoreAdj);
	/* EACCES: below what we have ourselves, without CAP_SYS_RESOURCE. */
	if (file_poke(AT_FDCWD, path, text) && !(errno == EACCES && runc_globals.rootless))
		die("set process.oomScoreAdj to %s", text);
}

static void run_hooks(struct launch *l)
{
	const struct spec_hooks *h = l->spec->hooks;
	_buf_ struct buf state = { 0 }, why = { 0 };

	l->container->init_process_pid = l->pid;
	container_emit(l->container, STATUS_CREATING, false, 0, &state);
	if (hooks_run("prestart", &h->prestart, buf_str(&state), NULL, &why) ||
	    hooks_run("createRuntime", &h->createRuntime, buf_str(&state), NULL, &why))
		diex("%s", buf_str(&why));
	hear_answer(l, SYNC_HOOKED);
}

static void save(struct launch *l)
{
	struct proc_stat st;

	if (l->exec)
		return;
	if (proc_read_stat(l->pid, &st))
		die("read the start time of %d", (int)l->pid);
	l->container->init_process_pid = l->pid;
	l->container->init_process_start = st.start_ticks;
	if (!l->parked)
		l->container->started = state_now();
	if (container_save(l->container))
		die("write state of container '%s'", l->container->id);
}

/* A reader sees the whole number or no file; conmon takes an absent one for failure. */
static void write_pid_file(struct launch *l)
{
	const char *slash;
	char text[16];

	if (!l->pid_file)
		return;
	slash = strrchr(l->pid_file, '/');

	_free_ char *dir = slash ? xmemdup0(l->pid_file, (size_t)(slash - l->pid_file + 1))
				 : xstrdup(".");
	_close_ int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int n = snprintf(text, sizeof(text), "%d", (int)l->pid);

	if (dirfd < 0 ||
	    file_replace(dirfd, slash ? slash + 1 : l->pid_file, 0644, text, (size_t)n, false))
		die("write pid file '%s'", l->pid_file);
	l->wrote_pid_file = true;
}

void launch_record(struct launch *l)
{
	save(l);
	write_pid_file(l);
}

bool launch_is_awaited(const struct launch *l)
{
	return !l->exec || l->pid_file || l->process->has_oomScoreAdj || l->container->rdt;
}

void launch_child(struct launch *l)
{
	_buf_ struct buf text = { 0 };
	enum sync_type type;

	/* Before the child: on v1 the device rules pass through "deny all", and a node it makes
	 * just then would be refused. */
	launch_limits(l);
	clone_start(l);
	/* Before the child can become undumpable, and its files root's. */
	set_oom_score(l);
	write_maps(l);
	rdt_join(l->container, l->pid);
	type = hear_first(l, &text);
	launch_leave_scope(l);
	if (type == SYNC_NETNS) {
		netdev_move(l);
		hear_answer(l, SYNC_MOVED);
		type = hear(l, &text);
	}
	if (type == SYNC_MOUNTED) {
		run_hooks(l);
		type = hear(l, &text);
	}
	if (type == SYNC_LISTENER) {
		listener_hand_over(l, buf_str(&text));
		type = hear(l, &text);
	}
	if (type != SYNC_READY)
		hear_no_more(l);
	launch_record(l);
}

/* The end of the channel is its execve, or its being parked, or its death: the last is no success.
 * One that dies later has lived, and has a status to tell of it. */
static void check_parked(const struct launch *l)
{
	struct pollfd ended = { .fd = l->pidfd, .events = POLLIN };

	if (!l->parked)
		return;
	if (poll(&ended, 1, 0) < 0)
		die("look after the container's process");
	if (ended.revents)
		hear_no_more(l);
}

void launch_release(struct launch *l)
{
	_buf_ struct buf text = { 0 };
	enum sync_type type;

	if (launch_is_awaited(l))
		hear_answer(l, SYNC_GO);
	if ((type = hear(l, &text)) != SYNC_END)
		diex("unexpected word '%c' from the container's process", (int)type);
	close_fd(&l->syncfd);
	l->syncfd = -1;
	check_parked(l);
}
