/* map.h - a hash table from 64-bit keys (not 0) to 32-bit numbers: what a layer wrote, inode by
 * inode. */
#ifndef IMGUNPACK_MAP_H
#define IMGUNPACK_MAP_H

#include "lib/base.h"

struct map {
	struct map_slot *slots;
	size_t n, cap;
};

/* The number stored for KEY, for reading or changing; NULL when there is none. Valid until the next
 * put. */
uint32_t *map_get(const struct map *m, uint64_t key);
void map_put(struct map *m, uint64_t key, uint32_t value);
/* Is any number not 0? */
bool map_any(const struct map *m);
void map_free(struct map *m);

/* A key for NAME within the directory INO. Seeded at random once a process: nobody can aim for a
 * collision. */
uint64_t map_key(uint64_t ino, const char *name);

#endif
