#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runc/rdt.h"

enum { SCHEMATA_MAX_BYTES = 65536 };

int rdt_open_tree(void)
{
	const char *seam = getenv("LASH_RESCTRL");
	const char *path = seam && *seam ? seam : "/sys/fs/resctrl";
	_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	/* Not mounted, the directory is there and empty. */
	if (fd < 0 || faccessat(fd, "schemata", F_OK, 0))
		return -1;
	return steal_fd(&fd);
}

static int xopen_tree_root(void)
{
	int fd = rdt_open_tree();

	if (fd < 0)
		die("linux.intelRdt: resctrl is not mounted, or not supported by this machine");
	return fd;
}

/* The default group is the tree itself. */
int rdt_open_group(int rootfd, const char *name)
{
	return openat(rootfd, *name ? name : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_monitored(const struct spec_rdt *r)
{
	return r->enableMonitoring || r->enableCMT || r->enableMBM;
}

void rdt_choose(struct container *c, const struct spec_rdt *r)
{
	const char *name = r->closID && *r->closID ? r->closID : c->id;
	_close_ int rootfd = xopen_tree_root();

	c->rdt = xstrdup(str_eq(name, "/") ? "" : name);
	c->rdt_made = faccessat(rootfd, *c->rdt ? c->rdt : ".", F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	c->rdt_monitor = is_monitored(r);
	if (!c->rdt_made && !(r->closID && *r->closID))
		diex("linux.intelRdt: group '%s' exists already", name);
}

/* What is written and what is read differ in blanks. */
static char *without_blanks(const char *s)
{
	char *out = xstrdup(s), *to = out;

	for (; *s; s++) {
		if (*s != ' ' && *s != '\t')
			*to++ = *s;
	}
	*to = '\0';
	return out;
}

/* The lines that are asked for, in the order in which they are to be written. */
static void wanted_lines(const struct spec_rdt *r, struct strv *out)
{
	if (r->l3CacheSchema && *r->l3CacheSchema)
		strv_split(out, r->l3CacheSchema, '\n');
	if (r->memBwSchema && *r->memBwSchema)
		strv_add(out, r->memBwSchema);
	for (char **s = r->schemata; s && *s; s++)
		strv_add(out, *s);
}

/* A group shared by its name must be what everybody thinks it is. */
static void check_shares(int groupfd, const char *name, const struct strv *wanted)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv has = { 0 };

	if (!wanted->n)
		return;
	if (file_read(groupfd, "schemata", SCHEMATA_MAX_BYTES, &text))
		die("linux.intelRdt: read the schemata of '%s'", name);

	_free_ char *all = without_blanks(buf_str(&text));

	strv_split(&has, all, '\n');
	for (size_t i = 0; i < wanted->n; i++) {
		_free_ char *line = without_blanks(wanted->v[i]);

		if (*line && strv_index(has.v, line) < 0)
			diex("linux.intelRdt: group '%s' exists with other schemata than '%s'",
			     name, wanted->v[i]);
	}
}

static void append(int groupfd, const char *file, const char *text, const char *name)
{
	_close_ int fd = openat(groupfd, file,
				O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0 || io_puts(fd, text))
		die("linux.intelRdt: write '%s' to '%s/%s'", text, name, file);
}

/* One at a time: the kernel refuses a whole write for one bad line, and this names it. */
static void set_shares(int groupfd, const char *name, const struct strv *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		_free_ char *line = xasprintf("%s\n", wanted->v[i]);

		if (*wanted->v[i])
			append(groupfd, "schemata", line, name);
	}
}

static void make_monitor(const struct container *c, int groupfd)
{
	_close_ int monfd = openat(groupfd, "mon_groups",
				   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (monfd < 0 || mkdirat(monfd, c->id, 0755))
		die("linux.intelRdt: make monitoring group '%s'", c->id);
}

/* Somebody may have made a group that is shared by its name since we looked: then it is theirs. */
static void make_group(struct container *c, const struct spec_rdt *r, int rootfd)
{
	if (!mkdirat(rootfd, c->rdt, 0755))
		return;
	if (errno != EEXIST)
		die("linux.intelRdt: make group '%s'", c->rdt);
	c->rdt_made = false;
	if (container_save(c))
		die("write state of container '%s'", c->id);
	if (!r->closID || !*r->closID)
		diex("linux.intelRdt: group '%s' exists already", c->rdt);
}

void rdt_make(struct container *c, const struct spec_rdt *r)
{
	_close_ int rootfd = xopen_tree_root();
	_strv_ struct strv wanted = { 0 };

	if (c->rdt_made)
		make_group(c, r, rootfd);

	_close_ int groupfd = rdt_open_group(rootfd, c->rdt);

	if (groupfd < 0)
		die("linux.intelRdt: open group '%s'", c->rdt);
	wanted_lines(r, &wanted);
	if (c->rdt_made)
		set_shares(groupfd, c->rdt, &wanted);
	else
		check_shares(groupfd, c->rdt, &wanted);
	if (c->rdt_monitor)
		make_monitor(c, groupfd);
}

void rdt_join(const struct container *c, pid_t pid)
{
	_free_ char *monitor = NULL, *text = NULL;

	if (!c->rdt)
		return;

	_close_ int rootfd = xopen_tree_root();
	_close_ int groupfd = rdt_open_group(rootfd, c->rdt);

	if (groupfd < 0)
		die("linux.intelRdt: open group '%s'", c->rdt);
	text = xasprintf("%d\n", (int)pid);
	append(groupfd, "tasks", text, c->rdt);
	if (!c->rdt_monitor)
		return;
	monitor = xasprintf("mon_groups/%s/tasks", c->id);
	append(groupfd, monitor, text, c->rdt);
}

/* What rdt_update replaced. */
static struct {
	int groupfd;
	struct strv lines;
} before = { .groupfd = -1 };

static void put_back(void)
{
	die_cleanup(NULL);
	for (size_t i = 0; i < before.lines.n; i++) {
		_close_ int fd = openat(before.groupfd, "schemata",
					O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
		_free_ char *line = xasprintf("%s\n", before.lines.v[i]);

		if (*before.lines.v[i] && (fd < 0 || io_puts(fd, line)))
			warn("linux.intelRdt: put back '%s'", before.lines.v[i]);
	}
}

static void save_shares(const struct container *c)
{
	_close_ int rootfd = xopen_tree_root();
	_buf_ struct buf text = { 0 };

	before.groupfd = rdt_open_group(rootfd, c->rdt);
	if (before.groupfd < 0 || file_read(before.groupfd, "schemata", SCHEMATA_MAX_BYTES, &text))
		die("linux.intelRdt: read the schemata of '%s'", c->rdt);
	strv_split(&before.lines, buf_str(&text), '\n');
}

void rdt_update(const struct container *c, const char *l3, const char *mb)
{
	char *l3_line = (char *)(uintptr_t)l3, *mb_line = (char *)(uintptr_t)mb;
	const struct spec_rdt wanted = { .l3CacheSchema = l3_line, .memBwSchema = mb_line };
	_strv_ struct strv lines = { 0 };

	if (l3 && !c->rdt)
		diex("Intel RDT/CAT: l3 cache schema is not enabled");
	if (mb && !c->rdt)
		diex("Intel RDT/MBA: memory bandwidth schema is not enabled");
	if (!l3 && !mb)
		return;
	wanted_lines(&wanted, &lines);
	save_shares(c);
	die_cleanup(put_back);
	set_shares(before.groupfd, c->rdt, &lines);
}

void rdt_settle(void)
{
	die_cleanup(NULL);
	close_fd(&before.groupfd);
	strv_free(&before.lines);
}

/* Everywhere but in resctrl itself, where they go with the directory, the files must be removed. */
static int remove_group(int dirfd, const char *name)
{
	if (!unlinkat(dirfd, name, AT_REMOVEDIR) || errno == ENOENT)
		return 0;
	return errno == ENOTEMPTY ? path_remove_tree(dirfd, name) : -1;
}

int rdt_remove(const struct container *c)
{
	_close_ int rootfd = -1, groupfd = -1, monfd = -1;

	if (!c->rdt || (!c->rdt_made && !c->rdt_monitor))
		return 0;
	/* What is removed with all that is in it must be a name, whatever the record says. */
	if (strchr(c->rdt, '/') || str_eq(c->rdt, ".") || str_eq(c->rdt, ".."))
		return set_errno(EINVAL);
	rootfd = rdt_open_tree();
	if (rootfd < 0)
		return errno == ENOENT ? 0 : -1;
	groupfd = rdt_open_group(rootfd, c->rdt);
	if (groupfd < 0)
		return errno == ENOENT ? 0 : -1;
	if (c->rdt_monitor) {
		monfd = openat(groupfd, "mon_groups",
			       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (monfd < 0 ? errno != ENOENT : remove_group(monfd, c->id) != 0)
			return -1;
	}
	return c->rdt_made ? remove_group(rootfd, c->rdt) : 0;
}
