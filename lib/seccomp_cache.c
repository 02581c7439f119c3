#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/seccomp_private.h"

/* The cache holds compiled filters, and a filter is what a container is locked up with: an entry is
 * used only when its directory and itself belong to us and nobody else may write there, and when
 * the whole key stands in it, so that the hash is only a place to look. Entries replace each other
 * by hash slot, which bounds the cache. */

#define CACHE_DIR ".seccomp"

enum {
	CACHE_SLOTS = 64,
	KEY_VERSION = 2, /* raised whenever compiling the same profile gives another filter */
	KEY_MAX = 1 << 20,
};

struct head {
	uint32_t key_len, ninsns;
	uint64_t sum; /* of the filter: two writers of one slot may be read half and half */
};

static void put_u64(struct buf *key, uint64_t v)
{
	buf_add(key, &v, sizeof(v));
}

/* With its NUL, so that no two lists of strings look alike. */
static void put_str(struct buf *key, const char *s)
{
	buf_add(key, s ? s : "", s ? strlen(s) + 1 : 1);
}

static void put_strv(struct buf *key, char *const *v)
{
	for (; v && *v; v++)
		put_str(key, *v);
	put_str(key, NULL);
}

static void put_syscall(struct buf *key, const struct seccomp_syscall *s)
{
	put_strv(key, s->names);
	put_str(key, s->action);
	put_u64(key, s->has_errnoRet);
	put_u64(key, s->errnoRet);
	put_u64(key, s->nargs);
	for (size_t i = 0; i < s->nargs; i++) {
		put_u64(key, s->args[i].index);
		put_u64(key, s->args[i].value);
		put_u64(key, s->args[i].valueTwo);
		put_str(key, s->args[i].op);
	}
}

void seccomp_key(const struct seccomp_profile *p, const char *library, struct buf *key)
{
	put_u64(key, KEY_VERSION);
	put_str(key, library);
	put_str(key, p->defaultAction);
	put_u64(key, p->has_defaultErrnoRet);
	put_u64(key, p->defaultErrnoRet);
	put_strv(key, p->architectures);
	put_u64(key, p->nsyscalls);
	for (size_t i = 0; i < p->nsyscalls; i++)
		put_syscall(key, &p->syscalls[i]);
}

/* FNV-1a. */
static uint64_t hash(const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < len; i++)
		h = (h ^ byte[i]) * UINT64_C(1099511628211);
	return h;
}

static const char *slot_name(const struct buf *key, char name[static 8])
{
	snprintf(name, 8, "%02" PRIx64, hash(key->data, key->len) % CACHE_SLOTS);
	return name;
}

static bool is_ours(int fd, mode_t type)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static int open_cache(int dirfd)
{
	_close_ int fd = openat(dirfd, CACHE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && is_ours(fd, S_IFDIR) ? steal_fd(&fd) : -1;
}

/* Does the file begin with exactly this head and key, and hold nothing but the filter after them?
 */
static bool matches(const struct buf *file, const struct buf *key, struct head *head)
{
	size_t at = sizeof(*head) + key->len, len;

	if (file->len < sizeof(*head))
		return false;
	memcpy(head, file->data, sizeof(*head));
	len = head->ninsns * sizeof(struct sock_filter);
	return head->key_len == key->len && head->ninsns > 0 && head->ninsns <= BPF_MAXINSNS &&
	       file->len == at + len && !memcmp(file->data + sizeof(*head), key->data, key->len) &&
	       head->sum == hash(file->data + at, len);
}

int seccomp_cache_get(int dirfd, const struct buf *key, struct seccomp_program *out)
{
	char name[8];
	_close_ int cachefd = open_cache(dirfd);
	_close_ int fd = -1;
	_buf_ struct buf file = { 0 };
	struct head head;

	if (cachefd < 0)
		return -1;
	fd = openat(cachefd, slot_name(key, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !is_ours(fd, S_IFREG))
		return -1;
	if (io_read_all(fd, KEY_MAX + BPF_MAXINSNS * sizeof(struct sock_filter), &file) ||
	    !matches(&file, key, &head))
		return -1;
	out->ninsns = head.ninsns;
	out->insns = xcalloc(head.ninsns, sizeof(*out->insns));
	memcpy(out->insns, file.data + sizeof(head) + key->len, head.ninsns * sizeof(*out->insns));
	return 0;
}

void seccomp_cache_put(int dirfd, const struct buf *key, const struct seccomp_program *prog)
{
	const size_t len = prog->ninsns * sizeof(*prog->insns);
	const struct head head = { (uint32_t)key->len, (uint32_t)prog->ninsns,
				   hash(prog->insns, len) };
	_close_ int cachefd = -1;
	_buf_ struct buf file = { 0 };
	char name[8];

	if (key->len > KEY_MAX || (mkdirat(dirfd, CACHE_DIR, 0700) && errno != EEXIST))
		return;
	cachefd = open_cache(dirfd);
	if (cachefd < 0)
		return;
	buf_add(&file, &head, sizeof(head));
	buf_add(&file, key->data, key->len);
	buf_add(&file, prog->insns, len);
	if (file_replace(cachefd, slot_name(key, name), 0600, file.data, file.len, false))
		debug("cannot keep a compiled filter: %s", strerror(errno));
}
