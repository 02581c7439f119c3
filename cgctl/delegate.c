/* cgctl delegate - let a user rule over a group. */
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"

static bool v1;

static const struct opt opts[] = {
	{ 0, "v1", OPT_FLAG, &v1, NULL,
	  "the group's v1 parts, too, where the kernel does not contain the user" },
	{ 0 },
};

/* From the files: a static program has no name service. */
static bool user_of(const char *name, uid_t *uid, gid_t *gid)
{
	_fclose_ FILE *f = fopen("/etc/passwd", "re");
	struct passwd *p = NULL;

	while (f && (p = fgetpwent(f)) && strcmp(p->pw_name, name))
		;
	if (!p)
		return false;
	*uid = p->pw_uid;
	*gid = p->pw_gid;
	return true;
}

static bool group_of(const char *name, gid_t *gid)
{
	_fclose_ FILE *f = fopen("/etc/group", "re");
	struct group *g = NULL;

	while (f && (g = fgetgrent(f)) && strcmp(g->gr_name, name))
		;
	if (!g)
		return false;
	*gid = g->gr_gid;
	return true;
}

/* "USER", "USER:GROUP", names or numbers; a number's group is its own, unless it is given. */
static void parse_owner(const char *text, uid_t *uid, gid_t *gid)
{
	_free_ char *user = xmemdup0(text, strcspn(text, ":"));
	const char *group = strchr(text, ':');
	uint32_t n;

	if (num_u32(user, &n) == 0)
		*uid = *gid = n;
	else if (!user_of(user, uid, gid))
		diex("delegate to '%s': no such user", user);
	if (!group)
		return;
	if (num_u32(group + 1, &n) == 0)
		*gid = n;
	else if (!group_of(group + 1, gid))
		diex("delegate to '%s': no such group of users", group + 1);
}

static void delegate_v2(const struct cgroup *g, uid_t uid, gid_t gid)
{
	if (cgroup_delegate(g, uid, gid) == 0)
		return;
	if (errno == EOPNOTSUPP)
		diex("delegate group '%s': only v1 is mounted here, see --v1", g->path);
	die("delegate group '%s'", g->path);
}

/* As v2 has it: never the limits. */
static void delegate_v1(const struct cgroup *g, uid_t uid, gid_t gid)
{
	static const char *const files[] = { "", "cgroup.procs", "tasks" };

	for (int i = 0; i < g->layout->n; i++) {
		if (g->dirfd[i] < 0 || g->layout->at[i].unified)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(files); k++) {
			if (fchownat(g->dirfd[i], files[k], uid, gid,
				     AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
				die("delegate group '%s'", g->path);
		}
	}
}

int cgctl_delegate(int argc, char **argv)
{
	const struct usage u = { "[--v1] USER[:GROUP] GROUP...",
				 "Let a user make groups, and move processes, below groups.", opts,
				 0, NULL };
	struct cgroup_layout layout;
	int at = opt_parse(argc, argv, &u);
	uid_t uid;
	gid_t gid;

	opt_operands(argc - at, 2, -1);
	parse_owner(argv[at], &uid, &gid);
	xlayout_open(&layout);
	for (int i = at + 1; i < argc; i++) {
		_cgroup_ struct cgroup g = CGROUP_NONE;

		xgroup_open(&g, &layout, argv[i]);
		if (!*g.path)
			opt_misuse("the root group cannot be delegated");
		if (!v1 || layout.unified >= 0)
			delegate_v2(&g, uid, gid);
		if (v1)
			delegate_v1(&g, uid, gid);
	}
	cgroup_layout_close(&layout);
	return 0;
}
