#include <string.h>
#include <sys/mman.h>

#include "imgunpack/helper.h"
#include "imgunpack/signature.h"
#include "lib/base64.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/fd.h"
#include "lib/io.h"
#include "lib/json.h"
#include "lib/mem.h"

void signature_document(const char *name, const struct digest *d, struct buf *out)
{
	struct emit e = { .out = out };

	emit_object(&e, NULL);
	emit_object(&e, "critical");
	emit_object(&e, "identity");
	emit_str(&e, "docker-reference", name);
	emit_end(&e);
	emit_object(&e, "image");
	emit_str(&e, "docker-manifest-digest", d->text);
	emit_end(&e);
	emit_str(&e, "type", "cosign container image signature");
	emit_end(&e);
	emit_null(&e, "optional");
	emit_end(&e);
}

const char *signature_text(const struct image_descriptor *l)
{
	if (!l->mediaType || !str_eq(l->mediaType, SIGNATURE_PAYLOAD))
		return NULL;
	return decode_map_get(&l->annotations, SIGNATURE_KEY);
}

static bool is_about(const struct buf *document, const struct digest *d)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *j = json_parse(buf_str(document), document->len, 0, why);
	const char *is = json_get_str(json_find(j, "critical.image"), "docker-manifest-digest");

	return is && str_eq(is, d->text);
}

/* A file with the signature that has no name but its descriptor. */
static int make_file(const char *text)
{
	_close_ int fd = -1;
	size_t len;
	_free_ char *bytes = base64_decode(text, &len);

	if (!bytes)
		return -1;
	fd = memfd_create("signature", MFD_CLOEXEC);
	if (fd < 0 || io_write(fd, bytes, len) || lseek(fd, 0, SEEK_SET))
		die("hand over a signature");
	return steal_fd(&fd);
}

bool signature_is_good(const char *hook, const struct buf *document, const char *text,
		       const struct digest *d)
{
	_close_ int fd = is_about(document, d) ? make_file(text) : -1;
	_free_ char *program = xstrdup(hook);
	char verb[] = "verify", file[FD_LINK_MAX], *argv[] = { program, verb, file, NULL };
	_buf_ struct buf unused = { 0 };

	if (fd < 0)
		return false;
	fd_link(fd, file);
	return !helper_run(argv, document, fd, SIGNATURE_MAX, &unused);
}
