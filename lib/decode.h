/* decode.h - a JSON tree into structs, by table.
 *
 * A schema is a struct's size and its fields; a field says which JSON member goes where, and as
 * what. Absent and null are the same: the field keeps what it had (zero it first), and `has` bits
 * of optional numbers stay false. Unknown members are ignored. The struct owns what was stored;
 * decode_free releases it by the same table.
 */
#ifndef LIB_DECODE_H
#define LIB_DECODE_H

#include "lib/base.h"
#include "lib/json.h"

enum decode_kind {
	D_END,
	D_STR,	 /* char * */
	D_STRV,	 /* char **, NULL-terminated */
	D_BOOL,	 /* bool */
	D_I64,	 /* int64_t */
	D_U64,	 /* uint64_t */
	D_U32,	 /* uint32_t */
	D_U32V,	 /* uint32_t *; the count goes to a size_t field */
	D_ENUM,	 /* int, through a table of names */
	D_OBJ,	 /* struct T *, NULL when absent */
	D_LIST,	 /* struct T *; the count goes to a size_t field */
	D_KEYED, /* as D_LIST, from an object of objects: T starts with a char * for the name */
	D_MAP,	 /* struct decode_map: object with string values, in order */
	D_JSON,	 /* struct json *: a copy of the tree, for what is passed on whole */
};

enum decode_flags {
	REQUIRED = 1, /* absent or null is an error */
	NONEMPTY = 2, /* "" or [] is an error */
	ABSPATH = 4,  /* a string must start with '/' */
};

struct decode_map_entry {
	char *key, *value;
};

struct decode_map {
	struct decode_map_entry *v;
	size_t n;
};

/* Names of an enum; ends with a NULL name. */
struct decode_name {
	const char *name;
	int value;
};

struct schema;

struct field {
	enum decode_kind kind;
	const char *name; /* JSON member */
	size_t offset;
	unsigned int flags;
	size_t aux; /* D_LIST, D_U32V, D_KEYED: offset of the count. Numbers, bool, enum: offset
		       of a bool set when present, or NO_AUX */
	const struct schema *schema;	 /* D_OBJ, D_LIST, D_KEYED */
	const struct decode_name *names; /* D_ENUM */
};

struct schema {
	size_t size;
	const struct field *fields;
};

#define NO_AUX ((size_t)-1)

/* Field rows: member and struct field have the same spelling. The _HAS forms record presence in a
 * bool field of the same struct; STR_AS is for a member whose name is no C identifier. */
/* clang-format off */
#define ROW(k, t, f, fl, has) .kind = (k), .name = #f, .offset = offsetof(t, f), .flags = (fl), .aux = (has)
#define STR(t, f, fl)         { ROW(D_STR, t, f, fl, NO_AUX) }
#define STRV(t, f, fl)        { ROW(D_STRV, t, f, fl, NO_AUX) }
#define BOOL(t, f)            { ROW(D_BOOL, t, f, 0, NO_AUX) }
#define BOOL_HAS(t, f, h)     { ROW(D_BOOL, t, f, 0, offsetof(t, h)) }
#define I64(t, f, fl)         { ROW(D_I64, t, f, fl, NO_AUX) }
#define I64_HAS(t, f, h)      { ROW(D_I64, t, f, 0, offsetof(t, h)) }
#define U64(t, f, fl)         { ROW(D_U64, t, f, fl, NO_AUX) }
#define U64_HAS(t, f, h)      { ROW(D_U64, t, f, 0, offsetof(t, h)) }
#define U32(t, f, fl)         { ROW(D_U32, t, f, fl, NO_AUX) }
#define U32_HAS(t, f, h)      { ROW(D_U32, t, f, 0, offsetof(t, h)) }
#define ENUM(t, f, tab, fl)   { ROW(D_ENUM, t, f, fl, NO_AUX), .names = (tab) }
#define ENUM_HAS(t, f, tab, h) { ROW(D_ENUM, t, f, 0, offsetof(t, h)), .names = (tab) }
#define OBJ(t, f, s, fl)      { ROW(D_OBJ, t, f, fl, NO_AUX), .schema = (s) }
#define LIST(t, f, count, s, fl) { ROW(D_LIST, t, f, fl, offsetof(t, count)), .schema = (s) }
#define U32V(t, f, count, fl) { ROW(D_U32V, t, f, fl, offsetof(t, count)) }
#define KEYED(t, f, count, s, fl) { ROW(D_KEYED, t, f, fl, offsetof(t, count)), .schema = (s) }
#define MAP(t, f, fl)         { ROW(D_MAP, t, f, fl, NO_AUX) }
#define TREE(t, f, fl)        { ROW(D_JSON, t, f, fl, NO_AUX) }
#define STR_AS(t, f, member, fl) \
	{ .kind = D_STR, .name = (member), .offset = offsetof(t, f), .flags = (fl), .aux = NO_AUX }
#define END                   { .kind = D_END }
/* clang-format on */

/* Where a value went wrong and why, for messages: "linux.namespaces[2].path: not an absolute path".
 */
enum { DECODE_WHY_MAX = 256 };

/* Fill *OUT (zeroed by the caller) from the object J. -1 with errno EINVAL and a reason in WHY;
 * *OUT then holds a part, which decode_free releases. PATH, when not "", is put before the member
 * names. */
_check_ int decode(const struct schema *s, const struct json *j, const char *path, void *out,
		   char why[DECODE_WHY_MAX]);
/* Release what decode stored in *OUT and zero it; *OUT itself is the caller's. */
void decode_free(const struct schema *s, void *out);

/* The value of KEY, or NULL. */
const char *decode_map_get(const struct decode_map *m, const char *key);

#endif
