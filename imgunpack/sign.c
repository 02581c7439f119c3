#include "imgunpack/helper.h"
#include "imgunpack/imgctl.h"
#include "imgunpack/signature.h"
#include "imgunpack/transport.h"
#include "lib/base64.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/mem.h"
#include "lib/opt.h"

static const char *hook, *identity;

static const struct opt sign_opts[] = {
	{ 0, "hook", OPT_STR, &hook, "PROGRAM", "what signs" },
	{ 0, "identity", OPT_STR, &identity, "NAME", "the name to sign, not the image's own" },
	{ 0 },
};
static const struct opt signed_opts[] = {
	{ 0, "hook", OPT_STR, &hook, "PROGRAM", "what judges signatures" },
	{ 0 },
};

/* The image and its entry: what was named, be it an index. */
struct target {
	int layout_dirfd, lock;
	struct layout_name name;
	struct image_index index;
	const struct image_descriptor *entry;
};

static void open_target(const char *text, struct target *t)
{
	char why[LAYOUT_WHY_MAX];
	struct platform host;

	if (!hook)
		opt_misuse("--hook says what is to be run");
	t->layout_dirfd = xctl_open_name(text, &t->name);
	t->lock = layout_lock(t->layout_dirfd, false, false);
	if (t->lock < 0)
		die("lock layout '%s'", t->name.dir);
	platform_host(&host);
	if (layout_read_index(t->layout_dirfd, &t->index, why))
		diex("%s", why);
	t->entry = layout_find(&t->index, &t->name, &host, why);
	if (!t->entry)
		diex("%s", why);
	if (!*t->entry->id.text)
		diex("image '%s': unsupported digest algorithm", text);
}

static void close_target(struct target *t)
{
	image_index_free(&t->index);
	layout_name_free(&t->name);
	close_fd(&t->layout_dirfd);
	close_fd(&t->lock);
}

static char *ask_hook(const struct buf *document)
{
	_free_ char *program = xstrdup(hook);
	char verb[] = "sign", *argv[] = { program, verb, NULL };
	_buf_ struct buf answer = { 0 };
	int status = helper_run(argv, document, -1, SIGNATURE_MAX, &answer);

	if (status)
		diex("'%s sign' failed with status %d", hook, status);
	if (!answer.len)
		diex("'%s sign' gave no signature", hook);
	return base64_encode(answer.data, answer.len);
}

static void put(int layout_dirfd, const struct buf *b, struct digest *d)
{
	if (blob_put(layout_dirfd, buf_str(b), b->len, d))
		die("write a blob");
}

static void describe(struct emit *e, const char *key, const char *type, const struct digest *d,
		     int64_t size)
{
	emit_object(e, key);
	emit_str(e, "mediaType", type);
	emit_str(e, "digest", d->text);
	emit_int(e, "size", size);
}

/* The artifact that holds the signature TEXT of DOCUMENT and refers to the image. */
static void store(const struct target *t, const struct buf *document, const char *text)
{
	_buf_ struct buf empty = { 0 }, json = { 0 };
	struct digest config, payload, manifest;
	struct emit e = { .out = &json };
	char why[LAYOUT_WHY_MAX];

	buf_adds(&empty, "{}");
	put(t->layout_dirfd, &empty, &config);
	put(t->layout_dirfd, document, &payload);
	emit_object(&e, NULL);
	emit_int(&e, "schemaVersion", 2);
	emit_str(&e, "mediaType", IMAGE_TYPE_MANIFEST);
	emit_str(&e, "artifactType", SIGNATURE_ARTIFACT);
	describe(&e, "config", "application/vnd.oci.empty.v1+json", &config, 2);
	emit_end(&e);
	emit_array(&e, "layers");
	describe(&e, NULL, SIGNATURE_PAYLOAD, &payload, (int64_t)document->len);
	emit_object(&e, "annotations");
	emit_str(&e, SIGNATURE_KEY, text);
	emit_end(&e);
	emit_end(&e);
	emit_end(&e);
	describe(&e, "subject", t->entry->mediaType ? t->entry->mediaType : IMAGE_TYPE_MANIFEST,
		 &t->entry->id, t->entry->size);
	emit_end(&e);
	emit_end(&e);
	put(t->layout_dirfd, &json, &manifest);

	struct layout_entry entry = { IMAGE_TYPE_MANIFEST, &manifest, (int64_t)json.len, NULL,
				      NULL };

	if (layout_put(t->layout_dirfd, &entry, why))
		diex("%s", why);
	printf("%s\n", manifest.text);
}

int ctl_sign(int argc, char **argv)
{
	const struct usage u = { "--hook PROGRAM [--identity NAME] LAYOUT[:TAG|@DIGEST]",
				 "Have an image signed; print the digest of the signature.",
				 sign_opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	_buf_ struct buf document = { 0 };
	_free_ char *text = NULL;
	const char *name;
	struct target t;

	opt_operands(argc - first, 1, 1);
	open_target(argv[first], &t);
	name = identity ? identity : layout_entry_name(t.entry);
	signature_document(name ? name : "", &t.entry->id, &document);
	text = ask_hook(&document);
	store(&t, &document, text);
	close_target(&t);
	return 0;
}

static bool is_good(const struct target *t, const struct image_manifest *m)
{
	for (size_t i = 0; i < m->n_layers; i++) {
		const struct image_descriptor *l = &m->layers[i];
		const char *text = signature_text(l);
		_buf_ struct buf document = { 0 };

		if (text &&
		    !blob_read(t->layout_dirfd, &l->id, l->size, IMAGE_JSON_MAX, &document) &&
		    signature_is_good(hook, &document, text, &t->entry->id))
			return true;
	}
	return false;
}

/* Is the entry D a signature of the image that the hook accepts? */
static bool vouches(const struct target *t, const struct image_descriptor *d)
{
	char why[IMAGE_WHY_MAX];
	_buf_ struct buf json = { 0 };
	struct image_manifest m;
	bool ok;

	if (!*d->id.text || image_kind(d->mediaType) != IMAGE_MANIFEST ||
	    blob_read(t->layout_dirfd, &d->id, d->size, IMAGE_JSON_MAX, &json) ||
	    image_manifest_parse(buf_str(&json), json.len, d->mediaType, &m, why))
		return false;
	ok = m.subject && str_eq(m.subject->id.text, t->entry->id.text) && is_good(t, &m);
	image_manifest_free(&m);
	return ok;
}

int ctl_signed(int argc, char **argv)
{
	const struct usage u = { "--hook PROGRAM LAYOUT[:TAG|@DIGEST]",
				 "Print the signatures of an image that are good.", signed_opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u), n = 0;
	struct target t;

	opt_operands(argc - first, 1, 1);
	open_target(argv[first], &t);
	for (size_t i = 0; i < t.index.n_manifests; i++) {
		if (!vouches(&t, &t.index.manifests[i]))
			continue;
		printf("%s\n", t.index.manifests[i].id.text);
		n++;
	}
	if (!n)
		diex("image '%s': no signature that '%s' accepts", argv[first], hook);
	close_target(&t);
	return 0;
}
