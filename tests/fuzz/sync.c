/* sync - any messages in any order from the child of a launch: the parent comes to an end, with
 * success only if every word that must have come has come.
 *
 * The first byte says what kind of a launch it is; then each message is a length and as many bytes.
 */
#include <setjmp.h>
#include <sys/socket.h>

#include "lib/die.h"
#include "lib/proc.h"
#include "runc/hear.h"
#include "runc/rdt.h"
#include "runc/runc.h"
#include "runc/scope.h"
#include "tests/fuzz/fuzz.h"

enum { EXEC = 1, PARKED = 2, STAGE = 4, DEAF = 8 };

struct globals runc_globals;

/* The leak checker's, where there is one: what die() leaves in the functions it never returns to
 * is nobody's. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static jmp_buf out;
static bool saved;

/* What a launch does between two words is not looked at here. */
int container_destroy(_unused_ struct container *c)
{
	return 0;
}

int container_save(_unused_ const struct container *c)
{
	saved = true;
	return 0;
}

void container_emit(_unused_ const struct container *c, _unused_ enum status status,
		    _unused_ bool owner, _unused_ unsigned int indent, _unused_ struct buf *b)
{
}

char *state_now(void)
{
	return NULL;
}

int hooks_run(_unused_ const char *kind, _unused_ const struct spec_hook_list *list,
	      _unused_ const char *state, _unused_ char *const *env, _unused_ struct buf *why)
{
	return 0;
}

void netdev_move(_unused_ const struct launch *l)
{
}

void netdev_return(void)
{
}

void rdt_join(_unused_ const struct container *c, _unused_ pid_t pid)
{
}

void rlimits_raise(_unused_ const struct spec_process *p, _unused_ pid_t pid)
{
}

void scope_release(_unused_ struct launch *l)
{
}

void clone_start(_unused_ struct launch *l)
{
}

/* Reached by die(). */
static void escape(void)
{
	longjmp(out, 1);
}

static void check_message(_unused_ const char *level, const char *msg)
{
	for (; *msg; msg++) {
		if ((unsigned char)*msg < ' ' || *msg == 127)
			abort();
	}
}

static void say(int fd, const uint8_t *data, size_t len)
{
	for (size_t at = 0; at < len; at += 1 + data[at]) {
		size_t left = len - at - 1, n = data[at] < left ? data[at] : left;

		if (send(fd, data + at + 1, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			return;
	}
}

static void launch(struct launch *l, bool stage)
{
	if (setjmp(out))
		return;
	die_cleanup(escape);
	if (stage)
		hear_stage(l);
	launch_child(l);
	launch_release(l);
	if (!l->exec && !saved)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct spec_hooks hooks;
	static struct spec_linux lx;
	static struct spec_process process;
	static struct json empty = { .type = JSON_OBJECT };
	const struct spec spec = { .linux_ = &lx, .hooks = &hooks, .json = &empty };
	struct container c = CONTAINER_NONE;
	struct launch l = LAUNCH_NONE;
	int ends[2];

	if (!len || sync_pair(ends))
		return 0;
	die_to(check_message);
	saved = false;
	l.spec = &spec;
	l.process = &process;
	l.container = &c;
	l.exec = *data & EXEC;
	l.parked = *data & PARKED;
	l.listener_path = (char *)(uintptr_t) "/nonexistent";
	l.pid = getpid();
	l.pidfd = proc_pidfd_open(l.pid);
	l.syncfd = ends[0];
	say(ends[1], data + 1, len - 1);
	/* Dead, or only silent. */
	if (*data & DEAF)
		close(ends[1]);
	else
		shutdown(ends[1], SHUT_WR);
	if (__lsan_disable)
		__lsan_disable();
	launch(&l, *data & STAGE);
	if (__lsan_enable)
		__lsan_enable();
	die_cleanup(NULL);
	if (!(*data & DEAF))
		close(ends[1]);
	close_fd(&l.syncfd);
	close_fd(&l.pidfd);
	free(l.early_text);
	return 0;
}
