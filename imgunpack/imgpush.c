/* imgpush - send an image from an OCI layout to a registry. */
#include <signal.h>

#include "imgunpack/archive_write.h"
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
static bool quiet, json;

static const struct opt opts[] = {
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH[/VARIANT]",
	  "of an image for several, send this platform's" },
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
	  "give up on a server that is silent so long (60)" },
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

static void xload(int *layout_dirfd, int *lock, const struct layout_name *source,
		  struct layout_image *image)
{
	struct platform want;
	char why[LAYOUT_WHY_MAX];

	if (platform_name && platform_parse(platform_name, &want))
		opt_misuse("malformed platform '%s', want OS/ARCH[/VARIANT]", platform_name);
	*layout_dirfd = xtransport_open(source->dir, lock);
	if (layout_load(*layout_dirfd, source, platform_name ? &want : NULL, image, why))
		diex("%s", why);
}

/* The tag comes last, when everything it leads to is there. */
static void send_manifest(struct registry *r, const struct layout_image *image)
{
	_free_ char *what = xasprintf("manifests/%s", r->ref->tag);
	_free_ char *name = ref_full(r->ref);
	struct call c;

	call_init(&c, r, what);
	c.http.method = "PUT";
	c.http.body = buf_str(&image->manifest_json);
	c.http.body_len = image->manifest_json.len;
	strv_take(&c.headers, xasprintf("Content-Type: %s", image->media_type));
	call_run(r, &c);
	if (c.http.status / 100 != 2)
		diex("push '%s': %s", name, call_reason(&c));
	call_free(&c);
}

static void push(int layout_dirfd, const struct layout_image *image, const struct ref *ref)
{
	struct registry registry;

	signal(SIGPIPE, SIG_IGN);
	xregistry_open(&registry, ref, &registry_options);
	xsend_blobs(&registry, layout_dirfd, &image->manifest, jobs,
		    (struct tell){ .quiet = quiet, .json = json });
	send_manifest(&registry, image);
	registry_close(&registry);
}

/* Into another layout, or an archive: under the name it is to have there, else its own. */
static void hand_on(int layout_dirfd, struct layout_image *image, enum transport to,
		    const struct layout_name *target, char *tag)
{
	char *name = target->tag ? target->tag : tag;

	if (to == TRANSPORT_ARCHIVE) {
		struct saved saved = { layout_dirfd, *image, name };

		archive_write(target->dir, &saved, 1);
	} else {
		_close_ int lock = -1, dirfd = xtransport_open_new(target->dir, &lock);

		xtransport_copy(layout_dirfd, dirfd, image);
		xtransport_record(dirfd, image, name);
	}
}

int main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... LAYOUT[:TAG|@DIGEST] TARGET",
				 "Send an image from an OCI layout to a registry.", opts, 0, NULL };
	_close_ int layout_dirfd = -1, lock = -1;
	struct layout_name source, target = { 0 };
	struct layout_image image;
	_free_ char *tag = NULL;
	const char *where;
	enum transport to;
	struct ref ref;
	int first;

	opt_program(argv[0]);
	first = opt_parse(argc, argv, &u);
	opt_operands(argc - first, 2, 2);
	if (!jobs || !registry_options.tries || !registry_options.stall_s)
		opt_misuse("--jobs, --tries and --timeout start at 1");
	parse_source(argv[first], &source);
	to = transport_of(argv[first + 1], &where);
	if (to == TRANSPORT_REGISTRY)
		parse_ref(where, &ref);
	else
		parse_target(where, &target);

	xload(&layout_dirfd, &lock, &source, &image);
	tag = xtransport_tag(layout_dirfd, &source);
	if (to == TRANSPORT_REGISTRY)
		push(layout_dirfd, &image, &ref);
	else
		hand_on(layout_dirfd, &image, to, &target, tag);
	if (json)
		report_done(&image.digest, NULL);
	else if (to != TRANSPORT_ARCHIVE || !str_eq(target.dir, "-"))
		printf("%s\n", image.digest.text);
	layout_image_free(&image);
	layout_name_free(&source);
	layout_name_free(&target);
	return 0;
}
