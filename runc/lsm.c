#include <fcntl.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runc/launch.h"

bool lsm_has_apparmor(void)
{
	_free_ char *on = file_read_line(AT_FDCWD, "/sys/module/apparmor/parameters/enabled");

	return on && *on == 'Y';
}

bool lsm_has_selinux(void)
{
	return !access("/sys/fs/selinux/enforce", F_OK);
}

/* A label that cannot be had is an error: running without it would be a promise broken silently. */
void lsm_check(const struct launch *l)
{
	const struct spec_process *p = l->process;
	const char *mount_label = l->spec->linux_->mountLabel;

	if (p->apparmorProfile && *p->apparmorProfile && !lsm_has_apparmor())
		diex("apparmor profile '%s' specified in config, but apparmor is not enabled in "
		     "the "
		     "kernel",
		     p->apparmorProfile);
	if (p->selinuxLabel && *p->selinuxLabel && !lsm_has_selinux())
		diex("selinux label '%s' is specified in config, but selinux is disabled or not "
		     "supported",
		     p->selinuxLabel);
	if (mount_label && *mount_label && !lsm_has_selinux())
		diex("linux.mountLabel: '%s' is specified in config, but selinux is disabled or "
		     "not supported",
		     mount_label);
}

/* The private proc, no link and no other mount on the way (CVE-2019-16884, CVE-2025-52881). */
static void write_label(const struct launch *l, const char *file, const char *text)
{
	_close_ int selffd = openat(l->procfd, "thread-self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_close_ int fd = path_open_strict(selffd, file, O_WRONLY);

	if (fd < 0 || io_puts(fd, text))
		die("write '%s' to '/proc/thread-self/%s'", text, file);
}

void lsm_apply(const struct launch *l)
{
	const struct spec_process *p = l->process;

	if (p->apparmorProfile && *p->apparmorProfile) {
		_free_ char *text = xasprintf("exec %s", p->apparmorProfile);

		write_label(l, "attr/apparmor/exec", text);
	}
	if (p->selinuxLabel && *p->selinuxLabel)
		write_label(l, "attr/exec", p->selinuxLabel);
}
