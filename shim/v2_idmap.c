/* v2_idmap.c - root file systems whose ids are those of a user namespace. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lib/buf.h"
#include "lib/die.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "shim/v2_rootfs.h"

char *rootfs_option(struct mnt_opts *o, const char *key)
{
	for (size_t i = 0; i < o->data.n; i++) {
		const char *rest = str_after(o->data.v[i], key);
		char *value;

		if (!rest || (*rest && *rest != '='))
			continue;
		value = xstrdup(*rest ? rest + 1 : "");
		free(o->data.v[i]);
		/* The NULL behind the last moves too. */
		memmove(&o->data.v[i], &o->data.v[i + 1], (o->data.n - i) * sizeof(char *));
		o->data.n--;
		return value;
	}
	return NULL;
}

static size_t parse_map(const char *text, struct idmap *map)
{
	_strv_ struct strv ranges = { 0 };

	strv_split(&ranges, text, ',');
	if (ranges.n > IDMAP_LINES_MAX)
		diex("mount: bad id map '%s'", text);
	for (size_t i = 0; i < ranges.n; i++) {
		_strv_ struct strv numbers = { 0 };
		struct idmap *m = &map[i];

		strv_split(&numbers, ranges.v[i], ':');
		if (numbers.n != 3 || num_u32(numbers.v[0], &m->inside) < 0 ||
		    num_u32(numbers.v[1], &m->outside) < 0 ||
		    num_u32(numbers.v[2], &m->count) < 0 || !idmap_is_range(m))
			diex("mount: bad id map '%s'", text);
	}
	return ranges.n;
}

int rootfs_xuserns(struct mnt_opts *o)
{
	_free_ char *uidmap = rootfs_option(o, "uidmap"), *gidmap = rootfs_option(o, "gidmap");
	struct idmap uids[IDMAP_LINES_MAX], gids[IDMAP_LINES_MAX];
	size_t n_uids, n_gids;
	int fd;

	if (!uidmap && !gidmap)
		return -1;
	if (!uidmap || !gidmap)
		diex("mount: %s without %s", uidmap ? "uidmap" : "gidmap",
		     uidmap ? "gidmap" : "uidmap");
	n_uids = parse_map(uidmap, uids);
	n_gids = parse_map(gidmap, gids);
	fd = idmap_userns(uids, n_uids, gids, n_gids);
	if (fd < 0)
		die("make a user namespace of '%s'", uidmap);
	return fd;
}

static void map_layer(const char *layer, const char *target, int usernsfd)
{
	_close_ int mntfd = mnt_clone(AT_FDCWD, layer, false);
	_close_ int targetfd = -1;

	if (mntfd < 0 || mnt_idmap(mntfd, usernsfd, false) < 0)
		die("map ids of layer '%s'", layer);
	if (mkdir(target, 0700) < 0 && errno != EEXIST)
		die("make '%s'", target);
	targetfd = open(target, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (targetfd < 0 || mnt_attach(mntfd, targetfd) < 0)
		die("mount layer '%s'", layer);
}

void layers_xmap(struct mnt_opts *o, int usernsfd, const char *scratch)
{
	_free_ char *lower = rootfs_option(o, "lowerdir");
	_strv_ struct strv layers = { 0 };
	_buf_ struct buf text = { 0 };

	if (!lower)
		diex("mount: an overlay without lowerdir");
	if (mkdir(scratch, 0700) < 0 && errno != EEXIST)
		die("make '%s'", scratch);
	strv_split(&layers, lower, ':');
	buf_adds(&text, "lowerdir=");
	for (size_t i = 0; i < layers.n; i++) {
		_free_ char *target = xasprintf("%s/%zu", scratch, i);

		map_layer(layers.v[i], target, usernsfd);
		buf_addf(&text, "%s%s", i ? ":" : "", target);
	}
	strv_take(&o->data, buf_steal(&text));
}

void layers_hide(const char *scratch)
{
	for (size_t i = 0;; i++) {
		_free_ char *target = xasprintf("%s/%zu", scratch, i);

		if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && rmdir(target) < 0)
			break;
		rmdir(target);
	}
	rmdir(scratch);
}
