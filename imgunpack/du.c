#include <fcntl.h>
#include <string.h>

#include "imgunpack/compare.h"
#include "imgunpack/imgctl.h"
#include "imgunpack/store.h"
#include "imgunpack/table.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"

static bool json;
static const char *layers;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "one object a line" },
	{ 0, "layers", OPT_STR, &layers, "STORE", "show what unpacked layers in STORE take, too" },
	{ 0 },
};

struct row {
	char *name;
	const char *digest;
	struct digests uses;
	int64_t size, shared;
};

/* The name that `ls` shows. */
static char *name_of(const struct json *entry)
{
	const struct json *a = json_get(entry, "annotations");
	const char *name = a ? json_get_str(a, "io.containerd.image.name") : NULL;

	if (!name && a)
		name = json_get_str(a, IMAGE_REF_NAME);
	return name ? xstrdup(name) : NULL;
}

static bool in_another(const struct row *rows, size_t n, size_t self, const struct digest *d)
{
	for (size_t i = 0; i < n; i++)
		if (i != self && !str_eq(rows[i].digest, rows[self].digest) &&
		    digests_has(&rows[i].uses, d))
			return true;
	return false;
}

/* Several names of one image share nothing with each other: removing it frees what it has. */
static void add_up(int dirfd, struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < rows[i].uses.n; j++) {
			int64_t size = blob_size(dirfd, &rows[i].uses.v[j]);

			if (size < 0)
				continue;
			rows[i].size += size;
			if (in_another(rows, n, i, &rows[i].uses.v[j]))
				rows[i].shared += size;
		}
}

static void print_json(const char *kind, const char *name, const char *digest, int64_t size,
		       int64_t shared)
{
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	emit_object(&e, NULL);
	emit_str(&e, "kind", kind);
	emit_str_if(&e, "name", name);
	emit_str_if(&e, "digest", digest);
	emit_int(&e, "size", size);
	if (shared >= 0) {
		emit_int(&e, "shared", shared);
		emit_int(&e, "own", size - shared);
	}
	emit_end(&e);
	printf("%s\n", buf_str(&b));
}

static void add_row(struct table *t, const char *name, int64_t size, int64_t shared)
{
	char text[TABLE_SIZE_MAX];

	table_add(t, name);
	table_add(t, table_size(size, text));
	table_add(t, shared < 0 ? NULL : table_size(shared, text));
	table_add(t, shared < 0 ? NULL : table_size(size - shared, text));
}

static void show(struct table *t, const struct row *r)
{
	_free_ char *digest = xmemdup0(r->digest, strnlen(r->digest, strlen("sha256:") + 12));

	if (json)
		print_json("image", r->name, r->digest, r->size, r->shared);
	else
		add_row(t, r->name ? r->name : digest, r->size, r->shared);
}

static struct row *read_rows(int dirfd, const struct json *index, size_t *n)
{
	const struct json *list = json_get(index, "manifests");
	struct row *rows = NULL;

	*n = 0;
	for (const struct json *e = list ? list->child : NULL; e; e = e->next) {
		const char *digest = json_get_str(e, "digest");

		if (!digest)
			continue;
		rows = xreallocarray(rows, *n + 1, sizeof(*rows));
		rows[*n] = (struct row){ .name = name_of(e), .digest = digest };
		xmark_entry(dirfd, e, &rows[*n].uses);
		++*n;
	}
	add_up(dirfd, rows, *n);
	return rows;
}

/* Blocks on disk below FD. A layer's files are nobody else's, but may have several names. */
static int64_t blocks_of(int fd)
{
	_strv_ struct strv names = compare_list(fd);
	int64_t sum = 0;

	for (size_t i = 0; i < names.n; i++) {
		struct stat st;

		if (fstatat(fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW))
			continue;
		sum += S_ISDIR(st.st_mode) ? st.st_blocks * 512
					   : st.st_blocks * 512 / (int64_t)st.st_nlink;
		if (!S_ISDIR(st.st_mode))
			continue;

		_close_ int sub = openat(fd, names.v[i],
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (sub >= 0)
			sum += blocks_of(sub);
	}
	return sum;
}

static void show_layers(struct table *t, const char *layout, const char *store)
{
	_close_ int fd = store_open(store, STORE_SHARED);
	_strv_ struct strv keys = { 0 };

	if (fd < 0)
		die("open layer store '%s'", store);
	ctl_layer_keys(layout, &keys);
	for (size_t i = 0; i < keys.n; i++) {
		_close_ int layer = openat(fd, keys.v[i],
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (layer < 0 || (size_t)strv_index(keys.v, keys.v[i]) < i)
			continue;

		int64_t size = blocks_of(layer);

		if (json)
			print_json("layer", keys.v[i], NULL, size, -1);
		else
			add_row(t, keys.v[i], size, -1);
	}
}

int ctl_du(int argc, char **argv)
{
	const struct usage u = { "[--json] [--layers STORE] LAYOUT",
				 "Show the bytes that images take, shared with others and alone.",
				 opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	struct table t = { .n_columns = 4 };
	char why[JSON_WHY_MAX];
	_buf_ struct buf b = { 0 };
	_close_ int dirfd = -1, lock = -1;
	size_t n;

	opt_operands(argc - first, 1, 1);
	dirfd = xctl_open(argv[first]);
	lock = layout_lock(dirfd, false, false);
	if (lock < 0 || file_read(dirfd, "index.json", IMAGE_JSON_MAX, &b))
		die("read '%s/index.json'", argv[first]);

	_json_ struct json *index = json_parse(buf_str(&b), b.len, 0, why);

	if (!index)
		diex("index.json: %s", why);
	table_add(&t, "NAME");
	table_add(&t, "SIZE");
	table_add(&t, "SHARED");
	table_add(&t, "OWN");

	struct row *rows = read_rows(dirfd, index, &n);

	for (size_t i = 0; i < n; i++) {
		show(&t, &rows[i]);
		digests_free(&rows[i].uses);
		free(rows[i].name);
	}
	free(rows);
	if (layers)
		show_layers(&t, argv[first], layers);
	if (json)
		strv_free(&t.cells);
	else
		table_print(&t);
	return 0;
}
