/* emit.h - writing JSON into a buffer: commas, escapes and indentation are kept right here.
 *
 * struct emit e = { .out = &buf, .indent = 2 };  emit_object(&e, NULL); emit_str(&e, "id", id);
 * emit_end(&e); KEY is NULL inside arrays and for the outermost value. Bytes that are not UTF-8
 * become U+FFFD, as Go writes them. With indent 0 everything stands on one line without spaces.
 */
#ifndef LIB_EMIT_H
#define LIB_EMIT_H

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/json.h"

enum { EMIT_DEPTH_MAX = 72 };

struct emit {
	struct buf *out;
	unsigned int indent; /* spaces a level */
	bool tabs;	     /* one tab a level instead; set indent to 1 */
	bool html;	     /* escape <, > and & as Go's encoder does by default */
	unsigned int depth;
	bool has[EMIT_DEPTH_MAX]; /* this level has an element already */
	bool array[EMIT_DEPTH_MAX];
};

void emit_object(struct emit *e, const char *key);
void emit_array(struct emit *e, const char *key);
/* Close the innermost object or array. */
void emit_end(struct emit *e);
void emit_str(struct emit *e, const char *key, const char *s);
void emit_strn(struct emit *e, const char *key, const char *s, size_t len);
/* Nothing when S is NULL or "". */
void emit_str_if(struct emit *e, const char *key, const char *s);
void emit_int(struct emit *e, const char *key, int64_t n);
void emit_u64(struct emit *e, const char *key, uint64_t n);
void emit_bool(struct emit *e, const char *key, bool on);
void emit_null(struct emit *e, const char *key);
/* An array of strings; NULL is an empty one. */
void emit_strv(struct emit *e, const char *key, char *const *v);
/* A tree, with its own keys inside. */
void emit_json(struct emit *e, const char *key, const struct json *j);
/* JSON text that is known to be valid, copied as it is. */
void emit_raw(struct emit *e, const char *key, const char *json, size_t len);

/* The string with its quotes, escaped as above, appended to OUT. */
void emit_quoted(struct buf *out, const char *s, size_t len, bool html);

#endif
