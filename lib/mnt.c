#include <fcntl.h>

#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/mnt.h"

enum effect {
	NOTHING,
	SET,
	CLEAR,
	ATIME,
	TREE_SET,
	TREE_CLEAR,
	TREE_ATIME,
	PROPAGATE,
	PROPAGATE_TREE,
	FLAG
};

/* For FLAG: which bool. */
enum flag { BIND, RBIND, REMOUNT, TMPCOPYUP, IDMAP, RIDMAP, COPY_LINK, SRC_LINK, DEST_LINK };

struct word {
	const char *name;
	enum effect effect;
	uint64_t value;
};

/* Sorted. Words of the superblock (sync, dirsync, lazytime, mand, ...) are not here: the VFS parses
 * them itself when they come through fsconfig. "defaults" and what is the default in the new API do
 * nothing. */
static const struct word words[] = {
	{ "atime", ATIME, MOUNT_ATTR_RELATIME },
	{ "bind", FLAG, BIND },
	{ "copy-symlink", FLAG, COPY_LINK },
	{ "defaults", NOTHING, 0 },
	{ "dest-nofollow", FLAG, DEST_LINK },
	{ "dev", CLEAR, MOUNT_ATTR_NODEV },
	{ "diratime", CLEAR, MOUNT_ATTR_NODIRATIME },
	{ "exec", CLEAR, MOUNT_ATTR_NOEXEC },
	{ "idmap", FLAG, IDMAP },
	{ "loud", NOTHING, 0 },
	{ "noatime", ATIME, MOUNT_ATTR_NOATIME },
	{ "nodev", SET, MOUNT_ATTR_NODEV },
	{ "nodiratime", SET, MOUNT_ATTR_NODIRATIME },
	{ "noexec", SET, MOUNT_ATTR_NOEXEC },
	{ "norelatime", NOTHING, 0 },
	{ "nostrictatime", ATIME, MOUNT_ATTR_RELATIME },
	{ "nosuid", SET, MOUNT_ATTR_NOSUID },
	{ "nosymfollow", SET, MOUNT_ATTR_NOSYMFOLLOW },
	{ "private", PROPAGATE, MS_PRIVATE },
	{ "ratime", TREE_ATIME, MOUNT_ATTR_RELATIME },
	{ "rbind", FLAG, RBIND },
	{ "rdev", TREE_CLEAR, MOUNT_ATTR_NODEV },
	{ "rdiratime", TREE_CLEAR, MOUNT_ATTR_NODIRATIME },
	{ "relatime", ATIME, MOUNT_ATTR_RELATIME },
	{ "remount", FLAG, REMOUNT },
	{ "rexec", TREE_CLEAR, MOUNT_ATTR_NOEXEC },
	{ "ridmap", FLAG, RIDMAP },
	{ "rnoatime", TREE_ATIME, MOUNT_ATTR_NOATIME },
	{ "rnodev", TREE_SET, MOUNT_ATTR_NODEV },
	{ "rnodiratime", TREE_SET, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", TREE_SET, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", NOTHING, 0 },
	{ "rnostrictatime", TREE_ATIME, MOUNT_ATTR_RELATIME },
	{ "rnosuid", TREE_SET, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", TREE_SET, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", SET, MOUNT_ATTR_RDONLY },
	{ "rprivate", PROPAGATE_TREE, MS_PRIVATE },
	{ "rrelatime", TREE_ATIME, MOUNT_ATTR_RELATIME },
	{ "rro", TREE_SET, MOUNT_ATTR_RDONLY },
	{ "rrw", TREE_CLEAR, MOUNT_ATTR_RDONLY },
	{ "rshared", PROPAGATE_TREE, MS_SHARED },
	{ "rslave", PROPAGATE_TREE, MS_SLAVE },
	{ "rstrictatime", TREE_ATIME, MOUNT_ATTR_STRICTATIME },
	{ "rsuid", TREE_CLEAR, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", TREE_CLEAR, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", PROPAGATE_TREE, MS_UNBINDABLE },
	{ "rw", CLEAR, MOUNT_ATTR_RDONLY },
	{ "shared", PROPAGATE, MS_SHARED },
	{ "silent", NOTHING, 0 },
	{ "slave", PROPAGATE, MS_SLAVE },
	{ "src-nofollow", FLAG, SRC_LINK },
	{ "strictatime", ATIME, MOUNT_ATTR_STRICTATIME },
	{ "suid", CLEAR, MOUNT_ATTR_NOSUID },
	{ "symfollow", CLEAR, MOUNT_ATTR_NOSYMFOLLOW },
	{ "tmpcopyup", FLAG, TMPCOPYUP },
	{ "unbindable", PROPAGATE, MS_UNBINDABLE },
};

