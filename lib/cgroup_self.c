#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/cgroup_private.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/str.h"

enum { PROC_CGROUP_MAX = 1 << 16 };

/* Does a line's middle field ("", "cpu,cpuacct", "name=systemd") mean this hierarchy? */
static bool is_same(const struct cgroup_hierarchy *h, const char *list)
{
	const char *named = str_after(list, "name=");

	if (h->unified || !*list)
		return h->unified && !*list;
	if (named)
		return str_eq(named, h->name);
	return (cgroup_controller_set(list, ",") & h->controllers) != 0;
}

/* "4:memory:/a/b": the path when the line is about H, else NULL. LINE is cut up. */
static char *path_in(const struct cgroup_hierarchy *h, char *line)
{
	char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;

	if (!path)
		return NULL;
	*path++ = '\0';
	return is_same(h, list + 1) ? path : NULL;
}

char *cgroup_path_of_pid(const struct cgroup_layout *l, int h, pid_t pid)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };
	char file[32];

	if (pid)
		snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	else
		snprintf(file, sizeof(file), "/proc/self/cgroup");
	if (file_read(AT_FDCWD, file, PROC_CGROUP_MAX, &text) < 0)
		return NULL;
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *path = path_in(&l->at[h], lines.v[i]);

		if (path)
			return cgroup_canonical(path);
	}
	errno = ENOENT;
	return NULL;
}
