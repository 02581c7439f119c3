#include <string.h>

#include "cgctl/unit_name.h"
#include "lib/mem.h"
#include "lib/str.h"

/* systemd's UNIT_NAME_MAX, with the NUL. */
enum { UNIT_MAX = 256 };

static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			      ":-_.\\@";

static bool is_unit(const char *name, const char *suffix)
{
	size_t len = strlen(name);

	return len > strlen(suffix) && len < UNIT_MAX && str_ends(name, suffix) &&
	       strspn(name, allowed) == len;
}

/* Components between dashes are groups one below the other, so none can be empty. */
static bool is_slice(const char *name)
{
	if (str_eq(name, "-.slice"))
		return true;
	return is_unit(name, ".slice") && *name != '-' && !strstr(name, "--") &&
	       !str_ends(name, "-.slice");
}

/* "a-b.slice": "/a.slice/a-b.slice". */
static void add_slice(struct buf *path, const char *slice)
{
	size_t len = strlen(slice) - strlen(".slice");

	if (str_eq(slice, "-.slice"))
		return;
	for (size_t i = 1; i <= len; i++) {
		if (i == len || slice[i] == '-')
			buf_addf(path, "/%.*s.slice", (int)i, slice);
	}
}

/* The slice a slice lies in: "-.slice" above the topmost. */
static char *parent_of(const char *slice)
{
	const char *dash = strrchr(slice, '-');

	return dash ? xasprintf("%.*s.slice", (int)(dash - slice), slice) : xstrdup("-.slice");
}

static int refuse(struct buf *why, const char *what, const char *name)
{
	buf_addf(why, "'%s' is no name of a %s", name, what);
	return set_errno(EINVAL);
}

static int fill(struct unit_name *n, char *const *part, bool user, struct buf *why)
{
	const char *slice = *part[0] ? part[0] : user ? "user.slice" : "system.slice";
	_buf_ struct buf path = { 0 };

	n->is_slice = str_ends(part[2], ".slice");
	if (!is_slice(slice))
		return refuse(why, "slice", slice);
	if (n->is_slice) {
		if (!is_slice(part[2]) || str_eq(part[2], "-.slice"))
			return refuse(why, "slice", part[2]);
		n->unit = xstrdup(part[2]);
		n->slice = parent_of(part[2]);
		add_slice(&path, n->unit);
	} else {
		n->unit = xasprintf("%s%s%s.scope", part[1], *part[1] ? "-" : "", part[2]);
		n->slice = xstrdup(slice);
		if (!*part[2] || !is_unit(n->unit, ".scope"))
			return refuse(why, "scope", n->unit);
		add_slice(&path, slice);
		buf_addf(&path, "/%s", n->unit);
	}
	n->path = buf_steal(&path);
	return 0;
}

int unit_name_parse(struct unit_name *n, const char *text, bool user, struct buf *why)
{
	_strv_ struct strv part = { 0 };

	*n = (struct unit_name){ 0 };
	strv_split(&part, text, ':');
	if (part.n != 3) {
		buf_addf(why, "'%s' is not SLICE:PREFIX:NAME", text);
		return set_errno(EINVAL);
	}
	if (fill(n, part.v, user, why) == 0)
		return 0;
	unit_name_free(n);
	return set_errno(EINVAL);
}

void unit_name_free(struct unit_name *n)
{
	free(n->unit);
	free(n->slice);
	free(n->path);
	*n = (struct unit_name){ 0 };
}