static const struct word *find_word(const char *s)
{
	size_t low = 0, high = ARRAY_LEN(words);

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(s, words[mid].name);

		if (!order)
			return &words[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static void set_flag(struct mnt_opts *o, enum flag f)
{
	o->bind |= f == BIND || f == RBIND;
	o->bind_tree |= f == RBIND;
	o->remount |= f == REMOUNT;
	o->tmpcopyup |= f == TMPCOPYUP;
	o->idmap |= f == IDMAP || f == RIDMAP;
	o->idmap_tree |= f == RIDMAP;
	o->copy_symlink |= f == COPY_LINK;
	o->src_nofollow |= f == SRC_LINK;
	o->dest_nofollow |= f == DEST_LINK;
}

/* A later word takes back an earlier one, on its own mount as on the tree. */
static void take_attr(uint64_t *set, uint64_t *clear, uint64_t add, uint64_t remove)
{
	*set = (*set & ~remove) | add;
	*clear = (*clear & ~add) | remove;
}

static void take_word(struct mnt_opts *o, const struct word *w)
{
	switch (w->effect) {
	case NOTHING:
		break;
	case SET:
		take_attr(&o->set, &o->clear, w->value, 0);
		break;
	case CLEAR:
		take_attr(&o->set, &o->clear, 0, w->value);
		break;
	case ATIME: /* an enum within the mask: the kernel wants all of it cleared to set any */
		take_attr(&o->set, &o->clear, 0, MOUNT_ATTR__ATIME);
		o->set |= w->value;
		break;
	case TREE_SET:
		take_attr(&o->tree_set, &o->tree_clear, w->value, 0);
		break;
	case TREE_CLEAR:
		take_attr(&o->tree_set, &o->tree_clear, 0, w->value);
		break;
	case TREE_ATIME:
		take_attr(&o->tree_set, &o->tree_clear, 0, MOUNT_ATTR__ATIME);
		o->tree_set |= w->value;
		break;
	case PROPAGATE:
	case PROPAGATE_TREE:
		o->propagation = w->value;
		o->propagation_tree = w->effect == PROPAGATE_TREE;
		break;
	case FLAG:
		set_flag(o, (enum flag)w->value);
		break;
	}
}

/* "idmap=uids=0-1-10;gids=0-1-10" */
static bool take_idmap(struct mnt_opts *o, const char *option)
{
	const char *flat = str_after(option, "idmap="), *tree = str_after(option, "ridmap=");

	if (!flat && !tree)
		return false;
	set_flag(o, tree ? RIDMAP : IDMAP);
	o->idmap_text = tree ? tree : flat;
	return true;
}

void mnt_opts_parse(struct mnt_opts *o, char *const *list)
{
	*o = (struct mnt_opts){ 0 };
	for (; list && *list; list++) {
		const struct word *w = find_word(*list);

		if (w)
			take_word(o, w);
		else if (!take_idmap(o, *list) && **list)
			strv_add(&o->data, *list);
	}
}

void mnt_opts_free(struct mnt_opts *o)
{
	strv_free(&o->data);
}

const char *mnt_opts_data(const struct mnt_opts *o, const char *key)
{
	for (size_t i = 0; i < o->data.n; i++) {
		const char *rest = str_after(o->data.v[i], key);

		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

const char *mnt_opts_word(size_t i)
{
	return i < ARRAY_LEN(words) ? words[i].name : NULL;
}

/* The file system's messages ("e tmpfs: Bad value for 'size'"), one a read. */
static void read_reason(int fsfd, struct buf *why)
{
	int saved = errno;
	char line[512];
	ssize_t n;

	while (why && (n = read(fsfd, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		buf_addf(why, "%s%s", why->len ? "; " : "", line[1] == ' ' ? line + 2 : line);
	}
	errno = saved;
}

static int configure(int fsfd, const char *option)
{
	const char *equals = strchr(option, '=');

	if (!equals)
		return fsconfig(fsfd, FSCONFIG_SET_FLAG, option, NULL, 0);

	_free_ char *key = xmemdup0(option, (size_t)(equals - option));

	return fsconfig(fsfd, FSCONFIG_SET_STRING, key, equals + 1, 0);
}

/* Only where the superblock is this mount's own does its read-only flag mean something; the mounts
 * of kernel file systems share one. */
static bool has_own_superblock(const char *type)
{
	static const char *const shared[] = { "cgroup", "cgroup2", "devpts", "mqueue",
					      "proc",	"sysfs",   "tmpfs",  NULL };

	return strv_index((char *const *)(uintptr_t)shared, type) < 0;
}

static int configure_all(int fsfd, const char *type, const char *source, const struct mnt_opts *o)
{
	if (source && *source && fsconfig(fsfd, FSCONFIG_SET_STRING, "source", source, 0))
		return -1;
	if (o->set & MOUNT_ATTR_RDONLY && has_own_superblock(type) &&
	    fsconfig(fsfd, FSCONFIG_SET_FLAG, "ro", NULL, 0))
		return -1;
	for (size_t i = 0; i < o->data.n; i++) {
		if (configure(fsfd, o->data.v[i]))
			return -1;
	}
	return fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int mnt_new(const char *type, const char *source, const struct mnt_opts *o, struct buf *why)
{
	_close_ int fsfd = fsopen(type, FSOPEN_CLOEXEC);

	if (fsfd < 0)
		return -1;

	_close_ int fd = -1;

	if (!configure_all(fsfd, type, source, o))
		fd = fsmount(fsfd, FSMOUNT_CLOEXEC, (unsigned int)o->set);
	if (fd < 0) {
		read_reason(fsfd, why);
		return -1;
	}
	if (mnt_change(fd, o->tree_set, o->tree_clear, true))
		return -1;
	return steal_fd(&fd);
}

int mnt_reconfigure(int mntfd, const struct mnt_opts *o, struct buf *why)
{
	_close_ int fsfd = fspick(mntfd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);

	if (fsfd < 0)
		return -1;
	for (size_t i = 0; i < o->data.n; i++) {
		if (configure(fsfd, o->data.v[i])) {
			read_reason(fsfd, why);
			return -1;
		}
	}
	if (!fsconfig(fsfd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0))
		return 0;
	read_reason(fsfd, why);
	return -1;
}

int mnt_clone(int dirfd, const char *path, bool tree)
{
	return open_tree(dirfd, path,
			 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
				 (tree ? AT_RECURSIVE : 0));
}

static int change(int mntfd, struct mount_attr *attr, bool tree)
{
	return mount_setattr(mntfd, "", AT_EMPTY_PATH | (tree ? AT_RECURSIVE : 0), attr,
			     sizeof(*attr));
}

int mnt_change(int mntfd, uint64_t set, uint64_t clear, bool tree)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	return set || clear ? change(mntfd, &attr, tree) : 0;
}

int mnt_adopt(int mntfd, uint64_t set, uint64_t propagation)
{
	struct mount_attr attr = { .attr_set = set, .propagation = propagation };

	return change(mntfd, &attr, false);
}

int mnt_propagate(int mntfd, uint64_t type, bool tree)
{
	struct mount_attr attr = { .propagation = type };

	return type ? change(mntfd, &attr, tree) : 0;
}

int mnt_apply(int mntfd, const struct mnt_opts *o)
{
	if (mnt_change(mntfd, o->set, o->clear, false) ||
	    mnt_change(mntfd, o->tree_set, o->tree_clear, true))
		return -1;
	return mnt_propagate(mntfd, o->propagation, o->propagation_tree);
}

int mnt_idmap(int mntfd, int usernsfd, bool tree)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)usernsfd };

	return change(mntfd, &attr, tree);
}

int mnt_attach(int mntfd, int targetfd)
{
	return move_mount(mntfd, "", targetfd, "",
			  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* MS_* of the attributes that have one; atime's enum apart. */
static unsigned long old_flags(uint64_t set)
{
	unsigned long flags = set & (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				     MOUNT_ATTR_NOEXEC);

	/* The four bits above are the same in both worlds, these are not. */
	flags |= (set & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME ? MS_NOATIME : 0;
	flags |= (set & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : 0;
	flags |= set & MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0;
	return flags;
}

int mnt_old(const char *type, const char *source, int targetfd, const struct mnt_opts *o)
{
	_buf_ struct buf data = { 0 };
	char link[FD_LINK_MAX];

	for (size_t i = 0; i < o->data.n; i++)
		buf_addf(&data, "%s%s", i ? "," : "", o->data.v[i]);
	return mount(source && *source ? source : type, fd_link(targetfd, link), type,
		     old_flags(o->set), buf_str(&data));
}
