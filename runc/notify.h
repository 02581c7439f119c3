/* notify.h - readiness (sd_notify) from the container to the service manager that runs runc.
 *
 * The container gets a socket of its own, in a directory of ROOT/ID that is bound read-only on
 * /run/notify; of what it says there only READY=1 is passed on, since the rest (MAINPID, FDSTORE)
 * would speak for us.
 */
#ifndef RUNC_NOTIFY_H
#define RUNC_NOTIFY_H

#include <sys/types.h>

#include "runc/launch.h"

/* If $NOTIFY_SOCKET is set: make the directory, open it for the mount, set the container's
 * variable. */
void notify_prepare(struct launch *l);
/* Its directory, as a mount for notify_attach. */
void notify_open_mount(struct launch *l);
/* As the child: attach it. */
void notify_attach(const struct launch *l, int rootfd);
/* Bind the container's socket; -1 when nobody is to be notified. Caller closes. */
int notify_open(const struct container *c);
/* Read one message; true once the container is ready and $NOTIFY_SOCKET was told so, with PID as
 * the main process. */
bool notify_take(int fd, pid_t pid);
/* Take messages until ready or until the process of PIDFD ends. */
void notify_wait(int fd, pid_t pid, int pidfd);

#endif
