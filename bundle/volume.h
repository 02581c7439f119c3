/* volume.h - what -v, --mount and --tmpfs ask for, before it becomes a member of "mounts".
 *
 * All three are docker's: -v [SOURCE:]TARGET[:OPTION,...], --mount KEY=VALUE,... and --tmpfs
 * TARGET[:OPTION,...].
 */
#ifndef BUNDLE_VOLUME_H
#define BUNDLE_VOLUME_H

#include "lib/base.h"
#include "lib/str.h"

enum volume_type { VOLUME_BIND, VOLUME_NAMED, VOLUME_TMPFS };

struct volume {
	enum volume_type type;
	char *source; /* a host path, a volume's name, or NULL: a volume without a name */
	char *target; /* absolute and clean */
	bool readonly;
	bool no_copy;	  /* leave an empty volume empty */
	bool make_source; /* -v makes a missing host directory, --mount does not */
	bool nonrecursive;
	char *propagation;   /* NULL: rprivate */
	struct strv options; /* further ones, of a tmpfs */
};

/* Each parses TEXT into OUT. Returns 0; or -1 with *WHY a malloc'd reason. Free OUT in either case.
 */
_check_ int volume_parse(const char *text, struct volume *out, char **why);
_check_ int volume_parse_mount(const char *text, struct volume *out, char **why);
_check_ int volume_parse_tmpfs(const char *text, struct volume *out, char **why);
void volume_free(struct volume *v);

/* Clean an absolute path by its text alone: no "//", ".", ".." or trailing slash. NULL: not
 * absolute. Caller frees. */
char *volume_clean_path(const char *path);
/* A volume's name: docker's rule, two characters at least. */
bool volume_is_name(const char *name);

#endif
