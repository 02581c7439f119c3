#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/cap.h"
#include "lib/die.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runc/annotations.h"
#include "runc/launch.h"

enum { PASSWD_MAX_BYTES = 1 << 20, FIELD_UID = 2, FIELD_HOME = 5 };

static char *home_in_line(const char *line, uid_t uid)
{
	_strv_ struct strv f = { 0 };
	uint32_t id;

	strv_split(&f, line, ':');
	if (f.n <= FIELD_HOME || num_u32(f.v[FIELD_UID], &id) || id != uid)
		return NULL;
	return *f.v[FIELD_HOME] == '/' ? xstrdup(f.v[FIELD_HOME]) : NULL;
}

char *user_home(uid_t uid)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv lines = { 0 };
	_close_ int fd = path_open_in_root(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK);
	char *home = NULL;

	if (fd < 0 || io_read_all(fd, PASSWD_MAX_BYTES, &text))
		return xstrdup("/");
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.n && !home; i++)
		home = home_in_line(lines.v[i], uid);
	return home ? home : xstrdup("/");
}

static void set_home(struct launch *l, uid_t uid)
{
	for (size_t i = 0; i < l->env.n; i++) {
		const char *home = str_after(l->env.v[i], "HOME=");

		if (home && *home)
			return;
	}

	_free_ char *home = user_home(uid);
	_free_ char *entry = xasprintf("HOME=%s", home);

	strv_setenv(&l->env, entry);
}

/* So that /dev/stdout can be opened again by the container's user; what cannot be given away stays.
 */
static void own_stdio(uid_t uid)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat st;
		bool null;

		if (fstat(fd, &st))
			die("look at standard descriptor %d", fd);
		null = S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
		if (!null && st.st_uid != uid && fchown(fd, uid, (gid_t)-1) && errno != EPERM &&
		    errno != EROFS && errno != EINVAL)
			die("give standard descriptor %d to user %u", fd, uid);
	}
}

static void warn_unknown(const char *name)
{
	warnx("process.capabilities: unknown or unavailable capability '%s' ignored", name);
}

static void warn_missing(uint64_t set)
{
	char name[CAPS_NAME_MAX];

	for (int n = 0; n < 64; n++) {
		if (set >> n & 1)
			warn_unknown(caps_name(n, name));
	}
}

static struct caps read_caps(const struct spec_capabilities *s)
{
	struct caps c = { 0 };

	caps_add_names(&c.bounding, s->bounding, warn_unknown);
	caps_add_names(&c.effective, s->effective, NULL);
	caps_add_names(&c.permitted, s->permitted, NULL);
	caps_add_names(&c.inheritable, s->inheritable, NULL);
	caps_add_names(&c.ambient, s->ambient, NULL);
	warn_missing((c.bounding | c.permitted | c.effective) & ~caps_permitted());
	return c;
}

static void set_groups(const struct spec_user *u)
{
	/* EPERM in a user namespace: setgroups is denied, there is nothing to drop. */
	if (setgroups(u->n_additionalGids, u->additionalGids) &&
	    (errno != EPERM || u->n_additionalGids))
		die("set process.user.additionalGids");
}

/* KEEP: the groups of whoever started us give access that ids in a user namespace cannot name. */
static void set_ids(const struct spec_user *u, bool keep)
{
	if (!keep)
		set_groups(u);
	if (setresgid(u->gid, u->gid, u->gid))
		die("set process.user.gid %u", u->gid);
	if (setresuid(u->uid, u->uid, u->uid))
		die("set process.user.uid %u", u->uid);
}

/* Try as the privileged user first: the directory may be open to root alone; EPERM and EACCES get a
 * second try as the container's user (root may be squashed). */
static bool enter_cwd(const char *cwd)
{
	if (!chdir(cwd))
		return true;
	if (errno == EPERM || errno == EACCES)
		return false;
	die("chdir to cwd ('%s') set in config.json failed", cwd);
}

/* A directory reached through a leaked descriptor is outside our root: the kernel says so
 * (CVE-2024-21626). */
static void check_cwd(const char *cwd)
{
	_free_ char *now = getcwd(NULL, 0);

	if (!now || *now != '/')
		diex("current working directory is outside of container mount namespace root -- "
		     "possible "
		     "container breakout detected: '%s'",
		     cwd);
}

/* Where it is not that user's already. Another's, with the mode that everybody may write to it, is
 * that of a user namespace whose ids nobody told. */
static void give_fifo(const struct launch *l, uid_t uid)
{
	struct stat st;

	if (l->fifofd < 0 || !uid)
		return;
	if (fstat(l->fifofd, &st))
		die("look at the start fifo");
	if (st.st_uid != uid && !(st.st_mode & S_IWOTH) &&
	    fchownat(l->fifofd, "", uid, (gid_t)-1, AT_EMPTY_PATH))
		die("give the start fifo to user %u", uid);
}

void user_become(struct launch *l)
{
	const struct spec_process *p = l->process;
	static const struct spec_user root = { 0 };
	const struct spec_user *u = p->user ? p->user : &root;
	struct caps caps = { 0 };
	bool entered;

	if (p->capabilities) {
		caps = read_caps(p->capabilities);
		if (caps_drop_bounding(caps.bounding))
			die("drop from process.capabilities.bounding");
		if (caps_keep())
			die("keep capabilities");
	}
	own_stdio(u->uid);
	give_fifo(l, u->uid);
	set_home(l, u->uid);
	entered = enter_cwd(p->cwd);
	set_ids(u, annotation_is_on(l->spec, ANNOTATION_KEEP_GROUPS));
	if (!entered && chdir(p->cwd))
		die("chdir to cwd ('%s') set in config.json failed", p->cwd);
	check_cwd(p->cwd);
	if (p->capabilities && caps_apply(&caps))
		die("set process.capabilities");
	if (!l->exec || u->has_umask)
		umask(u->has_umask ? u->umask : 0022);
}
