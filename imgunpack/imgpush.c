/* imgpush - send an image from an OCI layout to a registry. */
#include <signal.h>

#include "imgunpack/send.h"
#include "lib/die.h"
#include "lib/layout.h"
#include "lib/mem.h"
#include "lib/opt.h"

static struct registry_options registry_options = { .actions = "pull,push",
						    .tries = 5,
						    .stall_s = 60 };
static const char *platform_name;
static int jobs = 4;
static bool quiet;

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
	{ 0 },
};

static void parse_operands(char **argv, struct layout_name *source, struct ref *ref)
{
	const char *why;

	if (layout_name_parse(argv[0], source))
		opt_misuse("malformed image '%s', want LAYOUT[:TAG|@DIGEST]", argv[0]);
	if (ref_parse(argv[1], ref, &why))
		opt_misuse("malformed reference '%s': %s", argv[1], why);
	if (*ref->digest.text)
		opt_misuse("'%s' has a digest; a push makes a tag", argv[1]);
}

static void xload(int *layout_dirfd, int *lock, const struct layout_name *source,
		  struct layout_image *image)
{
	struct platform want;
	char why[LAYOUT_WHY_MAX];

	if (platform_name && platform_parse(platform_name, &want))
		opt_misuse("malformed platform '%s', want OS/ARCH[/VARIANT]", platform_name);
	*layout_dirfd = layout_open(source->dir);
	if (*layout_dirfd < 0 && (errno == EINVAL || errno == ENOTDIR))
		diex("open layout '%s': not an image layout", source->dir);
	if (*layout_dirfd < 0)
		die("open layout '%s'", source->dir);
	*lock = layout_lock(*layout_dirfd, false, false);
	if (*lock < 0)
		die("lock layout '%s'", source->dir);
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

int main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... LAYOUT[:TAG|@DIGEST] REF",
				 "Send an image from an OCI layout to a registry.", opts, 0, NULL };
	_close_ int layout_dirfd = -1, lock = -1;
	struct layout_name source;
	struct layout_image image;
	struct registry registry;
	struct ref ref;
	int first;

	opt_program(argv[0]);
	first = opt_parse(argc, argv, &u);
	opt_operands(argc - first, 2, 2);
	if (jobs < 1 || registry_options.tries < 1)
		opt_misuse("--jobs and --tries start at 1");
	parse_operands(argv + first, &source, &ref);
	signal(SIGPIPE, SIG_IGN);

	xload(&layout_dirfd, &lock, &source, &image);
	xregistry_open(&registry, &ref, &registry_options);
	xsend_blobs(&registry, layout_dirfd, &image.manifest, jobs, quiet);
	send_manifest(&registry, &image);
	printf("%s\n", image.digest.text);

	layout_image_free(&image);
	registry_close(&registry);
	layout_name_free(&source);
	return 0;
}
