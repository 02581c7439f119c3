/* imgpush - send an image from an OCI layout to a registry. */
#include <signal.h>

#include "imgunpack/archive.h"
#include "imgunpack/archive_write.h"
#include "imgunpack/docs.h"
#include "imgunpack/referrers.h"
#include "imgunpack/report.h"
#include "imgunpack/send.h"
#include "imgunpack/transport.h"
#include "lib/die.h"
#include "lib/layout.h"
#include "lib/mem.h"
#include "lib/opt.h"

static struct registry_options registry_options = { .actions = "pull,push",
						    .tries = -1,
						    .stall_s = -1 };
static const char *platform_name;
static int jobs = 4;
static bool quiet, json, all_platforms;
static struct send_options send_options;
static int64_t chunk_bytes;

static const struct opt opts[] = {
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH[/VARIANT]",
	  "of an image for several, send this platform's" },
	{ 0, "all-platforms", OPT_FLAG, &all_platforms, NULL,
	  "of an image for several, send all, with their index" },
	{ 0, "chunk", OPT_SIZE, &chunk_bytes, "BYTES", "send layers in pieces of so much" },
	{ 0, "mount-from", OPT_STR, &send_options.mount_from, "REPOSITORY",
	  "let the registry take what it can from this repository" },
	{ 0, "creds", OPT_STR, &registry_options.creds, "USER:PASSWORD", "log in with these" },
	{ 0, "authfile", OPT_STR, &registry_options.authfile, "FILE",
	  "credentials, as ~/.docker/config.json" },
	{ 0, "tls-ca", OPT_STR, &registry_options.tls_ca, "FILE",
	  "trust these authorities (PEM) instead of the system's" },
	{ 0, "insecure", OPT_FLAG, &registry_options.insecure, NULL,
	  "accept http, and certificates nobody vouches for" },
	{ 'j', "jobs", OPT_INT, &jobs, "N", "send so many layers at once (4)" },
	{ 0, "tries", OPT_INT, &registry_options.tries, "N", "tries at what fails in passing (5)" },
	{ 0, "timeout", OPT_INT, &registry_options.stall_s, "SECONDS",
	  "give up on a server that is silent or drips so long (60)" },
	{ 'q', "quiet", OPT_FLAG, &quiet, NULL, "no progress on a terminal" },
	{ 0, "json", OPT_FLAG, &json, NULL, "tell what was sent, one object a line" },
	{ 0 },
};

static void parse_source(const char *text, struct layout_name *source)
{
	if (layout_name_parse(text, source))
		opt_misuse("malformed image '%s', want LAYOUT[:TAG|@DIGEST]", text);
}

static void parse_ref(const char *text, struct ref *ref)
{
	const char *why;

	if (ref_parse(text, ref, &why))
		opt_misuse("malformed reference '%s': %s", text, why);
	if (*ref->digest.text)
		opt_misuse("'%s' has a digest; a push makes a tag", text);
}

static void parse_target(const char *text, struct layout_name *target)
{
	if (layout_name_parse(text, target) || *target->digest.text)
		opt_misuse("malformed target '%s'", text);
}

/* What is to be sent: one image, or all that an index lists. */
struct cargo {
	int layout_dirfd, lock;
	struct layout_name name; /* in the layout */
	struct layout_image image;
	struct docs docs;
	char *tag; /* the name it has, or NULL */
};

static void xopen(struct cargo *c, const char *text)
{
	const char *where;
	enum transport from = transport_of(text, &where);

	if (from == TRANSPORT_REGISTRY)
		where = text;
	parse_source(where, &c->name);
	if (from == TRANSPORT_ARCHIVE)
		c->layout_dirfd = archive_open(c->name.dir, 0, NULL);
	else
		c->layout_dirfd = xtransport_open(c->name.dir, &c->lock);
	c->tag = xtransport_tag(c->layout_dirfd, &c->name);
}

/* What docker is to load has to be an image. */
static void xload(struct cargo *c, enum transport to)
{
	int (*load)(int, const struct layout_name *, const struct platform *, struct layout_image *,
		    char *) = to == TRANSPORT_ARCHIVE ? layout_load : layout_load_any;
	struct platform want;
	char why[LAYOUT_WHY_MAX];

	if (platform_name && platform_parse(platform_name, &want))
		opt_misuse("malformed platform '%s', want OS/ARCH[/VARIANT]", platform_name);
	if (all_platforms)
		xdocs_load(c->layout_dirfd, &c->name, &c->docs);
	else if (load(c->layout_dirfd, &c->name, platform_name ? &want : NULL, &c->image, why))
		diex("%s", why);
}

static const struct digest *digest_of_cargo(const struct cargo *c)
{
	return all_platforms ? &docs_top(&c->docs)->digest : &c->image.digest;
}

/* Under TAG, or its own digest where that is NULL. What refers to another manifest is noted for a
 * registry that keeps no list of that. */
