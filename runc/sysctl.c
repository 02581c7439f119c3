#include <fcntl.h>
#include <sched.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/ns.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runc/launch.h"

/* Whole names, or prefixes that end in '/': which namespace has its own copy. */
static const struct {
	const char *name;
	int ns;
} known[] = {
	{ "kernel/msgmax", CLONE_NEWIPC },     { "kernel/msgmnb", CLONE_NEWIPC },
	{ "kernel/msgmni", CLONE_NEWIPC },     { "kernel/sem", CLONE_NEWIPC },
	{ "kernel/shmall", CLONE_NEWIPC },     { "kernel/shmmax", CLONE_NEWIPC },
	{ "kernel/shmmni", CLONE_NEWIPC },     { "kernel/shm_rmid_forced", CLONE_NEWIPC },
	{ "fs/mqueue/", CLONE_NEWIPC },	       { "net/", CLONE_NEWNET },
	{ "kernel/domainname", CLONE_NEWUTS }, { "user/", CLONE_NEWUSER },
};

/* "net.ipv4.conf.eno2/100.x" and "net/ipv4/conf/eno2.100/x" name the same file: the separator that
 * comes first separates, the other one stands for it inside a component. */
static char *to_path(const char *key)
{
	char *path = xstrdup(key);
	size_t first = strcspn(path, "./");

	if (path[first] != '.')
		return path;
	for (char *p = path; *p; p++) {
		if (*p == '.' || *p == '/')
			*p = *p == '.' ? '/' : '.';
	}
	return path;
}

/* A component "..", which could lead out of what the name's start promises. */
static bool has_dotdot(const char *path)
{
	_strv_ struct strv parts = { 0 };

	strv_split(&parts, path, '/');
	return strv_index(parts.v, "..") >= 0 || strv_index(parts.v, ".") >= 0;
}

static int namespace_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_ends(known[i].name, "/") ? str_starts(path, known[i].name)
						 : str_eq(path, known[i].name))
			return known[i].ns;
	}
	return 0;
}

static void check(const struct launch *l, const char *key, const char *path)
{
	int ns = namespace_of(path);

	if (str_eq(path, "kernel/hostname"))
		diex("linux.sysctl: '%s': use hostname instead", key);
	if (!ns || has_dotdot(path))
		diex("linux.sysctl: '%s' is not in a separate kernel namespace", key);
	if (!has_own_ns(l, ns))
		diex("linux.sysctl: '%s' is not allowed as it belongs to the host's %s namespace",
		     key, ns_of_flag(ns)->spec);
}

static void set(int sysfd, const char *key, const char *path, const char *value)
{
	_close_ int fd = path_open_strict(sysfd, path, O_WRONLY);

	if (fd < 0)
		die("open linux.sysctl '%s'", key);
	if (write(fd, value, strlen(value)) < 0)
		die("set linux.sysctl '%s' to '%s'", key, value);
}

void sysctl_apply(const struct launch *l)
{
	const struct decode_map *m = &l->spec->linux_->sysctl;

	if (!m->n)
		return;

	_close_ int sysfd = path_open_strict(l->procfd, "sys", O_PATH | O_DIRECTORY);

	if (sysfd < 0)
		die("open '/proc/sys'");
	for (size_t i = 0; i < m->n; i++) {
		_free_ char *path = to_path(m->v[i].key);

		check(l, m->v[i].key, path);
		set(sysfd, m->v[i].key, path, m->v[i].value);
	}
}
