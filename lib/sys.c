#include <fcntl.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#include "lib/mem.h"
#include "lib/sys.h"

enum { RENAME_RETRIES = 128 };

int sys_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve };
	long fd = -1;

	for (int i = 0; i < RENAME_RETRIES; i++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)fd;
}

pid_t sys_clone3(struct clone_args *args, size_t size)
{
	return (pid_t)syscall(SYS_clone3, args, size);
}

const char *sys_dir(const char *variable, const char *fallback)
{
	const char *s = getenv(variable);

	return s && *s ? s : fallback;
}

/* The rootless place is $XDG/lash, or $HOME/REST/lash; it lives as long as the process. */
static const char *user_dir(const char *xdg, const char *rest, const char *system)
{
	const char *base = getenv(xdg), *home = getenv("HOME");

	if (!geteuid())
		return system;
	if (base && *base)
		return xasprintf("%s/lash", base);
	return rest && home && *home ? xasprintf("%s/%s/lash", home, rest) : system;
}

const char *sys_lash_root(void)
{
	const char *s = sys_dir("LASH_ROOT", NULL);

	return s ? s : user_dir("XDG_DATA_HOME", ".local/share", "/var/lib/lash");
}

const char *sys_lash_run(void)
{
	const char *s = sys_dir("LASH_RUN", NULL);

	return s ? s : user_dir("XDG_RUNTIME_DIR", NULL, "/run/lash");
}

const char *sys_lash_etc(void)
{
	const char *s = sys_dir("LASH_ETC", NULL);

	return s ? s : user_dir("XDG_CONFIG_HOME", ".config", "/etc/lash");
}

const char *sys_cgroup_root(void)
{
	return sys_dir("LASH_CGROUP", "/sys/fs/cgroup");
}
