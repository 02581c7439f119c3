#include <string.h>

#include "lib/mem.h"
#include "lib/pb.h"

enum wire { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct in {
	const unsigned char *at, *end;
};

static int bad(void)
{
	return set_errno(EBADMSG);
}

static int get_varint(struct in *in, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (in->at == in->end)
			return bad();
		value |= (uint64_t)(*in->at & 0x7f) << shift;
		if (!(*in->at++ & 0x80)) {
			*out = value;
			return 0;
		}
	}
	return bad();
}

/* The next N bytes as an input of their own. */
static int get_part(struct in *in, uint64_t n, struct in *part)
{
	if (n > (uint64_t)(in->end - in->at))
		return bad();
	*part = (struct in){ in->at, in->at + n };
	in->at = part->end;
	return 0;
}

static int get_bytes(struct in *in, struct in *part)
{
	uint64_t n;

	return get_varint(in, &n) ? -1 : get_part(in, n, part);
}

static int skip(struct in *in, unsigned wire)
{
	struct in part;
	uint64_t n;

	switch (wire) {
	case VARINT:
		return get_varint(in, &n);
	case FIXED64:
		return get_part(in, 8, &part);
	case BYTES:
		return get_bytes(in, &part);
	case FIXED32:
		return get_part(in, 4, &part);
	default:
		return bad(); /* groups are of another age */
	}
}

static void put_number(const struct pb_field *f, void *to, uint64_t value)
{
	switch (f->kind) {
	case PB_BOOL:
		*(bool *)to = value;
		break;
	case PB_U32:
	case PB_I32:
		*(uint32_t *)to = (uint32_t)value;
		break;
	default:
		*(uint64_t *)to = value;
	}
}

static char *take_text(const struct in *part)
{
	size_t len = (size_t)(part->end - part->at);

	if (memchr(part->at, '\0', len) || !str_is_utf8((const char *)part->at, len)) {
		errno = EBADMSG;
		return NULL;
	}
	return xmemdup0((const char *)part->at, len);
}

static int take_str(char **to, const struct in *part)
{
	char *text = take_text(part);

	if (!text)
		return -1;
	free(*to);
	*to = text;
	return 0;
}

static int take_strv(struct strv *to, const struct in *part)
{
	char *text = to->n < PB_LIST_MAX ? take_text(part) : NULL;

	if (!text)
		return bad();
	strv_take(to, text);
	return 0;
}

static void take_blob(struct pb_bytes *to, const struct in *part)
{
	free(to->data);
	to->len = (size_t)(part->end - part->at);
	to->data = xmemdup0((const char *)part->at, to->len);
}

static int add_u64(struct pb_u64v *to, uint64_t value)
{
	if (to->n == PB_LIST_MAX)
		return bad();
	if (!(to->n & (to->n - 1))) /* full at 0, 1, 2, 4, 8, ... */
		to->v = xreallocarray(to->v, to->n ? 2 * to->n : 1, sizeof(*to->v));
	to->v[to->n++] = value;
	return 0;
}

static int take_u64v(struct pb_u64v *to, struct in part)
{
	uint64_t value;

	while (part.at < part.end)
		if (get_varint(&part, &value) || add_u64(to, value))
			return -1;
	return 0;
}

static int take_entry(struct strv *to, const struct in *part)
{
	struct entry {
		char *key, *value;
	} e = { NULL, NULL };
	static const struct pb_field fields[] = {
		{ 1, PB_STR, offsetof(struct entry, key), NULL },
		{ 2, PB_STR, offsetof(struct entry, value), NULL },
		{ 0 },
	};
	static const struct pb_schema schema = { sizeof(struct entry), fields };

	if (to->n >= PB_LIST_MAX ||
	    pb_decode(&schema, part->at, (size_t)(part->end - part->at), &e)) {
		pb_free(&schema, &e);
		return bad();
	}
	strv_take(to, e.key ? e.key : xstrdup(""));
	strv_take(to, e.value ? e.value : xstrdup(""));
	return 0;
}

void *pb_list_add(struct pb_list *l, size_t size)
{
	char *item;

	if (!(l->n & (l->n - 1)))
		l->v = xreallocarray(l->v, l->n ? 2 * l->n : 1, size);
	item = (char *)l->v + l->n++ * size;
	return memset(item, 0, size);
}

static int take_bytes(const struct pb_field *f, void *to, const struct in *part)
{
	size_t len = (size_t)(part->end - part->at);

	switch (f->kind) {
	case PB_STR:
		return take_str(to, part);
	case PB_BYTES:
		take_blob(to, part);
		return 0;
	case PB_STRV:
		return take_strv(to, part);
	case PB_MAP:
		return take_entry(to, part);
	case PB_U64V:
		return take_u64v(to, *part);
	case PB_MSG:
	case PB_SUB:
		return pb_decode(f->of, part->at, len, to);
	case PB_LIST:
		if (((struct pb_list *)to)->n == PB_LIST_MAX)
			return bad();
		return pb_decode(f->of, part->at, len, pb_list_add(to, f->of->size));
	default:
		return bad();
	}
}

static int take_field(struct in *in, const struct pb_field *f, unsigned wire, void *to)
{
	struct in part;
	uint64_t value;

	if (wire == BYTES)
		return get_bytes(in, &part) || take_bytes(f, to, &part) ? -1 : 0;
	if (f->kind == PB_DOUBLE && wire == FIXED64) {
		if (get_part(in, 8, &part))
			return -1;
		memcpy(to, part.at, 8); /* little endian, as we are */
		return 0;
	}
	if (wire != VARINT || (f->kind >= PB_DOUBLE && f->kind != PB_U64V))
		return bad();
	if (get_varint(in, &value))
		return -1;
	if (f->kind == PB_U64V)
		return add_u64(to, value);
	put_number(f, to, value);
	return 0;
}

