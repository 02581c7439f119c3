#include <limits.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "imgunpack/archive.h"
#include "imgunpack/imgctl.h"
#include "imgunpack/unpack.h"
#include "imgunpack/uses.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/sys.h"

static const char *layers, *platform_name;

static const struct opt mount_opts[] = {
	{ 0, "layers", OPT_STR, &layers, "STORE",
	  "keep unpacked layers in STORE ($LASH_ROOT/layers)" },
	{ 0, "platform", OPT_STR, &platform_name, "OS/ARCH[/VARIANT]",
	  "choose this platform of several" },
	{ 0 },
};

static const struct opt umount_opts[] = {
	{ 0, "layers", OPT_STR, &layers, "STORE", "the store it was mounted from" },
	{ 0 },
};

char *ctl_layers(const char *option)
{
	return option ? xstrdup(option) : xasprintf("%s/layers", sys_lash_root());
}

int ctl_mount(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... LAYOUT[:TAG|@DIGEST] DIR",
				 "Mount an image read-only.", mount_opts, 0, NULL };
	int first = opt_parse(argc, argv, &u);
	_free_ char *store = ctl_layers(layers);
	struct unpack job = { .limits = UNPACK_LIMITS };

	opt_operands(argc - first, 2, 2);
	unpack_load(&job, argv[first], platform_name);
	unpack_view(&job, store, argv[first + 1]);
	archive_drop();
	unpack_free(&job);
	return 0;
}

/* Unmount it first: a use that is noted too long costs space, one that is forgotten costs data. The
 * lock keeps out whoever is about to mount there, since the note is under the same name. */
static void umount_one(const char *dir, const char *store)
{
	_free_ char *path = realpath(dir, NULL);

	if (!path && errno == ENOENT)
		return;
	if (!path)
		die("open '%s'", dir);

	_close_ int fd = store_open(store, STORE_ALONE);

	if (fd < 0 && errno != ENOENT)
		die("open layer store '%s'", store);
	if (umount2(path, UMOUNT_NOFOLLOW) && errno != EINVAL) /* EINVAL: not mounted */
		die("unmount '%s'", dir);
	if (fd >= 0)
		uses_remove(fd, USE_MOUNT, path);
}

int ctl_umount(int argc, char **argv)
{
	const struct usage u = { "[--layers STORE] DIR...", "Unmount images.", umount_opts, 0,
				 NULL };
	int first = opt_parse(argc, argv, &u);
	_free_ char *store = ctl_layers(layers);

	opt_operands(argc - first, 1, -1);
	for (int i = first; i < argc; i++)
		umount_one(argv[i], store);
	return 0;
}
