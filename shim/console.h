/* console.h - a terminal on its way to us: the socket the runtime sends its master to, its size.
 *
 * A size that is set before the master is there is kept for it.
 */
#ifndef SHIM_CONSOLE_H
#define SHIM_CONSOLE_H

#include <sys/ioctl.h>

#include "lib/base.h"
#include "shim/loop.h"

struct console {
	struct source listener; /* fd -1: not, or no longer, waiting */
	struct source conn;	/* from the runtime, which may send long after it connects */
	struct loop *loop;
	int dirfd;
	const char *name;
	char path[64]; /* for --console-socket */
	/* The master is here; whoever is called owns it. */
	void (*adopt)(struct console *c, int masterfd);
	bool have_size;
	struct winsize size;
};

/* Wait for a master at NAME in DIRFD, both of which last until console_close. */
_check_ int console_listen(struct console *c, struct loop *l, int dirfd, const char *name);
/* A master that has come and was not taken yet is taken first. */
void console_close(struct console *c);

void console_set_size(struct console *c, unsigned rows, unsigned cols);
/* Give MASTERFD the size that was set, if one was. */
void console_fit(const struct console *c, int masterfd);

#endif
