/* format.h - docker's --format, as far as it only names fields: "{{.ID}}\t{{.Names}}", "{{json
 * .State}}".
 *
 * Backslash t and n are a tab and a newline. Failure: -1, errno EINVAL, and WHY, malloc'd.
 */
#ifndef ENGINE_FORMAT_H
#define ENGINE_FORMAT_H

#include "lib/buf.h"
#include "lib/json.h"

/* Expand TEMPLATE over the members of ROOT into OUT. */
_check_ int format_expand(const char *template, const struct json *root, struct buf *out,
			  char **why);

/* Print TEXT, whose lines are cells with tabs between, in columns three blanks apart. */
void format_align(const struct buf *text);

/* How long ago, in docker's words: "About a minute". */
void format_duration(int64_t seconds, struct buf *out);

#endif
