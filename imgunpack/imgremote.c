/* imgremote - look into a registry: tags, repositories, what refers to an image. */
#include <signal.h>
#include <string.h>

#include "imgunpack/manifest.h"
#include "imgunpack/referrers.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"

static struct registry_options registry_options = { .actions = "pull", .tries = -1, .stall_s = -1 };
static const char *artifact_type;
static bool raw;

#define REGISTRY_OPTS \
	{ 0, "creds", OPT_STR, &registry_options.creds, "USER:PASSWORD", "log in with these" }, \
		{ 0,	   "authfile", \
		  OPT_STR, &registry_options.authfile, \
		  "FILE",  "credentials, as ~/.docker/config.json" }, \
		{ 0,	   "tls-ca", \
		  OPT_STR, &registry_options.tls_ca, \
		  "FILE",  "trust these authorities (PEM) instead of the system's" }, \
		{ 0,	    "insecure", \
		  OPT_FLAG, &registry_options.insecure, \
		  NULL,	    "accept http, and certificates nobody vouches for" }, \
		{ 0,	   "tries", \
		  OPT_INT, &registry_options.tries, \
		  "N",	   "tries at what fails in passing (5)" }, \
	{ \
		0, "timeout", OPT_INT, &registry_options.stall_s, "SECONDS", \
			"give up on a server that is silent or drips so long (60)" \
	}

static const struct opt opts[] = { { 0 } };
static const struct opt plain_opts[] = { REGISTRY_OPTS, { 0 } };
static const struct opt inspect_opts[] = {
	REGISTRY_OPTS,
	{ 0, "raw", OPT_FLAG, &raw, NULL, "print the document itself, not its digest" },
	{ 0 },
};
static const struct opt referrers_opts[] = {
	REGISTRY_OPTS,
	{ 0, "artifact-type", OPT_STR, &artifact_type, "TYPE", "only those of this kind" },
	{ 0 },
};

static void parse(const char *text, struct ref *ref)
{
	const char *why;

	if (ref_parse(text, ref, &why))
		opt_misuse("malformed reference '%s': %s", text, why);
}

static const char *operand(int argc, char **argv, const struct usage *u)
{
	int first = opt_parse(argc, argv, u);

	opt_operands(argc - first, 1, 1);
	if (!registry_options.tries || !registry_options.stall_s)
		opt_misuse("--tries and --timeout start at 1");
	return argv[first];
}

/* The registry NAME is about. */
static void begin(const char *name, struct ref *ref, struct registry *r)
{
	parse(name, ref);
	signal(SIGPIPE, SIG_IGN);
	xregistry_open(r, ref, &registry_options);
}

static _noreturn_ void die_call(const char *what, const struct ref *ref, struct call *c)
{
	_free_ char *name = ref_full(ref);

	diex("%s '%s': %s%s", what, name, c->http.status == 404 ? "not found: " : "",
	     call_reason(c));
}

/* Names are a stranger's: one a line, with nothing in them that a terminal obeys. */
static bool print_names(const struct json *list)
{
	for (const struct json *n = list ? list->child : NULL; n; n = n->next) {
		if (n->type != JSON_STRING)
			continue;

		_free_ char *clean = die_clean(xstrdup(n->text));

		printf("%s\n", clean);
	}
	return true;
}

static bool print_tags(_unused_ void *ctx, const struct json *page)
{
	return print_names(json_get(page, "tags"));
}

static bool print_repositories(_unused_ void *ctx, const struct json *page)
{
	return print_names(json_get(page, "repositories"));
}

static int remote_tags(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... REPOSITORY", "List the tags of a repository.",
				 plain_opts, 0, NULL };
	struct registry r;
	struct ref ref;
	struct call c;

	begin(operand(argc, argv, &u), &ref, &r);
	if (!pages_get(&r, "tags/list?n=1000", print_tags, NULL, &c))
		die_call("list tags of", &ref, &c);
	call_free(&c);
	registry_close(&r);
	return 0;
}

