/* cgctl info - print what control groups this host has. */
#include <fcntl.h>
#include <string.h>

#include "cgctl/group.h"
#include "cgctl/verbs.h"
#include "lib/cgroup_device.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "lib/sys.h"

enum { FEATURES_MAX = 4096 };

static bool json;

static const struct opt opts[] = {
	{ 0, "json", OPT_FLAG, &json, NULL, "print one JSON object" },
	{ 0 },
};

static const char *version_of(const struct cgroup_layout *l)
{
	return cgroup_is_unified(l) ? "v2" : l->unified >= 0 ? "hybrid" : "v1";
}

/* Files that tell what the kernel can do are in groups, but not in the root group: any will do. */
static int a_group(const struct cgroup_layout *l)
{
	_cgroup_ struct cgroup root = CGROUP_NONE, g = CGROUP_NONE;
	_strv_ struct strv names = { 0 };

	if (l->unified < 0 || cgroup_open(&root, l, "/") < 0 ||
	    cgroup_children(&root, 1u << l->unified, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		if (cgroup_open(&g, l, names.v[i]) < 0)
			continue;
		if (g.dirfd[l->unified] >= 0)
			return steal_fd(&g.dirfd[l->unified]);
		cgroup_close(&g);
	}
	return -1;
}

/* The kernel's own list, and what shows in a group. */
static void list_features(const struct cgroup_layout *l, struct strv *out)
{
	static const struct {
		const char *name, *file;
	} files[] = {
		{ "kill", "cgroup.kill" },	  { "freeze", "cgroup.freeze" },
		{ "threads", "cgroup.threads" },  { "pressure", "memory.pressure" },
		{ "memory_peak", "memory.peak" }, { "memory_reclaim", "memory.reclaim" },
		{ "cpu_burst", "cpu.max.burst" }, { "cpu_idle", "cpu.idle" },
	};
	_close_ int dirfd = a_group(l);
	_buf_ struct buf text = { 0 };
	_strv_ struct strv kernels = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(files) && dirfd >= 0; i++) {
		if (!faccessat(dirfd, files[i].file, F_OK, 0))
			strv_add(out, files[i].name);
	}
	if (file_read(AT_FDCWD, "/sys/kernel/cgroup/features", FEATURES_MAX, &text) < 0)
		return;
	strv_split(&kernels, buf_str(&text), '\n');
	for (size_t i = 0; i < kernels.n; i++) {
		if (*kernels.v[i])
			strv_add(out, kernels.v[i]);
	}
}

/* On v2 some "controllers" are in every group and are no controllers: not listed. */
static bool is_listed(const struct cgroup_hierarchy *h, const struct strv *real, int c)
{
	if (!(h->controllers >> c & 1))
		return false;
	return !h->unified ||
	       strv_index(real->v, cgroup_controller_name((enum cgroup_controller)c)) >= 0;
}

static void list_controllers(const struct cgroup_hierarchy *h, struct strv *out)
{
	_buf_ struct buf text = { 0 };
	_strv_ struct strv real = { 0 };

	if (h->unified && cgroup_read(h->dirfd, "cgroup.controllers", &text) < 0)
		die("read 'cgroup.controllers'");
	strv_split(&real, buf_str(&text), ' ');
	for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
		if (is_listed(h, &real, c))
			strv_add(out, cgroup_controller_name((enum cgroup_controller)c));
	}
	/* Newer ones that this program has no words for. */
	for (size_t i = 0; i < real.n; i++) {
		if (*real.v[i] && cgroup_controller_of(real.v[i], strlen(real.v[i])) < 0)
			strv_add(out, real.v[i]);
	}
}

static void print_json(const struct cgroup_layout *l, const struct strv *features, struct buf *out)
{
	struct emit e = { .out = out };

	emit_object(&e, NULL);
	emit_str(&e, "version", version_of(l));
	emit_str(&e, "root", sys_cgroup_root());
	emit_array(&e, "hierarchies");
	for (int i = 0; i < l->n; i++) {
		_strv_ struct strv names = { 0 };

		list_controllers(&l->at[i], &names);
		emit_object(&e, NULL);
		emit_str(&e, "name", *l->at[i].name ? l->at[i].name : ".");
		emit_int(&e, "version", l->at[i].unified ? 2 : 1);
		emit_strv(&e, "controllers", names.v);
		emit_end(&e);
	}
	emit_end(&e);
	emit_strv(&e, "features", features->v);
	emit_end(&e);
	buf_addc(out, '\n');
}

static void print_lines(const struct cgroup_layout *l, const struct strv *features, struct buf *out)
{
	buf_addf(out, "version=%s\nroot=%s\n", version_of(l), sys_cgroup_root());
	for (int i = 0; i < l->n; i++) {
		_strv_ struct strv names = { 0 };

		list_controllers(&l->at[i], &names);
		buf_addf(out, "hierarchy=%s v%d", *l->at[i].name ? l->at[i].name : ".",
			 l->at[i].unified ? 2 : 1);
		for (size_t k = 0; k < names.n; k++)
			buf_addf(out, " %s", names.v[k]);
		buf_addc(out, '\n');
	}
	for (size_t i = 0; i < features->n; i++)
		buf_addf(out, "feature=%s\n", features->v[i]);
}

int cgctl_info(int argc, char **argv)
{
	const struct usage u = { "[--json]",
				 "Print the hierarchies, their controllers, and features.", opts, 0,
				 NULL };
	struct cgroup_layout layout;
	_strv_ struct strv features = { 0 };
	_buf_ struct buf out = { 0 };
	int at = opt_parse(argc, argv, &u);

	opt_operands(argc - at, 0, 0);
	xlayout_open(&layout);
	list_features(&layout, &features);
	(json ? print_json : print_lines)(&layout, &features, &out);
	xgroup_print(&out);
	cgroup_layout_close(&layout);
	return 0;
}
