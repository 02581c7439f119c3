#include <string.h>

#include "lib/mem.h"
#include "lib/tar_reader.h"

void tar_forget_extensions(struct tar_reader *r)
{
	tar_pax_reset(&r->pax);
	free(r->gnu_path);
	free(r->gnu_link);
	r->gnu_path = r->gnu_link = NULL;
	r->has_pax = false;
}

/* The body of an extension header, bounded, into r->record. */
static int take_record(struct tar_reader *r, const struct tar_header *h)
{
	int64_t size;

	if (tar_field_get(h->size, sizeof(h->size), &size) < 0 || size < 0 ||
	    size > TAR_EXTENSION_MAX)
		return tar_bad(r, "an extension header that is too long");
	buf_reset(&r->record);

	int n = tar_take(r, buf_room(&r->record, (size_t)size), (size_t)size);

	if (n < 0 || (!n && size))
		return n < 0 ? -1 : tar_bad(r, "the archive ends within an entry");
	r->record.len = (size_t)size;
	return tar_skip(r, tar_padding((uint64_t)size));
}

static int take_gnu_name(struct tar_reader *r, const struct tar_header *h, char **name)
{
	if (*name)
		return tar_bad(r, "two long names for one entry");
	if (take_record(r, h) < 0)
		return -1;
	while (r->record.len && !r->record.data[r->record.len - 1])
		r->record.len--;
	if (!r->record.len || memchr(r->record.data, '\0', r->record.len))
		return tar_bad(r, "a malformed long name");
	*name = xmemdup0(r->record.data, r->record.len);
	return 0;
}

static int take_pax(struct tar_reader *r, const struct tar_header *h)
{
	if (r->has_pax)
		return tar_bad(r, "two pax headers for one entry");
	r->has_pax = true;
	if (take_record(r, h) < 0)
		return -1;
	return tar_pax_parse(&r->pax, r->record.data, r->record.len, &r->why);
}

/* What a global header says of every entry is ignored, as by other image tools; it may not say
 * where or how long. */
static int take_global(struct tar_reader *r, const struct tar_header *h)
{
	struct tar_pax global = { 0 };

	if (take_record(r, h) < 0)
		return -1;

	int n = tar_pax_parse(&global, r->record.data, r->record.len, &r->why);
	bool meddles = global.path || global.link || global.sparse_name ||
		       global.has & (PAX_SIZE | PAX_SPARSE);

	tar_pax_reset(&global);
	return n < 0 ? -1 : meddles ? tar_bad(r, "a global pax header that sets path or size") : 0;
}

int tar_take_extension(struct tar_reader *r, const struct tar_header *h)
{
	int n;

	switch (h->typeflag) {
	case 'x':
	case 'X':
		n = take_pax(r, h);
		break;
	case 'g':
		n = take_global(r, h);
		break;
	case 'L':
		n = take_gnu_name(r, h, &r->gnu_path);
		break;
	case 'K':
		n = take_gnu_name(r, h, &r->gnu_link);
		break;
	default:
		return 0;
	}
	return n < 0 ? -1 : 1;
}
