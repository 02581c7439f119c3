#include <string.h>

#include "imgunpack/pack.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"

static const struct opt index_opts[] = { { 0 } };

/* An entry of the index, and its platform as text to see that it is there once. */
struct part {
	struct digest digest;
	int64_t size;
	struct platform platform;
	char *media_type;
	char text[PLATFORM_TEXT_MAX + 1];
};

/* IMAGE is a tag of the layout, or "@" and a digest. */
static struct part load(int layout_dirfd, const char *image)
{
	char why[LAYOUT_WHY_MAX];
	struct layout_name n = { 0 };
	struct layout_image i;
	struct part p;

	if (*image != '@')
		n.tag = xstrdup(image);
	else if (digest_parse(image + 1, &n.digest) < 0)
		opt_misuse("malformed digest '%s'", image + 1);
	if (layout_load(layout_dirfd, &n, NULL, &i, why) < 0)
		diex("%s", why);
	p.digest = i.digest;
	p.size = (int64_t)i.manifest_json.len;
	p.media_type = xstrdup(i.media_type ? i.media_type : IMAGE_TYPE_MANIFEST);
	platform_set(&p.platform, i.config.os, i.config.architecture, i.config.variant);
	platform_text(&p.platform, p.text);
	layout_image_free(&i);
	layout_name_free(&n);
	return p;
}

static void emit_part(struct emit *e, const struct part *p)
{
	emit_object(e, NULL);
	emit_str(e, "mediaType", p->media_type);
	emit_str(e, "digest", p->digest.text);
	emit_int(e, "size", p->size);
	emit_object(e, "platform");
	emit_str(e, "architecture", p->platform.architecture);
	emit_str(e, "os", p->platform.os);
	if (*p->platform.variant)
		emit_str(e, "variant", p->platform.variant);
	emit_end(e);
	emit_end(e);
}

static void check_single(const struct part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(parts[i].text, parts[n].text))
			diex("two images for %s", parts[n].text);
}

static void write_index(int layout_dirfd, char *const *images, struct buf *out)
{
	size_t n = strv_len(images);
	struct part *parts = xcalloc(n, sizeof(*parts));
	struct emit e = { .out = out };

	emit_object(&e, NULL);
	emit_int(&e, "schemaVersion", 2);
	emit_str(&e, "mediaType", IMAGE_TYPE_INDEX);
	emit_array(&e, "manifests");
	for (size_t i = 0; i < n; i++) {
		parts[i] = load(layout_dirfd, images[i]);
		check_single(parts, i);
		emit_part(&e, &parts[i]);
	}
	emit_end(&e);
	emit_end(&e);
	for (size_t i = 0; i < n; i++)
		free(parts[i].media_type);
	free(parts);
}

int verb_index(int argc, char **argv)
{
	const struct usage u = {
		.synopsis = "LAYOUT:TAG IMAGE...",
		.purpose = "Make one image of images for several platforms.",
		.opts = index_opts,
	};
	char why[LAYOUT_WHY_MAX];
	struct layout_name n;
	struct digest d;
	struct pack p;
	_buf_ struct buf text = { 0 };

	argv += opt_parse(argc, argv, &u);
	opt_operands((int)strv_len(argv), 2, -1);
	pack_open(&p, argv[0], false, &n);
	if (!n.tag)
		opt_misuse("'%s' is no LAYOUT:TAG", argv[0]);
	write_index(p.layout_dirfd, argv + 1, &text);
	if (blob_put(p.layout_dirfd, text.data, text.len, &d) < 0)
		die("write the index");

	const struct layout_entry entry = { .media_type = IMAGE_TYPE_INDEX,
					    .digest = &d,
					    .size = (int64_t)text.len,
					    .tag = n.tag };

	if (layout_put(p.layout_dirfd, &entry, why) < 0)
		diex("%s", why);
	if (io_puts(1, d.text) < 0 || io_puts(1, "\n") < 0)
		die("write the digest");
	layout_name_free(&n);
	return 0;
}
