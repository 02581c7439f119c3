/* imgpull - fetch an image from a registry into an OCI layout. */
#include <signal.h>
#include <sys/prctl.h>

#include "imgunpack/fetch.h"
#include "imgunpack/manifest.h"
#include "imgunpack/report.h"
#include "imgunpack/signature.h"
#include "imgunpack/transport.h"
#include "lib/blob.h"
#include "lib/die.h"
#include "lib/layout.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/proc.h"

static struct registry_options registry_options = { .actions = "pull", .tries = -1, .stall_s = -1 };
static const char *platform_name, *verify_hook;
static int jobs = 4;
static bool quiet, json, all_platforms;

static const struct opt opts[] = {
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH[/VARIANT]",
	  "the image for this platform, not this machine's" },
	{ 0, "all-platforms", OPT_FLAG, &all_platforms, NULL,
	  "the images for every platform, with their index" },
	{ 0, "verify", OPT_STR, &verify_hook, "PROGRAM",
	  "only what has a signature that this accepts" },
	{ 0, "creds", OPT_STR, &registry_options.creds, "USER:PASSWORD", "log in with these" },
	{ 0, "authfile", OPT_STR, &registry_options.authfile, "FILE",
	  "credentials, as ~/.docker/config.json" },
	{ 0, "tls-ca", OPT_STR, &registry_options.tls_ca, "FILE",
	  "trust these authorities (PEM) instead of the system's" },
	{ 0, "insecure", OPT_FLAG, &registry_options.insecure, NULL,
	  "accept http, and certificates nobody vouches for" },
	{ 'j', "jobs", OPT_INT, &jobs, "N", "fetch so many layers at once (4)" },
	{ 0, "tries", OPT_INT, &registry_options.tries, "N", "tries at what fails in passing (5)" },
	{ 0, "timeout", OPT_INT, &registry_options.stall_s, "SECONDS",
	  "give up on a server that is silent or drips so long (60)" },
	{ 'q', "quiet", OPT_FLAG, &quiet, NULL, "no progress on a terminal" },
	{ 0, "json", OPT_FLAG, &json, NULL, "tell what arrives, one object a line" },
	{ 0 },
};

static void parse_source(const char *text, struct ref *ref)
{
	const char *why;

	if (ref_parse(text, ref, &why))
		opt_misuse("malformed reference '%s': %s", text, why);
}

static void parse_target(const char *text, struct layout_name *target)
{
	const char *rest = str_after(text, "oci:");

	text = rest ? rest : text;
	if (layout_name_parse(text, target) || *target->digest.text)
		opt_misuse("malformed target '%s', want LAYOUT[:TAG]", text);
}

static void parse_platform(struct platform *want)
{
	if (!platform_name)
		platform_host(want);
	else if (platform_parse(platform_name, want))
		opt_misuse("malformed platform '%s', want OS/ARCH[/VARIANT]", platform_name);
}

/* The image's own word on its platform; of an artifact that is no image there is none. */
static bool read_platform(int layout_dirfd, const struct image_manifest *m, const char *name,
			  struct platform *out)
{
	const struct image_descriptor *d = m->config;
	char why[IMAGE_WHY_MAX];
	struct image_config config;
	_buf_ struct buf b = { 0 };

	if (image_kind(d->mediaType) != IMAGE_CONFIG)
		return false;
	xblob_read(layout_dirfd, &d->id, d->size, IMAGE_JSON_MAX, &b);
	if (image_config_parse(buf_str(&b), b.len, &config, why) || image_check(m, &config, why))
		diex("image '%s': %s", name, why);
	platform_set(out, config.os, config.architecture, config.variant);
	image_config_free(&config);
	return true;
}

/* An image that no index has vouched for may be for anything. */
static void check_platform(const struct platform *want, const struct platform *is, const char *name)
{
	char text[PLATFORM_TEXT_MAX + 1];

	if (platform_rank(want, is) >= 0)
		return;
	if (platform_name)
		diex("image '%s' is for platform '%s' only", name, platform_text(is, text));
	warnx("image '%s' is for platform '%s'", name, platform_text(is, text));
}

/* The documents make the blobs an image, the entry in index.json makes it known: in this order. */
static void record(int layout_dirfd, const struct pulled *p, const struct platform *platform,
		   const char *tag)
{
	const struct doc *top = docs_top(&p->docs);
	struct layout_entry e = { top->media_type, &top->digest, (int64_t)top->json.len, platform,
				  tag };
	char why[LAYOUT_WHY_MAX];

	if (layout_put(layout_dirfd, &e, why))
		diex("%s", why);
}

/* Who follows wants to know what the image is before its layers come. */
static void announce(struct registry *r, int layout_dirfd, const struct pulled *p,
		     const struct fetch_options *options)
{
	const struct doc *top = docs_top(&p->docs);

	xdocs_store(layout_dirfd, &p->docs);
	for (size_t i = 0; i < p->docs.n_manifests; i++)
		xfetch_config(r, layout_dirfd, &p->docs.manifests[i], options);
	report_manifest(&top->digest, (int64_t)top->json.len, top->media_type);
}