static int remote_catalog(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... HOST[:PORT]", "List the repositories of a registry.",
				 plain_opts, 0, NULL };
	_free_ char *any = xasprintf("%s/x", operand(argc, argv, &u));
	struct registry r;
	struct ref ref;
	struct call c;

	begin(any, &ref, &r);
	r.catalog = true;
	if (!pages_get(&r, "_catalog?n=1000", print_repositories, NULL, &c))
		diex("list repositories of '%s': %s", ref.domain, call_reason(&c));
	call_free(&c);
	registry_close(&r);
	return 0;
}

/* The digest of what a reference names now. */
static void get_document(struct registry *r, const struct ref *ref, struct buf *b, struct digest *d)
{
	_free_ char *what = xasprintf("manifests/%s",
				      *ref->digest.text ? ref->digest.text : ref->tag);
	struct call c;

	if (!document_get(r, what, manifest_accept, b, &c))
		die_call("inspect", ref, &c);
	call_free(&c);
	digest_of(buf_str(b), b->len, d);
	if (*ref->digest.text && !str_eq(ref->digest.text, d->text))
		diex("inspect '%s': the manifest does not match the digest asked for", ref->path);
}

static int remote_inspect(int argc, char **argv)
{
	const struct usage u = { "[--raw] [OPTION]... REF",
				 "Print the digest of what a name means, or the document.",
				 inspect_opts, 0, NULL };
	_buf_ struct buf b = { 0 };
	struct registry r;
	struct digest d;
	struct ref ref;

	begin(operand(argc, argv, &u), &ref, &r);
	get_document(&r, &ref, &b, &d);
	if (!raw)
		printf("%s\n", d.text);
	else if (io_write(STDOUT_FILENO, b.data, b.len))
		die("write to standard output");
	registry_close(&r);
	return 0;
}

static int remote_referrers(int argc, char **argv)
{
	const struct usage u = { "[--artifact-type TYPE] [OPTION]... REF",
				 "List what refers to an image, a JSON object a line.",
				 referrers_opts, 0, NULL };
	_buf_ struct buf b = { 0 }, out = { 0 };
	_json_ struct json *all = NULL;
	struct registry r;
	struct digest d;
	struct ref ref;

	begin(operand(argc, argv, &u), &ref, &r);
	if (*ref.digest.text)
		d = ref.digest;
	else
		get_document(&r, &ref, &b, &d);
	all = xreferrers_get(&r, &d, artifact_type);
	for (const struct json *e = all->child; e; e = e->next) {
		struct emit emit = { .out = &out };

		emit_json(&emit, NULL, e);
		buf_addc(&out, '\n');
	}
	if (out.len && io_write(STDOUT_FILENO, out.data, out.len))
		die("write to standard output");
	registry_close(&r);
	return 0;
}

static int remote_rm(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... REF@DIGEST", "Remove a manifest from its repository.",
				 plain_opts, 0, NULL };
	_free_ char *what = NULL;
	const char *name;
	struct registry r;
	struct ref ref;
	struct call c;

	registry_options.actions = "pull,delete";
	name = operand(argc, argv, &u);
	parse(name, &ref);
	if (!*ref.digest.text)
		opt_misuse("which manifest? want REF@DIGEST");
	begin(name, &ref, &r);
	what = xasprintf("manifests/%s", ref.digest.text);
	call_init(&c, &r, what);
	c.http.method = "DELETE";
	call_run(&r, &c);
	if (c.http.status / 100 != 2 && c.http.status != 404)
		die_call("remove", &ref, &c);
	call_free(&c);
	registry_close(&r);
	return 0;
}

static const struct verb verbs[] = {
	{ "catalog", remote_catalog, "list the repositories of a registry" },
	{ "inspect", remote_inspect, "print the digest of what a name means, or the document" },
	{ "referrers", remote_referrers, "list what refers to an image" },
	{ "rm", remote_rm, "remove a manifest" },
	{ "tags", remote_tags, "list the tags of a repository" },
	{ 0 },
};

int main(int argc, char **argv)
{
	const struct usage u = { "VERB [OPTION]... NAME", "Look into a registry.", opts, OPT_STOP,
				 verbs };

	opt_program(argv[0]);
	return opt_run_verb(argc, argv, &u);
}
