/* v2_loop.c - a file as a block device. */
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "shim/v2_rootfs.h"

enum { TRIES = 64 };

/* A free device and the file in it; -1 and EBUSY when somebody was faster. */
static int try_device(int control, int file, bool readonly, char **device)
{
	struct loop_config config = {
		.fd = (uint32_t)file,
		.info = { .lo_flags = LO_FLAGS_AUTOCLEAR | (readonly ? LO_FLAGS_READ_ONLY : 0) },
	};
	int number = ioctl(control, LOOP_CTL_GET_FREE);
	_free_ char *path = number < 0 ? NULL : xasprintf("/dev/loop%d", number);
	_close_ int fd = path ? open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC) : -1;

	if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, &config) < 0)
		return -1;
	*device = steal_ptr(&path);
	return steal_fd(&fd);
}

int loop_xattach(const char *path, bool readonly, char **device)
{
	_close_ int file = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int fd = -1;

	if (file < 0)
		die("open '%s'", path);
	if (control < 0)
		die("open '/dev/loop-control'");
	for (int i = 0; i < TRIES && fd < 0; i++) {
		fd = try_device(control, file, readonly, device);
		if (fd < 0 && errno != EBUSY)
			break;
	}
	if (fd < 0)
		die("make a loop device of '%s'", path);
	return fd;
}
