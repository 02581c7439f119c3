/* Layers of an archive that are read where they are. */
#include <fcntl.h>
#include <unistd.h>

#include "imgunpack/archive_docker.h"
#include "imgunpack/tarfile.h"
#include "lib/codec.h"
#include "lib/die.h"
#include "lib/image.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/tar.h"

void archive_part_add(const struct archive *a, const struct archive_member *m)
{
	struct archive_parts *p = a->parts;

	p->v = xreallocarray(p->v, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = (struct archive_part){ m->digest, m->offset, m->size };
}

const struct archive_part *archive_part(const struct archive_parts *p, const struct digest *d)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->v[i].digest.text, d->text))
			return &p->v[i];
	return NULL;
}

void archive_parts_free(struct archive_parts *p)
{
	if (p->fd)
		close_fd(&p->fd);
	free(p->v);
	*p = (struct archive_parts){ 0 };
}

/* What is named as a layout names its blobs has told its digest, and whoever uses it compares. */
static void digest_of_name(struct archive_member *m)
{
	const char *hex = str_after(m->name, "blobs/sha256/");
	_free_ char *text = xasprintf(DIGEST_PREFIX "%s", hex ? hex : "");

	if (digest_parse(text, &m->digest))
		m->digest.text[0] = '\0';
}

/* Larger than any document, so a layer or nothing of ours. Of one whose digest nobody tells only a
 * plain tar can be told by its DiffID. */
bool archive_stays_in_place(const struct archive *a, const struct tar_reader *r, uint64_t size,
			    struct archive_member *m)
{
	uint64_t at;
	int fd;

	if (!a->parts || size <= IMAGE_JSON_MAX || !tar_body_at(r, &at) ||
	    !tarfile_in_place(a->file, at, size, &fd, &m->offset) ||
	    pread(fd, m->head, sizeof(m->head), m->offset) != sizeof(m->head))
		return false;
	digest_of_name(m);
	m->wants_diff_id = !*m->digest.text;
	if (m->wants_diff_id && codec_sniff(m->head, sizeof(m->head)) != CODEC_NONE)
		return false;
	if (!a->parts->fd && (a->parts->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0)
		die("read '%s'", a->path);
	m->size = (int64_t)size;
	m->is_in_place = true;
	return true;
}
