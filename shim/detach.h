/* detach.h - the keys that leave a container's terminal alone.
 *
 * Spelled as docker does: single characters or ctrl-X (a-z @ [ \ ] ^ _), with commas between.
 */
#ifndef SHIM_DETACH_H
#define SHIM_DETACH_H

#include <stdbool.h>
#include <stddef.h>

enum { DETACH_KEYS_MAX = 16 };

struct detach {
	unsigned char keys[DETACH_KEYS_MAX];
	size_t n, held; /* held: how many of them were typed so far */
};

/* Returns 0, or -1 and EINVAL. "" means no such keys. */
int detach_parse(struct detach *d, const char *spec);

/* Copy typed bytes to out, which has room for len + DETACH_KEYS_MAX, holding back what may become
 * the keys. Returns the bytes for the container; *left is set once all keys were typed. */
size_t detach_filter(struct detach *d, const char *in, size_t len, char *out, bool *left);

#endif
