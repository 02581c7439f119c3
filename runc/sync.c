#include <string.h>
#include <sys/socket.h>

#include "lib/die.h"
#include "runc/sync.h"

enum { MESSAGE_MAX = 4096 + 64 };

int sync_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
}

int sync_send(int fd, enum sync_type type, const char *text)
{
	char msg[MESSAGE_MAX] = { (char)type };
	size_t len = strnlen(text, sizeof(msg) - 1);
	ssize_t n;

	memcpy(msg + 1, text, len);
	do {
		n = write(fd, msg, len + 1);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

int sync_answer(int fd, enum sync_type type)
{
	char msg = (char)type;
	ssize_t n;

	do {
		n = send(fd, &msg, 1, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

enum sync_type sync_recv(int fd, struct buf *text)
{
	char msg[MESSAGE_MAX];
	ssize_t n;

	do {
		/* ECONNRESET: it ended with a word of ours unread; what it said before comes next.
		 */
		n = read(fd, msg, sizeof(msg));
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n <= 0)
		return n ? SYNC_BROKEN : SYNC_END;
	if (msg[0] <= SYNC_END) {
		errno = EPROTO;
		return SYNC_BROKEN;
	}
	if (text) {
		buf_reset(text);
		buf_add(text, msg + 1, (size_t)n - 1);
	}
	return (enum sync_type)msg[0];
}

void sync_expect(int fd, enum sync_type type)
{
	enum sync_type said = sync_recv(fd, NULL);

	if (said == SYNC_BROKEN)
		die("wait for the parent");
	if (said != type)
		_exit(1);
}
