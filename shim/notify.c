/* notify.c - sd_notify from within the container, handed on to the service manager.
 *
 * What a container may say is a list: it may tell of itself, but not name another main process,
 * store descriptors or change the service's limits.
 */
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/fd.h"
#include "lib/str.h"
#include "shim/monitor.h"

enum { DATAGRAM_MAX = 4096 };

static bool is_allowed(const char *line, size_t len)
{
	static const char *const whole[] = { "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1",
					     "WATCHDOG=trigger" };
	static const char *const begins[] = { "STATUS=", "ERRNO=", "BUSERROR=", "MONOTONIC_USEC=" };

	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (len == strlen(whole[i]) && !memcmp(line, whole[i], len))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (len >= strlen(begins[i]) && !memcmp(line, begins[i], strlen(begins[i])))
			return true;
	return false;
}

size_t notify_filter(char *text, size_t len)
{
	size_t kept = 0, n;

	for (size_t at = 0; at < len; at += n + 1) {
		const char *newline = memchr(text + at, '\n', len - at);

		n = newline ? (size_t)(newline - (text + at)) : len - at;
		if (memchr(text + at, '\0', n) || !is_allowed(text + at, n))
			continue;
		if (kept)
			text[kept++] = '\n';
		memmove(text + kept, text + at, n);
		kept += n;
	}
	return kept;
}

/* A path, or with '@' an abstract name. */
static void hand_on(const char *to, const char *text, size_t len)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n = strlen(to);
	_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || n >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, to, n);
	if (*to == '@')
		addr.sun_path[0] = '\0';
	(void)!sendto(fd, text, len, MSG_NOSIGNAL, (struct sockaddr *)&addr,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}

static bool says_ready(const char *text, size_t len)
{
	const char *at = memmem(text, len, "READY=1", 7);

	return at && (at == text || at[-1] == '\n');
}

static void notify_ready(struct source *src, uint32_t events _unused_)
{
	struct monitor *m = container_of(src, struct monitor, notify);
	char text[DATAGRAM_MAX];
	ssize_t n = recv(src->fd, text, sizeof(text), MSG_DONTWAIT);
	size_t kept = n > 0 ? notify_filter(text, (size_t)n) : 0;

	if (!kept)
		return;
	hand_on(m->plan->notify_to, text, kept);
	if (m->plan->face->ready && says_ready(text, kept))
		m->plan->face->ready(m);
}

/* Whoever the container's processes are, they may speak. By umask: the directory may be theirs to
 * write to, and a chmod by name would change what they have put in the socket's place. */
static int bind_for_all(int fd, const struct sockaddr_un *addr)
{
	mode_t old = umask(0);
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));

	umask(old);
	return rc;
}

int notify_open(struct monitor *m)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char link[FD_LINK_MAX];

	m->notify = (struct source){ .fd = -1, .ready = notify_ready };
	if (!m->plan->notify_name)
		return 0;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", fd_link(m->plan->dirfd, link),
		 m->plan->notify_name);
	if (unlinkat(m->plan->dirfd, m->plan->notify_name, 0) < 0 && errno != ENOENT)
		return -1;
	m->notify.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m->notify.fd < 0 || bind_for_all(m->notify.fd, &addr) < 0)
		return -1;
	return loop_watch(&m->loop, &m->notify, EPOLLIN);
}

void notify_close(struct monitor *m)
{
	if (m->notify.fd < 0)
		return;
	loop_close(&m->loop, &m->notify);
	unlinkat(m->plan->dirfd, m->plan->notify_name, 0);
}
