/* conmon_sync.c - the start, sync and attach pipes of conmon's caller. */
#include <dirent.h>
#include <fcntl.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/fd.h"
#include "lib/num.h"
#include "shim/conmon.h"

/* podman reads the pipe, a SOCK_SEQPACKET, through 4096 bytes: what is beyond would be cut. */
enum { RECORD_MAX = 4095 };

/* The descriptor an environment variable names, or -1. */
static int pipe_of(const char *variable)
{
	const char *value = getenv(variable);
	int fd;

	if (!value)
		return -1;
	if (num_int(value, 3, INT32_MAX, &fd) < 0 || fd_set_cloexec(fd, true) < 0)
		diex("%s: bad descriptor '%s'", variable, value);
	return fd;
}

static bool is_ours(const struct conmon *c, int fd)
{
	return fd <= 2 || fd == c->sync_fd || fd == c->start_fd || fd == c->attach_fd;
}

/* Ports and pipe ends of the caller that are to stay open as long as the container lives. */
static void hold_inherited(struct conmon *c)
{
	DIR *d = opendir("/proc/self/fd");

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		int fd;

		if (num_int(e->d_name, 0, INT32_MAX, &fd) < 0 || fd == dirfd(d) || is_ours(c, fd))
			continue;
		if (c->n_inherited < INHERITED_MAX)
			c->inherited[c->n_inherited++] = fd;
	}
	if (d)
		closedir(d);
}

void conmon_pipes_open(struct conmon *c)
{
	c->sync_fd = pipe_of("_OCI_SYNCPIPE");
	c->start_fd = pipe_of("_OCI_STARTPIPE");
	c->attach_fd = pipe_of("_OCI_ATTACHPIPE");
	hold_inherited(c);
	unsetenv("_OCI_SYNCPIPE");
	unsetenv("_OCI_STARTPIPE");
	unsetenv("_OCI_ATTACHPIPE");
}

void conmon_await_start(struct conmon *c)
{
	char byte;

	if (c->start_fd < 0)
		return;
	while (read(c->start_fd, &byte, 1) < 0 && errno == EINTR)
		;
	/* With --exec-attach a second byte lets the runtime go. */
	if (!c->exec_attach)
		close(steal_fd(&c->start_fd));
}

/* A caller that has gone away is no reason to go too. */
static void tell(int *fd, const struct buf *record)
{
	if (*fd >= 0 && write(*fd, record->data, record->len) < 0)
		close(steal_fd(fd));
}

static void tell_number(int *fd, const char *key, int n)
{
	_buf_ struct buf record = { 0 };

	buf_addf(&record, "{\"%s\": %d}\n", key, n);
	tell(fd, &record);
}

void conmon_tell_created(struct conmon *c, pid_t pid)
{
	if (c->api || !c->exec)
		tell_number(&c->sync_fd, c->api ? "data" : "pid", pid);
}

static const char *result_key(const struct conmon *c)
{
	return c->api ? "data" : c->exec ? "exit_code" : "pid";
}

static void tell_message(struct conmon *c, const char *why, size_t len)
{
	_buf_ struct buf record = { 0 };

	do {
		buf_reset(&record);
		buf_addf(&record, "{\"%s\": -1, \"message\": ", result_key(c));
		emit_quoted(&record, why, len, false);
		buf_adds(&record, "}\n");
		len = len * 3 / 4;
	} while (record.len > RECORD_MAX);
	tell(&c->sync_fd, &record);
}

void conmon_tell_failed(struct conmon *c, const char *why, size_t len)
{
	tell_message(c, why, len);
}

void conmon_tell_exit(struct conmon *c, const struct ending *e)
{
	static const char timed_out[] = "command timed out";

	if (!c->exec)
		return;
	if (e->timed_out)
		tell_message(c, timed_out, sizeof(timed_out) - 1);
	else
		tell_number(&c->sync_fd, result_key(c), e->code);
}

void conmon_tell_listening(struct conmon *c)
{
	if (c->exec_attach)
		tell_number(&c->attach_fd, "data", 0);
}
