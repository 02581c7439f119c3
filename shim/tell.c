/* tell.c - our own runtime is told how the container ended.
 *
 * Only the parent of a process learns that for certain; `runc state` and `runc wait` know it from
 * us, by `runc wait --ended`. Other runtimes have no such verb and are left alone: ours is the one
 * that lies beside us, by the name ours has with runc for shim. The end is recorded after that, so
 * whoever waits for it finds both to agree, but not later than TELL_MS.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "lib/mem.h"
#include "lib/proc.h"
#include "shim/run.h"

enum { TELL_MS = 2000 };

static bool is_same(const struct stat *ours, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == ours->st_dev && st.st_ino == ours->st_ino;
}

static bool is_first_in_path(const struct stat *ours, const char *name)
{
	_strv_ struct strv dirs = { 0 };
	const char *path = getenv("PATH");

	strv_split(&dirs, path ? path : "", ':');
	for (size_t i = 0; i < dirs.n; i++) {
		_free_ char *file = xasprintf("%s/%s", dirs.v[i], name);

		if (access(file, X_OK) == 0)
			return is_same(ours, file);
	}
	return false;
}

bool tell_is_ours(const char *runtime)
{
	const char *self = (const char *)getauxval(AT_EXECFN);
	_free_ char *beside = NULL;
	struct stat st;

	if (!self || !str_ends(self, "shim"))
		return false;
	beside = xasprintf("%.*srunc", (int)(strlen(self) - strlen("shim")), self);
	if (stat(beside, &st) < 0)
		return false;
	return strchr(runtime, '/') ? is_same(&st, runtime) : is_first_in_path(&st, runtime);
}

static void too_late(struct alarm *a)
{
	run_end(container_of(a, struct run, back_off));
}

bool tell_begin(struct run *r, const struct ending *e)
{
	struct monitor *m = &r->monitor;
	const char *signal = e->signal ? proc_signal_name(e->signal) : NULL;
	_strv_ struct strv argv = { 0 };

	if (!r->tell_runtime || e->unknown || e->code < 0 || (e->signal && !signal))
		return false;
	run_runtime(r, &argv);
	strv_add(&argv, "wait");
	strv_add(&argv, "--ended");
	strv_take(&argv, signal ? xstrdup(signal) : xasprintf("%d", e->code));
	strv_add(&argv, r->id);
	r->tell_pid = process_start(m, argv.v, (const int[]){ -1, -1, -1 });
	if (r->tell_pid < 0)
		return false;
	m->held = true;
	r->back_off.ring = too_late;
	loop_alarm(&m->loop, &r->back_off, TELL_MS);
	return true;
}

bool tell_reaped(struct run *r, pid_t pid)
{
	if (pid != r->tell_pid)
		return false;
	r->tell_pid = 0;
	if (r->monitor.held)
		run_end(r);
	return true;
}