static void send_manifest(struct registry *r, const struct digest *d, const char *media_type,
			  const struct buf *doc, const char *tag)
{
	_free_ char *what = xasprintf("manifests/%s", tag ? tag : d->text);
	_free_ char *name = ref_full(r->ref);
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;
	struct call c;
	bool is_listed;

	call_init(&c, r, what);
	c.http.method = "PUT";
	c.http.body = buf_str(doc);
	c.http.body_len = doc->len;
	strv_take(&c.headers, xasprintf("Content-Type: %s", media_type));
	call_run(r, &c);
	if (c.http.status / 100 != 2)
		diex("push '%s': %s", name, call_reason(&c));
	is_listed = http_header(&c.http, "oci-subject");
	call_free(&c);
	if (is_listed || image_kind(media_type) != IMAGE_MANIFEST ||
	    image_manifest_parse(buf_str(doc), doc->len, media_type, &m, why))
		return;
	if (m.subject && *m.subject->id.text)
		xreferrers_add(r, &m, d, (int64_t)doc->len, media_type);
	image_manifest_free(&m);
}

/* The tag comes last, when everything it leads to is there. */
static void push(const struct cargo *c, const struct ref *ref)
{
	const struct layout_image *i = &c->image;
	struct registry registry;

	signal(SIGPIPE, SIG_IGN);
	xregistry_open(&registry, ref, &registry_options);
	if (!all_platforms) {
		xsend_blobs(&registry, c->layout_dirfd, &i->manifest, 1, &send_options);
		send_manifest(&registry, &i->digest, i->media_type, &i->manifest_json,
			      registry.ref->tag);
	} else {
		xsend_blobs(&registry, c->layout_dirfd, c->docs.manifests, c->docs.n_manifests,
			    &send_options);
		for (size_t n = 0; n < c->docs.n; n++) {
			const struct doc *d = &c->docs.v[n];

			send_manifest(&registry, &d->digest, d->media_type, &d->json,
				      d == docs_top(&c->docs) ? registry.ref->tag : NULL);
		}
	}
	registry_close(&registry);
}

/* Into another layout, or an archive: under the name it is to have there, else its own. */
static void hand_on(struct cargo *c, enum transport to, const struct layout_name *target)
{
	char *name = target->tag ? target->tag : c->tag;

	if (to == TRANSPORT_ARCHIVE && all_platforms) {
		archive_write_docs(target->dir, c->layout_dirfd, &c->docs, name);
	} else if (to == TRANSPORT_ARCHIVE) {
		struct saved saved = { c->layout_dirfd, c->image, name };

		archive_write(target->dir, &saved, 1);
	} else {
		_close_ int lock = -1, dirfd = xtransport_open_new(target->dir, &lock);

		if (all_platforms)
			xtransport_copy_docs(c->layout_dirfd, dirfd, &c->docs, name);
		else {
			xtransport_copy(c->layout_dirfd, dirfd, &c->image);
			xtransport_record(dirfd, &c->image, name);
		}
	}
}

static void check_options(const char *target)
{
	if (jobs < 1 || !registry_options.tries || !registry_options.stall_s)
		opt_misuse("--jobs, --tries and --timeout start at 1");
	if (chunk_bytes < 0)
		opt_misuse("--chunk must not be negative");
	if (all_platforms && platform_name)
		opt_misuse("--platform and --all-platforms exclude each other");
	if (all_platforms && str_starts(target, "docker-archive:"))
		opt_misuse("--all-platforms is not for docker-archive:, which has no platforms");
	registry_options.mount_from = send_options.mount_from;
	send_options.jobs = jobs;
	send_options.tell = (struct tell){ .quiet = quiet, .json = json };
	send_options.chunk_bytes = chunk_bytes;
}

static void free_cargo(struct cargo *c)
{
	docs_free(&c->docs);
	layout_image_free(&c->image);
	layout_name_free(&c->name);
	free(c->tag);
	close_fd(&c->layout_dirfd);
	if (c->lock >= 0)
		close_fd(&c->lock);
}

int main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... SOURCE TARGET",
				 "Send an image from an OCI layout to a registry.", opts, 0, NULL };
	struct cargo cargo = { .lock = -1 };
	struct layout_name target = { 0 };
	const char *where;
	enum transport to;
	struct ref ref;
	int first;

	opt_program(argv[0]);
	first = opt_parse(argc, argv, &u);
	opt_operands(argc - first, 2, 2);
	to = transport_of(argv[first + 1], &where);
	check_options(argv[first + 1]);
	if (to == TRANSPORT_REGISTRY)
		parse_ref(where, &ref);
	else
		parse_target(where, &target);

	xopen(&cargo, argv[first]);
	xload(&cargo, to);
	if (to == TRANSPORT_REGISTRY)
		push(&cargo, &ref);
	else
		hand_on(&cargo, to, &target);
	if (json)
		report_done(digest_of_cargo(&cargo), NULL);
	else if (to != TRANSPORT_ARCHIVE || !str_eq(target.dir, "-"))
		printf("%s\n", digest_of_cargo(&cargo)->text);
	archive_drop();
	free_cargo(&cargo);
	layout_name_free(&target);
	return 0;
}
