#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mnt.h"
#include "lib/path.h"
#include "lib/sock.h"
#include "lib/tty.h"
#include "runc/launch.h"
#include "runc/make.h"

int console_prepare(struct launch *l, const char *socket, bool detach)
{
	bool terminal = l->process->terminal, given = socket && *socket;
	int pair[2];

	if (terminal && detach && !given)
		diex("cannot allocate tty if runc will detach without setting console socket");
	if (given && !(terminal && detach))
		diex("cannot use console socket if runc will not detach or allocate tty");
	if (!terminal)
		return -1;
	if (given) {
		l->console_sockfd = connect_option("--console-socket", socket);
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("make a socket pair");
	l->console_sockfd = pair[1];
	return pair[0];
}

/* A terminal multiplexer, and not what an image or a volume shows in its place (CVE-2025-52565). */
static bool is_ptmx(int fd)
{
	struct statfs fs;
	struct stat st;

	return !fstatfs(fd, &fs) && fs.f_type == DEVPTS_SUPER_MAGIC && !fstat(fd, &st) &&
	       S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2);
}

static int open_ptmx(int rootfd)
{
	static const char *const paths[] = { "dev/pts/ptmx", "dev/ptmx" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		_close_ int fd = path_open_in_root(rootfd, paths[i], O_RDWR | O_NOCTTY);

		if (fd >= 0 && is_ptmx(fd))
			return steal_fd(&fd);
	}
	diex("open a terminal: the container has no devpts at '/dev/pts'");
}

static void bind_console(int rootfd, int slavefd)
{
	_close_ int targetfd = target_open(rootfd, "/dev/console", false);
	_close_ int mntfd = mnt_clone(slavefd, "", false);

	if (targetfd < 0 || mntfd < 0 || mnt_attach(mntfd, targetfd))
		die("bind the terminal on '/dev/console'");
}

static void set_size(int masterfd, const struct spec_size *size)
{
	struct winsize ws = { 0 };

	if (!size || (!size->height && !size->width))
		return;
	ws.ws_row = (unsigned short)size->height;
	ws.ws_col = (unsigned short)size->width;
	if (tty_set_size(masterfd, &ws))
		die("set process.consoleSize");
}

void console_open(const struct launch *l, int rootfd)
{
	static const char name[] = "/dev/ptmx";
	_close_ int masterfd = open_ptmx(rootfd);
	int locked = 0;

	if (ioctl(masterfd, TIOCSPTLCK, &locked))
		die("unlock a terminal");

	_close_ int slavefd = ioctl(masterfd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slavefd < 0)
		die("open a terminal's other side");
	set_size(masterfd, l->process->consoleSize);
	if (!l->exec)
		bind_console(rootfd, slavefd);
	if (sock_send_fds(l->console_sockfd, name, sizeof(name) - 1, &masterfd, 1))
		die("send the terminal to the console socket");
	if (ioctl(slavefd, TIOCSCTTY, 0))
		die("take the terminal");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fd_install(slavefd, fd))
			die("install the terminal as descriptor %d", fd);
	}
}
