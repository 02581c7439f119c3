#include <sys/random.h>

#include "imgunpack/map.h"
#include "lib/mem.h"

struct map_slot {
	uint64_t key; /* 0: empty */
	uint32_t value;
};

/* The finaliser of splitmix64: every bit of the key moves every bit of the slot. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static struct map_slot *find(const struct map *m, uint64_t key)
{
	size_t i = mix(key) & (m->cap - 1);

	while (m->slots[i].key && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

uint32_t *map_get(const struct map *m, uint64_t key)
{
	struct map_slot *s = m->cap ? find(m, key) : NULL;

	return s && s->key ? &s->value : NULL;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : 256;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key)
			*find(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void map_put(struct map *m, uint64_t key, uint32_t value)
{
	if (m->n >= m->cap / 2)
		grow(m);

	struct map_slot *s = find(m, key);

	m->n += !s->key;
	*s = (struct map_slot){ key, value };
}

bool map_any(const struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key && m->slots[i].value)
			return true;
	return false;
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}

static uint64_t seed(void)
{
	static uint64_t value;

	if (!value && getrandom(&value, sizeof(value), 0) != sizeof(value))
		value = (uint64_t)(uintptr_t)&value;
	return value;
}

uint64_t map_key(uint64_t ino, const char *name)
{
	uint64_t h = seed() ^ mix(ino);

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	return mix(h) | 1;
}
