/* faults.h - everything that is wrong with a config.json, not only the first thing.
 *
 * What decodes and checks a config stops at the first fault. So each fault that is found is taken
 * out of the tree (or replaced by something harmless where it must be there), and the rest looked
 * at again. Elements of arrays carry their first index as their key, so that pointers stay those of
 * the file.
 */
#ifndef RUNC_FAULTS_H
#define RUNC_FAULTS_H

#include "lib/json.h"

enum { FAULTS_MAX = 1000 };

struct fault {
	char *pointer, *reason; /* RFC 6901, and why */
};

struct faults {
	struct fault *v;
	size_t n;
};

#define _faults_ __attribute__((cleanup(faults_free)))

void faults_free(struct faults *f);
/* POINTER is copied; the reason is made like printf's. The same twice is once. */
void faults_add(struct faults *f, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Find what is wrong within TREE itself; afterwards TREE has no such faults any more. */
void faults_find(struct faults *f, struct json *tree);
/* faults_host.c: what this machine and the bundle in the current directory lack for TREE, which
 * faults_find has seen. */
void faults_find_missing(struct faults *f, const struct json *tree);

#endif
