/* pb.h - protobuf messages to structs and back, by tables.
 *
 * A schema is a struct's size and its fields; a field says which number goes where, and as what.
 * Absent fields keep what they had (zero the struct first); unknown ones are skipped. The struct
 * owns what was stored; pb_free releases it by the same table. Input may be hostile: EBADMSG means
 * that it is no such message. Proto3: what is zero or empty is not written.
 */
#ifndef LIB_PB_H
#define LIB_PB_H

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/str.h"

enum pb_kind {
	PB_END,
	PB_BOOL,   /* bool */
	PB_U32,	   /* uint32_t */
	PB_I32,	   /* int32_t; an enum, too */
	PB_U64,	   /* uint64_t */
	PB_I64,	   /* int64_t */
	PB_DOUBLE, /* double */
	PB_STR,	   /* char *, UTF-8 without NUL; NULL when absent */
	PB_BYTES,  /* struct pb_bytes */
	PB_STRV,   /* struct strv: repeated string */
	PB_MAP,	   /* struct strv: key, value, key, value, ... of map<string, string> */
	PB_U64V,   /* struct pb_u64v: repeated uint64, packed */
	PB_MSG,	   /* the struct itself; written unless all of it is zero */
	PB_SUB,	   /* the struct itself; written always */
	PB_LIST,   /* struct pb_list of such structs */
};

struct pb_bytes {
	char *data; /* NUL-terminated behind its last byte; NULL when absent */
	size_t len;
};

struct pb_u64v {
	uint64_t *v;
	size_t n;
};

struct pb_list {
	void *v; /* n structs, one behind the other */
	size_t n;
};

struct pb_field {
	uint32_t number;
	enum pb_kind kind;
	size_t offset;
	const struct pb_schema *of; /* PB_MSG, PB_SUB, PB_LIST */
};

struct pb_schema {
	size_t size;
	const struct pb_field *fields; /* ends with { 0 } */
};

/* No list has more elements; a short message cannot ask for much memory. */
enum { PB_LIST_MAX = 65536 };

/* Into OUT, which is zeroed or was decoded before (then the messages merge). Returns 0, or -1 and
 * EBADMSG; OUT is to be freed either way. */
_check_ int pb_decode(const struct pb_schema *s, const void *data, size_t len, void *out);
/* Append the message to OUT. */
void pb_encode(const struct pb_schema *s, const void *msg, struct buf *out);
/* Free what the struct owns, and zero it. */
void pb_free(const struct pb_schema *s, void *msg);
/* A zeroed element more at the list's end, still the list's. */
void *pb_list_add(struct pb_list *l, size_t size);

/* Free a list of OF, which belongs to no message. */
void pb_list_free(const struct pb_schema *of, struct pb_list *l);

#endif
