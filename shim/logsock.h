/* logsock.h - a socket to a log service, for drivers that send a message a record.
 *
 * Connected when first needed and again after it broke, at growing intervals. A send waits at most
 * LOG_PATIENCE_MS for a busy service, and not again before one went through: a service that hangs
 * costs the container that moment once.
 */
#ifndef SHIM_LOGSOCK_H
#define SHIM_LOGSOCK_H

#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base.h"

struct logsock {
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	} addr;
	socklen_t addr_len;
	int type; /* SOCK_DGRAM, SOCK_STREAM */
	int fd;	  /* -1: not connected */
	bool tired;
	int64_t retry_at_ms;
	int retry_ms;
};

/* An address: unix:PATH (stream), unixgram:PATH, udp://IP[:PORT], tcp://IP[:PORT], [IP] for IPv6.
 * Returns 0, or -1 and EINVAL. Names are not resolved: that may take for ever. */
int logsock_address(struct logsock *s, const char *text, uint16_t default_port);

/* Returns 0 or -1. */
int logsock_connect(struct logsock *s);

/* Send it all, or fail: -1 and errno; EMSGSIZE: too large for a datagram. */
int logsock_send(struct logsock *s, const struct msghdr *msg);

void logsock_close(struct logsock *s);

#endif
