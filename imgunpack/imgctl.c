/* imgctl - list, name and remove the images of an OCI layout. */
#include "imgunpack/imgctl.h"
#include "lib/die.h"
#include "lib/opt.h"

static const struct opt opts[] = { { 0 } };

static const struct verb verbs[] = {
	{ "diff", ctl_diff, "show what differs between two images or directories" },
	{ "du", ctl_du, "show the bytes that images take, shared with others and alone" },
	{ "gc", ctl_gc, "remove blobs no image uses, and what interrupted work left" },
	{ "history", ctl_history, "show how an image was built" },
	{ "inspect", ctl_inspect, "print an image's config, manifest or index" },
	{ "load", ctl_load, "add the images of an archive to a layout" },
	{ "ls", ctl_ls, "list images" },
	{ "mount", ctl_mount, "mount an image read-only" },
	{ "ref", ctl_ref, "print an image's name in full, as docker reads it" },
	{ "rm", ctl_rm, "remove images and the blobs only they used" },
	{ "save", ctl_save, "write images as one archive" },
	{ "sign", ctl_sign, "have an image signed" },
	{ "signed", ctl_signed, "print the signatures of an image that are good" },
	{ "tag", ctl_tag, "give an image another name" },
	{ "umount", ctl_umount, "unmount images" },
	{ "unpack", ctl_unpack, "unpack an image's layers into the store" },
	{ "verify", ctl_verify, "hash every blob again" },
	{ 0 },
};

int xctl_open(const char *dir)
{
	int fd = layout_open(dir);

	if (fd < 0 && (errno == EINVAL || errno == ENOTDIR))
		diex("open layout '%s': not an image layout", dir);
	if (fd < 0)
		die("open layout '%s'", dir);
	return fd;
}

int xctl_open_name(const char *name, struct layout_name *out)
{
	if (layout_name_parse(name, out))
		opt_misuse("malformed image '%s', want LAYOUT[:TAG|@DIGEST]", name);
	return xctl_open(out->dir);
}

int main(int argc, char **argv)
{
	const struct usage u = { "VERB [OPTION]... LAYOUT[:TAG|@DIGEST]...",
				 "List, name and remove the images of an OCI layout.", opts,
				 OPT_STOP, verbs };

	opt_program(argv[0]);
	return opt_run_verb(argc, argv, &u);
}