static void finish(int layout_dirfd, const struct pulled *p, const struct platform *want,
		   const char *tag)
{
	const struct doc *top = docs_top(&p->docs);
	struct platform platform;
	bool is_image = false;

	for (size_t i = 0; i < p->docs.n_manifests; i++)
		is_image = read_platform(layout_dirfd, &p->docs.manifests[i], top->digest.text,
					 &platform);
	if (is_image && want && !p->chosen)
		check_platform(want, &platform, top->digest.text);
	xdocs_store(layout_dirfd, &p->docs);
	record(layout_dirfd, p, is_image && want ? &platform : NULL, tag);
	if (json)
		report_done(&top->digest, tag);
	else
		printf("%s\n", top->digest.text);
}

/* Before anything of it is here. */
static void check_signature(struct registry *r, const struct pulled *p)
{
	_free_ char *name = ref_full(r->ref);

	if (verify_hook && !signature_in_registry(r, &p->named, verify_hook))
		diex("pull '%s': no signature that '%s' accepts", name, verify_hook);
}

static void pull_from(const struct ref *ref, const struct layout_name *target, const char *tag,
		      const struct platform *want, bool is_mirror)
{
	const struct fetch_options options = {
		.jobs = jobs,
		.tell = { .quiet = quiet, .json = json },
		.resumable = is_mirror,
	};
	_close_ int layout_dirfd = -1, lock = -1;
	struct registry registry;
	struct pulled pulled;

	xregistry_open(&registry, ref, &registry_options);
	xmanifest_pull(&registry, want, &pulled);
	check_signature(&registry, &pulled);
	layout_dirfd = xtransport_open_new(target->dir, &lock);
	if (json)
		announce(&registry, layout_dirfd, &pulled, &options);
	xfetch_blobs(&registry, layout_dirfd, pulled.docs.manifests, pulled.docs.n_manifests,
		     &options);
	finish(layout_dirfd, &pulled, want, tag);
	docs_free(&pulled.docs);
	registry_close(&registry);
}

/* A process for each mirror: it may fail anywhere, and what came whole stays for the next. */
static bool try_mirror(const struct ref *mirror, const struct layout_name *target, const char *tag,
		       const struct platform *want)
{
	pid_t parent = getpid(), pid = xfork();
	int status;

	if (pid) {
		status = proc_wait(pid);
		if (status > 1)
			exit(status);
		return !status;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	if (!getenv("LASH_DEBUG") && !freopen("/dev/null", "w", stderr))
		_exit(1);
	pull_from(mirror, target, tag, want, true);
	exit(0);
}

/* Mirrors first, in the order of the file; what goes wrong at the registry itself is what is said.
 */
static void pull(const struct ref *ref, const struct layout_name *target,
		 const struct platform *want)
{
	const char *tag = target->tag ? target->tag : *ref->tag ? ref->tag : NULL;
	struct registry_settings s;
	bool done = false;

	signal(SIGPIPE, SIG_IGN);
	xregistries_find(ref, &s);
	/* It is the registry's word on what a mirror sends, too. */
	if (!verify_hook && s.verify)
		verify_hook = xstrdup(s.verify);
	if (s.by_digest && !*ref->digest.text)
		strv_free(&s.mirrors);
	for (size_t i = 0; i < s.mirrors.n && !s.blocked && !done; i++) {
		struct ref mirror;

		if (registries_place(&s, ref, s.mirrors.v[i], &mirror))
			diex("registry '%s': its mirror '%s' is none", ref->domain, s.mirrors.v[i]);
		done = try_mirror(&mirror, target, tag, want);
	}
	registries_free(&s);
	if (!done)
		pull_from(ref, target, tag, want, false);
}

static void bring(enum transport from, const char *source, const struct layout_name *target,
		  const struct platform *want)
{
	_close_ int layout_dirfd = -1, lock = -1;
	struct layout_image image = { 0 };
	_free_ char *tag = NULL;

	layout_dirfd = xtransport_open_new(target->dir, &lock);
	if (all_platforms && from == TRANSPORT_ARCHIVE)
		image.digest = xtransport_all_from_archive(source, layout_dirfd, target->tag);
	else if (all_platforms)
		image.digest = xtransport_all_from_layout(source, layout_dirfd, target->tag);
	else if (from == TRANSPORT_LAYOUT)
		xtransport_from_layout(source, layout_dirfd, want, &image, &tag);
	else
		xtransport_from_archive(source, layout_dirfd, want, &image, &tag);
	if (!all_platforms)
		xtransport_record(layout_dirfd, &image, target->tag ? target->tag : tag);
	if (json)
		report_done(&image.digest, target->tag ? target->tag : tag);
	else
		printf("%s\n", image.digest.text);
	layout_image_free(&image);
}

int main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... SOURCE LAYOUT[:TAG]",
				 "Fetch an image from a registry into an OCI layout.", opts, 0,
				 NULL };
	struct layout_name target;
	struct platform want;
	enum transport from;
	const char *source;
	struct ref ref;
	int first;

	opt_program(argv[0]);
	first = opt_parse(argc, argv, &u);
	opt_operands(argc - first, 2, 2);
	if (!jobs || !registry_options.tries || !registry_options.stall_s)
		opt_misuse("--jobs, --tries and --timeout start at 1");
	from = transport_of(argv[first], &source);
	if (from == TRANSPORT_REGISTRY)
		parse_source(source, &ref);
	parse_target(argv[first + 1], &target);
	parse_platform(&want);
	if (all_platforms && platform_name)
		opt_misuse("--platform and --all-platforms exclude each other");

	if (from == TRANSPORT_REGISTRY)
		pull(&ref, &target, all_platforms ? NULL : &want);
	else
		bring(from, source, &target, platform_name ? &want : NULL);
	layout_name_free(&target);
	return 0;
}
