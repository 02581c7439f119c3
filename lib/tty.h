/* tty.h - terminals: raw mode, window size, a console's master. Failure: -1 and errno. */
#ifndef LIB_TTY_H
#define LIB_TTY_H

#include <sys/ioctl.h>
#include <termios.h>

#include "lib/base.h"

/* Put FD into raw mode (cfmakeraw); the old settings go to *SAVED for tty_restore. */
_check_ int tty_raw(int fd, struct termios *saved);
_check_ int tty_restore(int fd, const struct termios *saved);
_check_ int tty_get_size(int fd, struct winsize *ws);
_check_ int tty_set_size(int fd, const struct winsize *ws);
/* Copy FROM's window size to TO. */
_check_ int tty_copy_size(int from, int to);

#endif
