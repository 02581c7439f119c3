#include <fcntl.h>
#include <string.h>

#include "lib/cgroup_device_private.h"
#include "lib/str.h"

static void format_number(char out[16], int64_t n)
{
	if (n < 0)
		snprintf(out, 16, "*");
	else
		snprintf(out, 16, "%u", (unsigned)n);
}

static void format(char out[64], const struct device_exception *e, unsigned access)
{
	char major[16], minor[16];

	format_number(major, e->major);
	format_number(minor, e->minor);
	snprintf(out, 64, "%c %s:%s %s%s%s", e->type, major, minor, access & DEVICE_READ ? "r" : "",
		 access & DEVICE_WRITE ? "w" : "", access & DEVICE_MKNOD ? "m" : "");
}

/* One rule a write; FD is opened for the first. */
static int write_rule(int dirfd, int *fd, bool allow, const char *text, struct buf *why)
{
	const char *file = allow ? "devices.allow" : "devices.deny";

	if (*fd < 0)
		*fd = openat(dirfd, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd >= 0 && write(*fd, text, strlen(text)) >= 0)
		return 0;
	buf_addf(why, "write '%s' to '%s'", text, file);
	return -1;
}

/* The part of E's access that SET does not have as an exception of the same numbers. */
static unsigned lacking(const struct device_set *set, const struct device_exception *e)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i].type == e->type && set->v[i].major == e->major &&
		    set->v[i].minor == e->minor)
			return e->access & ~set->v[i].access;
	}
	return e->access;
}

/* Write, as ALLOW or deny, what FROM has and IN has not. */
static int write_difference(int dirfd, bool allow, const struct device_set *from,
			    const struct device_set *in, struct buf *why)
{
	_close_ int fd = -1;

	for (size_t i = 0; i < from->n; i++) {
		unsigned access = lacking(in, &from->v[i]);
		char text[64];

		if (!access)
			continue;
		format(text, &from->v[i], access);
		if (write_rule(dirfd, &fd, allow, text, why) < 0)
			return -1;
	}
	return 0;
}

/* Change between "all" and "none", the one step that shows a gap; the kernel refuses it (EINVAL)
 * once the group has children. What "all" excepts is not listed, so it is always set anew. */
static int start_over(int dirfd, struct device_set *now, const struct device_set *want,
		      struct buf *why)
{
	_close_ int fd = -1;
	size_t len = why->len;

	if (now->allow_all == want->allow_all && !want->allow_all)
		return 0;
	if (write_rule(dirfd, &fd, want->allow_all, "a", why) < 0) {
		if (errno != EINVAL || now->allow_all != want->allow_all)
			return -1;
		why->len = len;
	}
	now->n = 0;
	return 0;
}

/* Denying a narrow rule takes nothing from a wider one that stays, denying a wide one nothing from
 * narrow ones: so what goes is written first, what comes last, and nothing else is touched. */
int device_v1_set(int dirfd, const struct device_set *want, struct buf *why)
{
	_device_set_ struct device_set now = { 0 };
	_buf_ struct buf list = { 0 };

	if (cgroup_read(dirfd, "devices.list", &list) < 0 ||
	    device_set_parse(&now, buf_str(&list)) < 0) {
		buf_adds(why, "read 'devices.list'");
		return -1;
	}
	if (start_over(dirfd, &now, want, why) < 0)
		return -1;
	if (write_difference(dirfd, want->allow_all, &now, want, why) < 0)
		return -1;
	return write_difference(dirfd, !want->allow_all, want, &now, why);
}
