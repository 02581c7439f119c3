#include <string.h>

#include "lib/tar_reader.h"

/* Only POSIX's magic has a prefix; GNU's keeps times in those bytes, star has the last 24 for
 * itself. */
static const char *plain_name(struct tar_reader *r, const struct tar_header *h)
{
	int prefix = 0;

	if (!memcmp(h->magic, "ustar", sizeof(h->magic)) &&
	    !memcmp(h->version, "00", sizeof(h->version)))
		prefix = memcmp(h->pad + sizeof(h->pad) - 4, "tar", 4) ? 155 : 131;
	if (prefix && h->prefix[0])
		snprintf(r->name, sizeof(r->name), "%.*s/%.100s", prefix, h->prefix, h->name);
	else
		snprintf(r->name, sizeof(r->name), "%.100s", h->name);
	return r->name;
}

static int entry_names(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	struct tar_pax *p = &r->pax;

	if ((r->gnu_path && p->path) || (r->gnu_link && p->link))
		return tar_bad(r, "both a GNU and a pax name for one entry");
	e->path = p->sparse_name ? p->sparse_name
		  : p->path	 ? p->path
		  : r->gnu_path	 ? r->gnu_path
				 : plain_name(r, h);
	if (!*e->path)
		return tar_bad(r, "an entry without a name");
	snprintf(r->linkname, sizeof(r->linkname), "%.100s", h->linkname);
	e->link = p->link ? p->link : r->gnu_link ? r->gnu_link : r->linkname;
	return 0;
}

static int entry_type(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	bool slash = e->path[strlen(e->path) - 1] == '/';
	bool links = h->typeflag == TAR_LINK || h->typeflag == TAR_SYMLINK;

	if (h->typeflag == '\0')
		e->type = slash ? TAR_DIR : TAR_FILE;
	else if (h->typeflag == '7')
		e->type = TAR_FILE;
	else if (h->typeflag >= TAR_FILE && h->typeflag <= TAR_FIFO)
		e->type = (enum tar_type)h->typeflag;
	else
		return tar_bad(r, "an entry of a type that images do not have");
	if (slash && e->type != TAR_DIR)
		return tar_bad(r, "a name that ends in '/' but is no directory");
	if (links && !*e->link)
		return tar_bad(r, "a link to nothing");
	if (!links)
		e->link = NULL;
	return 0;
}

static int entry_id(const char *field, bool has, uint32_t pax, uint32_t *out)
{
	int64_t n = pax;

	if (!has && tar_field_get(field, 8, &n) < 0)
		return -1;
	if (n < 0 || n >= UINT32_MAX)
		return set_errno(EINVAL);
	*out = (uint32_t)n;
	return 0;
}

static int entry_numbers(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	struct tar_pax *p = &r->pax;
	int64_t mode, sec, major = 0, minor = 0;

	if (entry_id(h->uid, p->has & PAX_UID, p->uid, &e->uid) < 0 ||
	    entry_id(h->gid, p->has & PAX_GID, p->gid, &e->gid) < 0)
		return tar_bad(r, "an owner outside 0 to 4294967294");
	if (tar_field_get(h->mode, sizeof(h->mode), &mode) < 0 ||
	    tar_field_get(h->mtime, sizeof(h->mtime), &sec) < 0)
		return tar_bad(r, "a mode or time that is no number");
	e->mode = (mode_t)(mode & 07777);
	e->mtime = p->has & PAX_MTIME ? p->mtime : (struct timespec){ .tv_sec = sec };
	if (e->type != TAR_CHAR && e->type != TAR_BLOCK)
		return 0;
	if (tar_field_get(h->devmajor, sizeof(h->devmajor), &major) < 0 ||
	    tar_field_get(h->devminor, sizeof(h->devminor), &minor) < 0 || major < 0 || minor < 0 ||
	    major > 0xfff || minor > 0xfffff)
		return tar_bad(r, "a device number out of range");
	e->devmajor = (uint32_t)major;
	e->devminor = (uint32_t)minor;
	return 0;
}

/* One number and newline of a sparse 1.0 map, which fills whole blocks in front of the data. */
static int map_number(struct tar_reader *r, const struct tar_header **h, size_t *at, uint64_t *out)
{
	for (*out = 0;; (*at)++) {
		if (*at == TAR_BLOCK_BYTES) {
			if (r->left < TAR_BLOCK_BYTES || tar_take_block(r, h) <= 0)
				return tar_bad(r, "a broken sparse map");
			r->left -= TAR_BLOCK_BYTES;
			*at = 0;
		}

		char c = ((const char *)*h)[*at];

		if (c == '\n')
			break;
		if (c < '0' || c > '9' || *out > INT64_MAX / 10 - 1)
			return tar_bad(r, "a broken sparse map");
		*out = *out * 10 + (uint64_t)(c - '0');
	}
	(*at)++;
	return 0;
}

static int take_map(struct tar_reader *r)
{
	const struct tar_header *h = NULL;
	size_t at = TAR_BLOCK_BYTES;
	uint64_t n, offset, len;

	if (map_number(r, &h, &at, &n) < 0)
		return -1;
	if (n > TAR_EXTENTS_MAX)
		return tar_bad(r, "a sparse map of too many pieces");
	while (n--)
		if (map_number(r, &h, &at, &offset) < 0 || map_number(r, &h, &at, &len) < 0 ||
		    tar_pax_extent(&r->pax, offset, len) < 0)
			return -1;
	return 0;
}

static int entry_body(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	struct tar_pax *p = &r->pax;
	int64_t size;

	if (tar_field_get(h->size, sizeof(h->size), &size) < 0 || size < 0)
		return tar_bad(r, "a size that is no number");
	r->left = p->has & PAX_SIZE ? p->size : (uint64_t)size;
	r->padding = tar_padding(r->left);
	e->size = r->left;
	r->offset = r->extent = r->extent_at = 0;
	if (e->type != TAR_FILE)
		return r->left || p->has & PAX_SPARSE
			       ? tar_bad(r, "a body behind something that is no file")
			       : 0;
	if (!(p->has & PAX_SPARSE))
		return 0;
	e->size = p->sparse_size;
	if (p->sparse_major == 1 && take_map(r) < 0)
		return -1;
	if (!tar_pax_map_ok(p, e->size, r->left))
		return tar_bad(r, "a sparse map that does not fit its file");
	return 0;
}

int tar_make_entry(struct tar_reader *r, const struct tar_header *h, struct tar_entry *e)
{
	*e = (struct tar_entry){ .xattrs = r->pax.xattrs, .nxattrs = r->pax.nxattrs };
	if (entry_names(r, h, e) < 0 || entry_type(r, h, e) < 0 || entry_numbers(r, h, e) < 0 ||
	    entry_body(r, h, e) < 0)
		return -1;
	return 1;
}
