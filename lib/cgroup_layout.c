#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lib/cgroup.h"
#include "lib/cgroup_private.h"
#include "lib/num.h"
#include "lib/str.h"

static const struct {
	const char *name, *v1_name;
} controllers[CGROUP_CONTROLLERS] = {
	[CGROUP_CPU] = { "cpu", NULL },
	[CGROUP_CPUACCT] = { "cpuacct", NULL },
	[CGROUP_CPUSET] = { "cpuset", NULL },
	[CGROUP_MEMORY] = { "memory", NULL },
	[CGROUP_IO] = { "io", "blkio" },
	[CGROUP_PIDS] = { "pids", NULL },
	[CGROUP_HUGETLB] = { "hugetlb", NULL },
	[CGROUP_RDMA] = { "rdma", NULL },
	[CGROUP_MISC] = { "misc", NULL },
	[CGROUP_DMEM] = { "dmem", NULL },
	[CGROUP_DEVICES] = { "devices", NULL },
	[CGROUP_FREEZER] = { "freezer", NULL },
	[CGROUP_NET_CLS] = { "net_cls", NULL },
	[CGROUP_NET_PRIO] = { "net_prio", NULL },
	[CGROUP_PERF_EVENT] = { "perf_event", NULL },
};

/* v2 has these in every group, whatever cgroup.controllers says. */
static const unsigned v2_implicit = 1u << CGROUP_CPUACCT | 1u << CGROUP_DEVICES |
				    1u << CGROUP_FREEZER | 1u << CGROUP_PERF_EVENT;

const char *cgroup_controller_name(enum cgroup_controller c)
{
	return c == CGROUP_CORE ? "cgroup" : controllers[c].name;
}

static bool is_word(const char *word, const char *s, size_t len)
{
	return word && strlen(word) == len && !memcmp(word, s, len);
}

int cgroup_controller_of(const char *name, size_t len)
{
	for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
		if (is_word(controllers[c].name, name, len) ||
		    is_word(controllers[c].v1_name, name, len))
			return c;
	}
	return set_errno(EINVAL);
}

unsigned cgroup_controller_set(const char *list, const char *seps)
{
	unsigned set = 0;

	while (*list) {
		size_t len = strcspn(list, seps);
		int c = cgroup_controller_of(list, len);

		if (c >= 0)
			set |= 1u << c;
		list += len + (list[len] != '\0');
	}
	return set;
}

/* Is the directory a cgroup mount: 2 for v2, 1 for v1, 0 for neither; -1 on failure. A plain tree
 * tells by its files. */
static int version_of(int dirfd, bool plain)
{
	struct statfs fs;

	if (fstatfs(dirfd, &fs))
		return -1;
	if (fs.f_type == CGROUP2_SUPER_MAGIC)
		return 2;
	if (fs.f_type == CGROUP_SUPER_MAGIC)
		return 1;
	if (!plain)
		return 0;
	if (!faccessat(dirfd, "cgroup.controllers", F_OK, 0))
		return 2;
	return !faccessat(dirfd, "cgroup.procs", F_OK, 0);
}

/* Take over DIRFD as one more hierarchy. */
static int add(struct cgroup_layout *l, int dirfd, const char *name, int version)
{
	struct cgroup_hierarchy *h = &l->at[l->n];

	if (l->n == CGROUP_HIERARCHIES || strlen(name) >= sizeof(h->name))
		return set_errno(E2BIG);
	*h = (struct cgroup_hierarchy){ .dirfd = dirfd, .unified = version == 2 };
	memcpy(h->name, name, strlen(name));
	if (h->unified) {
		_buf_ struct buf list = { 0 };

		if (cgroup_read(dirfd, "cgroup.controllers", &list) < 0)
			return -1;
		h->controllers = cgroup_controller_set(buf_str(&list), " \n") | v2_implicit;
		l->unified = l->n;
	} else {
		h->controllers = cgroup_controller_set(name, ",");
	}
	l->n++;
	return 0;
}

/* Symbolic links (cpu -> cpu,cpuacct) name a hierarchy twice, so they are not followed. One that is
 * there but cannot be opened must not be left out: a container would be made without its limits. */
static int add_below(struct cgroup_layout *l, int rootfd, const char *name, bool plain)
{
	_close_ int dirfd = openat(rootfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int version;

	if (dirfd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	version = version_of(dirfd, plain);
	if (version <= 0)
		return version;
	if (add(l, dirfd, name, version) < 0)
		return -1;
	steal_fd(&dirfd);
	return 0;
}

static int scan(struct cgroup_layout *l, int rootfd, bool plain)
{
	int fd = openat(rootfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		close_fd(&fd);
		return -1;
	}
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (e->d_name[0] != '.' && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
			rc = add_below(l, rootfd, e->d_name, plain);
	}
	if (!e && errno)
		rc = -1;

	int saved = errno;

	closedir(dir);
	errno = saved;
	return rc;
}

static int find(struct cgroup_layout *l, const char *root, bool plain)
{
	_close_ int rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int version;

	if (rootfd < 0)
		return -1;
	version = version_of(rootfd, plain);
	if (version < 0)
		return -1;
	if (version == 2) {
		if (add(l, rootfd, "", version) < 0)
			return -1;
		steal_fd(&rootfd);
		return 0;
	}
	if (scan(l, rootfd, plain) < 0)
		return -1;
	return l->n ? 0 : set_errno(ENOENT);
}

int cgroup_layout_open(struct cgroup_layout *l, const char *root)
{
	const char *seam = getenv("LASH_CGROUP");
	bool plain = !root && seam && *seam;

	*l = (struct cgroup_layout){ .unified = -1 };
	if (!root)
		root = plain ? seam : "/sys/fs/cgroup";
	if (find(l, root, plain) < 0) {
		cgroup_layout_close(l);
		return -1;
	}
	return 0;
}

void cgroup_layout_close(struct cgroup_layout *l)
{
	for (int i = 0; i < l->n; i++)
		close_fd(&l->at[i].dirfd);
	*l = (struct cgroup_layout){ .unified = -1 };
}

bool cgroup_is_unified(const struct cgroup_layout *l)
{
	return l->n == 1 && l->unified == 0;
}

static bool has(const struct cgroup_hierarchy *h, enum cgroup_controller c)
{
	return c == CGROUP_CORE ? h->unified : h->controllers >> c & 1;
}

int cgroup_hierarchy_of(const struct cgroup_layout *l, enum cgroup_controller c)
{
	for (int i = 0; i < l->n; i++) {
		if (!l->at[i].unified && has(&l->at[i], c))
			return i;
	}
	if (l->unified >= 0 && has(&l->at[l->unified], c))
		return l->unified;
	return set_errno(EOPNOTSUPP);
}
