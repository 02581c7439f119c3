/* json.h - JSON text to a small tree, and back. The only user of yajl.
 *
 * Strict: one value, UTF-8, depth at most 64, no embedded NUL, no duplicate keys (JSON_LAST_WINS
 * relaxes that, as Go's decoder does). Numbers stay text. The tree owns everything it points to.
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include "lib/base.h"
#include "lib/buf.h"

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};
enum json_flags { JSON_LAST_WINS = 1 };

struct json {
	enum json_type type;
	char *key;		   /* member name, when the parent is an object */
	char *text;		   /* JSON_STRING: the bytes; JSON_NUMBER: as written */
	struct json *child, *next; /* first element or member; next sibling */
	struct json *last;	   /* last child, so that appending is cheap */
};

#define _json_ __attribute__((cleanup(json_free_ptr)))

enum { JSON_DEPTH_MAX = 64 };

/* Parse LEN bytes. NULL on failure, with a reason ("line 3: duplicate key 'a'") of at most WHY_MAX
 * bytes in WHY. */
enum { JSON_WHY_MAX = 256 };
struct json *json_parse(const char *s, size_t len, unsigned int flags, char why[JSON_WHY_MAX]);
void json_free(struct json *j);
static inline void json_free_ptr(struct json **j)
{
	json_free(*j);
}

/* The member KEY of an object, or NULL (also when OBJ is NULL or no object). */
struct json *json_get(const struct json *obj, const char *key);
/* Follow a path such as "linux.resources" or "process.args.0" or "mounts[2].source"; NULL when a
 * step is missing. */
struct json *json_find(const struct json *root, const char *path);
/* The text of a string member, or NULL. */
const char *json_get_str(const struct json *obj, const char *key);
size_t json_count(const struct json *container);
const char *json_type_name(enum json_type type);

/* Making and changing trees. New nodes are returned free-standing; adding hands them over. */
struct json *json_new(enum json_type type) __attribute__((returns_nonnull));
struct json *json_new_str(const char *s);
struct json *json_new_int(int64_t n);
struct json *json_new_bool(bool on);
struct json *json_copy(const struct json *j);
/* Append to an array. Returns ITEM. */
struct json *json_append(struct json *array, struct json *item);
/* Set a member, replacing one of that name in its place. Returns ITEM. */
struct json *json_set(struct json *obj, const char *key, struct json *item);
/* The object or array member KEY, made when missing or of another type. */
struct json *json_make(struct json *obj, const char *key, enum json_type type);
/* Remove and free a member or element; true when it was there. */
bool json_remove(struct json *container, const struct json *item);

#endif
