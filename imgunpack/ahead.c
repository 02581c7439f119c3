#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "imgunpack/archive.h"
#include "imgunpack/imgctl.h"
#include "imgunpack/unpack.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/proc.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

static const char *layers, *platform_name;
static bool follow;

static const struct opt opts[] = {
	{ 0, "follow", OPT_FLAG, &follow, NULL,
	  "unpack what `imgpull --json` tells of on standard input, as it arrives" },
	{ 0, "layers", OPT_STR, &layers, "STORE",
	  "keep unpacked layers in STORE ($LASH_ROOT/layers)" },
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH[/VARIANT]",
	  "choose this platform of several" },
	{ 0 },
};

/* An image under way: its layers are unpacked in processes of their own, as they come. */
struct ahead {
	struct unpack unpack;
	struct stack stack;
	size_t n;
	int *fds;    /* of blobs that have come */
	pid_t *pids; /* of who is at them; -1: nobody any more */
	size_t n_running;
	struct digest done;
};

static int unpack_job(void *ctx, size_t i)
{
	struct ahead *a = ctx;

	return unpack_ahead(&a->unpack, &a->stack, i);
}

static _noreturn_ void fail(const struct ahead *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->pids[i] > 0)
			kill(a->pids[i], SIGKILL);
	exit(1);
}

/* Wait for one of them, which has said what was wrong if it failed. */
static void reap(struct ahead *a)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	if (pid < 0 && errno != EINTR)
		die("wait for a worker");
	for (size_t i = 0; pid > 0 && i < a->n; i++) {
		if (a->pids[i] != pid)
			continue;
		a->pids[i] = -1;
		a->n_running--;
		close_fd(&a->fds[i]);
		a->fds[i] = -1;
		if (worker_result(status) < 0)
			fail(a);
	}
}

static void start(struct ahead *a, size_t i, int fd)
{
	if (a->pids[i]) {
		close_fd(&fd);
		return;
	}
	while (a->n_running >= proc_processors())
		reap(a);
	a->fds[i] = fd;
	a->pids[i] = worker_start(unpack_job, a, i);
	a->n_running++;
}

static void forget(struct ahead *a)
{
	while (a->n_running)
		reap(a);
	free(a->fds);
	free(a->pids);
	layout_image_free(&a->unpack.image);
	a->n = 0;
}

/* The image that comes. A pull that begins again at another registry tells of it again. */
static void take_manifest(struct ahead *a, const struct digest *d, const struct platform *want)
{
	struct layout_name name = { .digest = *d };
	char why[LAYOUT_WHY_MAX];

	/* Others have no store; they only wait for the end. */
	if (geteuid() || (a->n && str_eq(a->unpack.image.digest.text, d->text)))
		return;
	forget(a);
	if (layout_load(a->unpack.layout_dirfd, &name, want, &a->unpack.image, why))
		diex("%s", why);
	a->n = a->unpack.image.manifest.n_layers;
	a->fds = xcalloc(a->n + 1, sizeof(*a->fds));
	a->pids = xcalloc(a->n + 1, sizeof(*a->pids));
	a->unpack.layer_fds = a->fds;
	for (size_t i = 0; i < a->n; i++)
		a->fds[i] = -1;
	for (size_t i = 0; i < a->n; i++) {
		const struct image_descriptor *l = &a->unpack.image.manifest.layers[i];

		if (blob_size(a->unpack.layout_dirfd, &l->id) == l->size)
			start(a, i, -1);
	}
}

/* A blob may get its name between the message and now. */
static int open_arrived(int layout_dirfd, const struct image_descriptor *d, const char *file)
{
	int fd = file && str_starts(file, "tmp/") && str_is_name(file + strlen("tmp/"))
			 ? openat(layout_dirfd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
			 : -1;

	if (fd < 0)
		fd = blob_open(layout_dirfd, &d->id, d->size);
	if (fd < 0)
		die("open layer '%s'", d->id.text);
	return fd;
}

static void take_blob(struct ahead *a, const struct digest *d, const char *file)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct image_descriptor *l = &a->unpack.image.manifest.layers[i];

		if (str_eq(l->id.text, d->text))
			start(a, i, open_arrived(a->unpack.layout_dirfd, l, file));
	}
}

static void take_line(struct ahead *a, const char *line, size_t len, const struct platform *want)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *j = json_parse(line, len, 0, why);
	const char *status = json_get_str(j, "status"), *text = json_get_str(j, "digest");
	struct digest d;

	if (!status)
		diex("read standard input: this is not what imgpull --json tells");
	if (!text || digest_parse(text, &d))
		return;
	if (str_eq(status, "manifest"))
		take_manifest(a, &d, want);
	else if (str_eq(status, "blob"))
		take_blob(a, &d, json_get_str(j, "file"));
	else if (str_eq(status, "done"))
		a->done = d;
}

/* Take what B has of whole lines. */
static void take_lines(struct ahead *a, struct buf *b, const struct platform *want)
{
	const char *start = b->data, *end;

	while ((end = memchr(start, '\n', b->len - (size_t)(start - b->data)))) {
		take_line(a, start, (size_t)(end - start), want);
		start = end + 1;
	}
	b->len -= (size_t)(start - b->data);
	memmove(b->data, start, b->len);
}

static void follow_pull(struct ahead *a, const struct platform *want)
{
	_buf_ struct buf b = { 0 };

	for (;;) {
		ssize_t n = read(STDIN_FILENO, buf_room(&b, LINE_MAX_BYTES), LINE_MAX_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("read standard input");
		if (!n)
			break;
		b.len += (size_t)n;
		take_lines(a, &b, want);
		if (b.len > LINE_MAX_BYTES)
			diex("read standard input: a line is too long");
	}
	while (a->n_running)
		reap(a);
	/* Whoever failed upstream has said so. */
	if (!*a->done.text)
		exit(1);
}

static int unpack_followed(struct ahead *a, const char *layout)
{
	struct platform want;
	int lock;

	if (platform_name && platform_parse(platform_name, &want))
		opt_misuse("--platform '%s' is no OS/ARCH[/VARIANT]", platform_name);
	unpack_prepare();
	a->unpack.layout_dirfd = layout_open_new(layout);
	if (a->unpack.layout_dirfd < 0)
		die("open layout '%s'", layout);
	lock = layout_lock(a->unpack.layout_dirfd, false, false);
	if (lock < 0)
		die("lock layout '%s'", layout);
	follow_pull(a, platform_name ? &want : NULL);
	if (a->n)
		unpack_store(&a->unpack, &a->stack);
	close_fd(&lock);
	printf("%s\n", a->done.text);
	forget(a);
	close_fd(&a->unpack.layout_dirfd);
	if (!geteuid())
		stack_close(&a->stack);
	return 0;
}

int ctl_unpack(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... LAYOUT[:TAG|@DIGEST]",
				 "Unpack an image's layers into the store.", opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	_free_ char *store = ctl_layers(layers);
	struct ahead a = { .unpack.limits = { .entries = 10000000, .depth = 512 } };

	opt_operands(argc - first, 1, 1);
	if (!geteuid())
		stack_open(&a.stack, store);
	if (follow)
		return unpack_followed(&a, argv[first]);
	if (geteuid())
		diex("layers need root, be it that of a user namespace (unshare -r)");
	unpack_load(&a.unpack, argv[first], platform_name);
	unpack_store(&a.unpack, &a.stack);
	archive_drop();
	printf("%s\n", a.unpack.image.digest.text);
	unpack_free(&a.unpack);
	stack_close(&a.stack);
	return 0;
}
