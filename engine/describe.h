/* describe.h - everything known of one container, put together from its record, its bundle and the
 * kernel. */
#ifndef ENGINE_DESCRIBE_H
#define ENGINE_DESCRIBE_H

#include "engine/status.h"
#include "lib/json.h"

struct container {
	char *id, *name, *image, *ref, *created;
	int dirfd;
	struct state state;
	struct json *config; /* config.json, or NULL */
	struct json *net;    /* CNI result, or NULL */
	struct json *image_config;
};

/* -1 when there is no such container or it is only half made. */
_check_ int container_read(struct container *c, const struct cgroup_layout *l, const char *id);
void container_free(struct container *c);

/* The fields of docker ps, all strings. */
struct json *container_row(const struct container *c, bool whole);
/* The object docker inspect prints. */
struct json *container_inspect(const struct container *c);

#endif
