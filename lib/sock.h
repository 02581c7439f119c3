/* sock.h - Unix sockets and descriptors that travel over them.
 *
 * Paths may be longer than sun_path: they are reached through a descriptor of their directory.
 * Failure: -1 and errno.
 */
#ifndef LIB_SOCK_H
#define LIB_SOCK_H

#include <sys/socket.h>
#include <sys/types.h>

#include "lib/base.h"

enum { SOCK_FDS_MAX = 16 };

/* Connect a SOCK_STREAM or SOCK_SEQPACKET socket to PATH. Caller closes. */
_check_ int sock_connect(const char *path, int type);
/* Bind and listen at PATH with mode MODE; a socket file that nobody listens on is replaced, a live
 * one is EADDRINUSE. */
_check_ int sock_listen(const char *path, int type, mode_t mode, int backlog);
/* One message: LEN bytes (at least 1) and NFDS descriptors. */
_check_ int sock_send_fds(int sock, const void *data, size_t len, const int *fds, size_t nfds);
/* Receive one message: at most LEN bytes; descriptors arrive close-on-exec in FDS, *NFDS is
 * capacity in and count out; any beyond are closed. Returns bytes read, 0 at the end. */
_check_ ssize_t sock_recv_fds(int sock, void *data, size_t len, int *fds, size_t *nfds);

#endif
