#include "lib/tty.h"

int tty_raw(int fd, struct termios *saved)
{
	struct termios t;

	if (tcgetattr(fd, saved))
		return -1;
	t = *saved;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t);
}

int tty_restore(int fd, const struct termios *saved)
{
	return tcsetattr(fd, TCSANOW, saved);
}

int tty_get_size(int fd, struct winsize *ws)
{
	return ioctl(fd, TIOCGWINSZ, ws);
}

int tty_set_size(int fd, const struct winsize *ws)
{
	return ioctl(fd, TIOCSWINSZ, ws);
}

int tty_copy_size(int from, int to)
{
	struct winsize ws;

	return tty_get_size(from, &ws) ? -1 : tty_set_size(to, &ws);
}
