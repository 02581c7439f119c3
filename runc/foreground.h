/* foreground.h - staying with a process until it ends: signals passed on, its terminal copied to
 * ours. */
#ifndef RUNC_FOREGROUND_H
#define RUNC_FOREGROUND_H

#include <sys/types.h>

#include "lib/base.h"

/* Before the process is made: hold signals back until they can be passed on; SUBREAPER: adopt its
 * orphans. */
void foreground_begin(bool subreaper);
/* Until PID ends; returns what wait(2) reports. The master of its terminal, if any,
 * arrives on SOCKFD; what it says on NOTIFYFD goes to notify_take. -1 for what there is not. */
int foreground_wait(pid_t pid, int pidfd, int sockfd, int notifyfd);

#endif
