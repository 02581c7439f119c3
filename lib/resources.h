/* resources.h - linux.resources of config.json, decoded into cgroup_res.h's struct.
 *
 * The schema is a whole document's, or the OBJ row "resources" of a larger one. Members' types are
 * checked here; which values make sense is judged when they are applied.
 */
#ifndef LIB_RESOURCES_H
#define LIB_RESOURCES_H

#include "lib/cgroup_res.h"
#include "lib/decode.h"

/* A struct cgroup_resources. */
extern const struct schema resources_schema;

#endif
