#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "cgctl/group.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/sys.h"

void xlayout_open(struct cgroup_layout *l)
{
	if (cgroup_layout_open(l, NULL) == 0)
		return;
	if (errno == ENOENT)
		diex("find a cgroup hierarchy in '%s': none is mounted there", sys_cgroup_root());
	die("find a cgroup hierarchy in '%s'", sys_cgroup_root());
}

bool xgroup_try(struct cgroup *g, const struct cgroup_layout *l, const char *path)
{
	if (cgroup_open(g, l, path) == 0)
		return true;
	if (errno == EINVAL)
		opt_misuse("'%s' is no name of a group", path);
	if (errno != ENOENT)
		die("open group '%s'", path);
	return false;
}

void xgroup_open(struct cgroup *g, const struct cgroup_layout *l, const char *path)
{
	if (!xgroup_try(g, l, path))
		diex("open group '%s': no such group", path);
}

int group_timeout_ms(int seconds)
{
	return seconds > INT_MAX / 1000 ? INT_MAX : seconds * 1000;
}

struct cgroup_setting *group_words(char **words, size_t n)
{
	struct cgroup_setting *s = xcalloc(n + 1, sizeof(*s));

	for (size_t i = 0; i < n; i++) {
		char *eq = strchr(words[i], '=');

		if (!eq || eq == words[i])
			opt_misuse("'%s' is not KEY=VALUE", words[i]);
		*eq = '\0';
		s[i] = (struct cgroup_setting){ words[i], eq + 1 };
	}
	return s;
}

char *group_comm(pid_t pid)
{
	char file[32];
	char *comm;

	snprintf(file, sizeof(file), "/proc/%d/comm", (int)pid);
	comm = file_read_line(AT_FDCWD, file);
	return comm ? die_clean(comm) : NULL;
}

void xgroup_print(const struct buf *out)
{
	if (out->len && io_write(STDOUT_FILENO, out->data, out->len) < 0)
		die("write standard output");
}