static const struct pb_field *find(const struct pb_schema *s, uint64_t number)
{
	for (const struct pb_field *f = s->fields; f->kind; f++)
		if (f->number == number)
			return f;
	return NULL;
}

int pb_decode(const struct pb_schema *s, const void *data, size_t len, void *out)
{
	struct in in = { data, (const unsigned char *)data + len };
	uint64_t tag;

	while (in.at < in.end) {
		const struct pb_field *f;

		if (get_varint(&in, &tag) || !(tag >> 3))
			return bad();
		f = find(s, tag >> 3);
		if (f ? take_field(&in, f, tag & 7, (char *)out + f->offset) : skip(&in, tag & 7))
			return -1;
	}
	return 0;
}

static void add_varint(struct buf *out, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		buf_addc(out, (char)(value | 0x80));
	buf_addc(out, (char)value);
}

static void add_tag(struct buf *out, uint32_t number, enum wire wire)
{
	add_varint(out, (uint64_t)number << 3 | wire);
}

static void add_bytes(struct buf *out, uint32_t number, const void *data, size_t len)
{
	add_tag(out, number, BYTES);
	add_varint(out, len);
	buf_add(out, data, len);
}

static void add_number(struct buf *out, uint32_t number, uint64_t value)
{
	if (!value)
		return;
	add_tag(out, number, VARINT);
	add_varint(out, value);
}

static void add_double(struct buf *out, uint32_t number, const void *value)
{
	static const double zero;

	if (!memcmp(value, &zero, sizeof(zero)))
		return;
	add_tag(out, number, FIXED64);
	buf_add(out, value, sizeof(zero));
}

static void add_map(struct buf *out, uint32_t number, const struct strv *map)
{
	for (size_t i = 0; i + 1 < map->n; i += 2) {
		_buf_ struct buf entry = { 0 };

		add_bytes(&entry, 1, map->v[i], strlen(map->v[i]));
		add_bytes(&entry, 2, map->v[i + 1], strlen(map->v[i + 1]));
		add_bytes(out, number, buf_str(&entry), entry.len);
	}
}

static void add_packed(struct buf *out, uint32_t number, const struct pb_u64v *list)
{
	_buf_ struct buf packed = { 0 };

	for (size_t i = 0; i < list->n; i++)
		add_varint(&packed, list->v[i]);
	if (list->n)
		add_bytes(out, number, packed.data, packed.len);
}

static void add_message(struct buf *out, const struct pb_field *f, const void *msg, bool always)
{
	_buf_ struct buf inner = { 0 };

	pb_encode(f->of, msg, &inner);
	if (inner.len || always)
		add_bytes(out, f->number, buf_str(&inner), inner.len);
}

static void add_field(struct buf *out, const struct pb_field *f, const void *from)
{
	const struct pb_bytes *bytes = from;
	const struct strv *strings = from;
	const struct pb_list *list = from;
	const char *text;

	switch (f->kind) {
	case PB_BOOL:
		add_number(out, f->number, *(const bool *)from);
		break;
	case PB_U32:
		add_number(out, f->number, *(const uint32_t *)from);
		break;
	case PB_I32: /* a negative one is written as 64 bits */
		add_number(out, f->number, (uint64_t)(int64_t) * (const int32_t *)from);
		break;
	case PB_U64:
	case PB_I64:
		add_number(out, f->number, *(const uint64_t *)from);
		break;
	case PB_DOUBLE:
		add_double(out, f->number, from);
		break;
	case PB_STR:
		text = *(char *const *)from;
		if (text && *text)
			add_bytes(out, f->number, text, strlen(text));
		break;
	case PB_BYTES:
		if (bytes->len)
			add_bytes(out, f->number, bytes->data, bytes->len);
		break;
	case PB_STRV:
		for (size_t i = 0; i < strings->n; i++)
			add_bytes(out, f->number, strings->v[i], strlen(strings->v[i]));
		break;
	case PB_MAP:
		add_map(out, f->number, strings);
		break;
	case PB_U64V:
		add_packed(out, f->number, from);
		break;
	case PB_MSG:
	case PB_SUB:
		add_message(out, f, from, f->kind == PB_SUB);
		break;
	case PB_LIST:
		for (size_t i = 0; i < list->n; i++)
			add_message(out, f, (const char *)list->v + i * f->of->size, true);
		break;
	case PB_END:
		break;
	}
}

void pb_encode(const struct pb_schema *s, const void *msg, struct buf *out)
{
	for (const struct pb_field *f = s->fields; f->kind; f++)
		add_field(out, f, (const char *)msg + f->offset);
}

void pb_list_free(const struct pb_schema *of, struct pb_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		pb_free(of, (char *)l->v + i * of->size);
	free(l->v);
	*l = (struct pb_list){ NULL, 0 };
}

static void free_field(const struct pb_field *f, void *at)
{
	switch (f->kind) {
	case PB_STR:
	case PB_BYTES:
	case PB_U64V: /* all of them begin with the pointer */
		free(*(void **)at);
		break;
	case PB_STRV:
	case PB_MAP:
		strv_free(at);
		break;
	case PB_MSG:
	case PB_SUB:
		pb_free(f->of, at);
		break;
	case PB_LIST:
		pb_list_free(f->of, at);
		break;
	default:
		break;
	}
}

void pb_free(const struct pb_schema *s, void *msg)
{
	for (const struct pb_field *f = s->fields; f->kind; f++)
		free_field(f, (char *)msg + f->offset);
	memset(msg, 0, s->size);
}
