/* v2_stdio.h - a process's stdio by the URIs of its request.
 *
 * "" is /dev/null. A path or fifo:// is a fifo, file:// a file appended to, binary://PATH?KEY=VALUE
 * a program that reads the output on its descriptors 3 and 4 and says on 5 that it does.
 */
#ifndef SHIM_V2_STDIO_H
#define SHIM_V2_STDIO_H

#include "shim/v2.h"

/* Make p->io, what the process gets, and begin to copy. What failed is told in *WHY (malloc'd).
 * Returns 0 or -1, and then nothing is left open. */
_check_ int stdio_open(struct proc *p, char **why);
/* Close our copies of what the process got. */
void stdio_let_go(struct proc *p);
/* Its stdin has no more writers but those that containerd has; may come before stdio_open. */
void stdio_end_input(struct proc *p);

/* v2_logger.c: start the program; p->io or p->tty_out gets where it reads. */
_check_ int logger_start(struct proc *p, const char *uri, char **why);
/* Call NEXT once p's logger is ready, or at once when it has none; WHY is NULL, or what failed. */
void logger_await(struct proc *p, void (*next)(struct proc *p, const char *why));
void logger_stop(struct proc *p);
/* Whether PID was one. */
bool logger_reaped(struct server *s, pid_t pid);

/* S without its %XX; malloc'd. */
char *uri_unescape(const char *s);

#endif
