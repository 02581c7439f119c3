/* live.h - mounts and devices that come to a running container, and go.
 *
 * A child of ours enters the container's mount namespace, and that alone: it is never among the
 * container's processes. Sources are opened, and devices looked at, on the host. What fails half
 * way is undone. Functions say what failed and exit; when they return, SPEC->json (the container's
 * config.json) says what there is now, and is to be written (container_save_spec).
 */
#ifndef RUNC_LIVE_H
#define RUNC_LIVE_H

#include "runc/state.h"

/* Add the entries of MOUNTS (as in config.json) and of DEVICES (as in linux.devices, with "access"
 * for the cgroup's rule); either may be NULL. */
void live_add(const struct container *c, struct spec *spec, const struct json *mounts,
	      const struct json *devices);
/* Remove the mounts at the destinations of MOUNTS, last first, and the device nodes at the paths of
 * DEVICES. What config.json does not know is refused. */
void live_remove(const struct container *c, struct spec *spec, const struct json *mounts,
		 const struct json *devices);

/* live_path.c: for a process in the container's mount namespace. Its root, and the host's proc to
 * name descriptors by. */
struct live_place {
	int rootfd, procfd;
};

/* The kernel's name of the mount that FD is in, for as long as that is there, attached or not; 0:
 * not known. */
uint64_t live_mount_id(int fd);
/* Unmount what is at PATH, which is told when nothing is any more. With its ID no other mount is
 * taken for it, wherever the container has moved and linked the directories above (EXDEV). */
_check_ int live_unmount(const struct live_place *in, const char *path, uint64_t id);
/* Remove the device node at PATH. */
_check_ int live_unmake(const struct live_place *in, const char *path);

/* live_rules.c: what linux.resources.devices of TREE says, on the container's cgroup. */
void live_apply_rules(const struct container *c, const struct json *tree);
/* Allow a device in TREE, or take the rule of that away again. */
void live_allow(struct json *tree, const struct json *device);
void live_disallow(struct json *tree, const struct json *device);

#endif
