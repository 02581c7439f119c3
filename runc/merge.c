#include <string.h>

#include "runc/merge.h"

static bool is_given(const struct json *obj, const char *key)
{
	const struct json *j = json_get(obj, key);

	return j && j->type != JSON_NULL;
}

static bool is_number(const struct json *obj, const char *key, const char *text)
{
	const struct json *j = json_get(obj, key);

	return j && j->type == JSON_NUMBER && !strcmp(j->text, text);
}

/* Take MEMBER from OLD where PATCH has its partner WITH but not it. */
static void borrow(struct json *patch, const struct json *old, const char *member, const char *with)
{
	if (is_given(patch, with) && !is_given(patch, member) && is_given(old, member))
		json_set(patch, member, json_copy(json_get(old, member)));
}

void merge_complete(struct json *patch, const struct json *old)
{
	struct json *cpu = json_get(patch, "cpu"), *memory = json_get(patch, "memory");

	if (cpu && cpu->type == JSON_OBJECT) {
		borrow(cpu, json_get(old, "cpu"), "period", "quota");
		borrow(cpu, json_get(old, "cpu"), "quota", "period");
	}
	/* Without a limit on memory there is none on memory and swap either. */
	if (memory && memory->type == JSON_OBJECT && !is_number(memory, "limit", "-1")) {
		borrow(memory, json_get(old, "memory"), "swap", "limit");
		borrow(memory, json_get(old, "memory"), "limit", "swap");
	}
}

static bool same_member(const struct json *a, const struct json *b, const char *key)
{
	const struct json *x = json_get(a, key), *y = json_get(b, key);

	return x && y && x->text && y->text && !strcmp(x->text, y->text);
}

/* The last entry for the same device: of two, it is the one that holds. */
static struct json *find_device(const struct json *list, const struct json *device)
{
	struct json *found = NULL;

	for (struct json *e = list->child; e; e = e->next) {
		if (same_member(e, device, "major") && same_member(e, device, "minor"))
			found = e;
	}
	return found;
}

static void merge_object(struct json *old, const struct json *patch);

static void merge_devices(struct json *old, const struct json *patch)
{
	for (const struct json *e = patch->child; e; e = e->next) {
		struct json *known = find_device(old, e);

		if (known)
			merge_object(known, e);
		else
			json_append(old, json_copy(e));
	}
}

static bool is_device_list(const struct json *j)
{
	return j->type == JSON_ARRAY && json_get(j->child, "major");
}

static void merge_member(struct json *old, const struct json *m)
{
	if (m->type == JSON_OBJECT && strcmp(m->key, "unified"))
		merge_object(json_make(old, m->key, JSON_OBJECT), m);
	else if (is_device_list(m))
		merge_devices(json_make(old, m->key, JSON_ARRAY), m);
	else
		json_set(old, m->key, json_copy(m));
}

static void merge_object(struct json *old, const struct json *patch)
{
	for (const struct json *m = patch->child; m; m = m->next) {
		if (m->type != JSON_NULL)
			merge_member(old, m);
	}
}

void merge_into(struct json *old, const struct json *patch)
{
	for (const struct json *m = patch->child; m; m = m->next) {
		if (m->type != JSON_NULL && strcmp(m->key, "devices"))
			merge_member(old, m);
	}
}
