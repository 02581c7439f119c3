#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "imgunpack/ids.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

/* A message {1: uid, 2: gid} of protocol buffers. */
static const char note_name[] = "user.rootlesscontainers";

enum {
	NOTE_MAX = 16,
	TAG_UID = 1 << 3,
	TAG_GID = 2 << 3,
	CAP_V2_BYTES = 20,
	CAP_V3_BYTES = 24,
	CAP_REVISION_AT = 3,
	ACL_HEADER_BYTES = 4,
	ACL_ENTRY_BYTES = 8,
	ACL_USER = 2,
	ACL_GROUP = 8,
};

int ids_add(struct idmap **map, size_t *n, const char *text)
{
	_strv_ struct strv parts = { 0 };
	struct idmap m;

	strv_split(&parts, text, ':');
	if (parts.n != 3 || num_u32(parts.v[0], &m.inside) < 0 ||
	    num_u32(parts.v[1], &m.outside) < 0 || num_u32(parts.v[2], &m.count) < 0 || !m.count)
		return set_errno(EINVAL);
	*map = xreallocarray(*map, *n + 1, sizeof(**map));
	(*map)[(*n)++] = m;
	return 0;
}

/* A capability belongs to the namespace whose root revision 3 names; in revision 2 it is the
 * image's. Either way it is one of the map, or the image would make programs privileged outside.
 */
static int map_capability(const struct ids *ids, struct tar_xattr *x)
{
	const unsigned char *old = x->value;
	unsigned char *value;
	uint32_t root = 0;

	if (!ids->n_uids)
		return 0;
	if (!(x->len == CAP_V2_BYTES && old[CAP_REVISION_AT] == 2) &&
	    !(x->len == CAP_V3_BYTES && old[CAP_REVISION_AT] == 3))
		return set_errno(ENOTSUP);
	if (x->len == CAP_V3_BYTES)
		memcpy(&root, old + CAP_V2_BYTES, sizeof(root));
	if (idmap_outside(ids->uids, ids->n_uids, le32toh(root), &root) < 0)
		return set_errno(ENOTSUP);
	value = xmalloc(CAP_V3_BYTES);
	memcpy(value, old, CAP_V2_BYTES);
	value[CAP_REVISION_AT] = 3;
	root = htole32(root);
	memcpy(value + CAP_V2_BYTES, &root, sizeof(root));
	free((void *)x->value);
	x->value = value;
	x->len = CAP_V3_BYTES;
	return 0;
}

/* Entries are tag, permissions, id, little-endian; only those of named users and groups have ids.
 */
static int map_acl(const struct ids *ids, struct tar_xattr *x)
{
	unsigned char *p = (unsigned char *)
				   x->value; /* the reader's, and ours until the next entry */

	for (size_t at = ACL_HEADER_BYTES; at + ACL_ENTRY_BYTES <= x->len; at += ACL_ENTRY_BYTES) {
		uint32_t id, to;
		int n = 0;

		memcpy(&id, p + at + 4, sizeof(id));
		to = id = le32toh(id);
		if (p[at] == ACL_USER)
			n = idmap_outside(ids->uids, ids->n_uids, id, &to);
		if (p[at] == ACL_GROUP)
			n = idmap_outside(ids->gids, ids->n_gids, id, &to);
		if (n < 0)
			return set_errno(ERANGE);
		to = htole32(to);
		memcpy(p + at + 4, &to, sizeof(to));
	}
	return 0;
}

int ids_map(const struct ids *ids, struct tar_entry *e)
{
	if (!ids->n_uids && !ids->n_gids)
		return 0;
	if (idmap_outside(ids->uids, ids->n_uids, e->uid, &e->uid) < 0 ||
	    idmap_outside(ids->gids, ids->n_gids, e->gid, &e->gid) < 0)
		return set_errno(ERANGE);
	for (size_t i = 0; i < e->nxattrs; i++) {
		struct tar_xattr *x = &e->xattrs[i];

		if (str_eq(x->name, "security.capability") && map_capability(ids, x) < 0)
			return -1;
		if (str_starts(x->name, "system.posix_acl_") && map_acl(ids, x) < 0)
			return -1;
	}
	return 0;
}

static size_t put_number(unsigned char *out, unsigned tag, uint32_t n)
{
	size_t len = 0;

	if (!n)
		return 0;
	out[len++] = (unsigned char)tag;
	for (; n > 0x7f; n >>= 7)
		out[len++] = (unsigned char)(n | 0x80);
	out[len++] = (unsigned char)n;
	return len;
}

int ids_note(int fd, const struct tar_entry *e)
{
	unsigned char note[NOTE_MAX];
	size_t len = put_number(note, TAG_UID, e->uid);

	len += put_number(note + len, TAG_GID, e->gid);
	if (len)
		return fsetxattr(fd, note_name, note, len, 0);
	return fremovexattr(fd, note_name) && errno != ENODATA && errno != ENOTSUP ? -1 : 0;
}

void ids_read(int fd, uint32_t *uid, uint32_t *gid)
{
	unsigned char note[NOTE_MAX];
	ssize_t len = fgetxattr(fd, note_name, note, sizeof(note));

	*uid = *gid = 0;
	for (ssize_t at = 0; at < len;) {
		uint32_t *to = note[at] == TAG_UID ? uid : note[at] == TAG_GID ? gid : NULL;
		uint32_t n = 0;
		unsigned shift = 0;

		if (!to)
			return;
		for (at++; at < len && shift < 32; shift += 7) {
			n |= (uint32_t)(note[at] & 0x7f) << shift;
			if (!(note[at++] & 0x80))
				break;
		}
		*to = n;
	}
}

bool ids_are_real(void)
{
	static int known = -1;
	_buf_ struct buf b = { 0 };
	uint32_t in = 1, out = 1, count = 0;

	if (known >= 0)
		return known;
	known = 0;
	if (!file_read(AT_FDCWD, "/proc/self/uid_map", 4096, &b) &&
	    sscanf(buf_str(&b), "%u %u %u", &in, &out, &count) == 3)
		known = !in && !out && count == UINT32_MAX;
	return known;
}
