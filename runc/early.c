/* The program's entry point, before the C library's: what enters a container only passes through
 * here, on the way to its read-only copy (self.h), and starting the library for that costs more
 * than all the rest of it. In a virtual machine each of its dozens of CPUID instructions is a trip
 * to the hypervisor: 0.4 ms where this takes 0.1.
 *
 * Nothing is set up yet: no thread-local storage, so no errno and no stack protector, no
 * relocation, no library function. Whatever goes wrong, the ordinary start follows, and
 * self_protect says it. */
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "runc/self.h"

enum { RDONLY = 1 }; /* ST_RDONLY, of statfs(2) */

/* At the entry the stack begins with argc, and %rdx is what _start hands to atexit. */
__asm__(".text\n"
	".globl self_entry\n"
	".type self_entry, @function\n"
	"self_entry:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdx, %r12\n"
	"	mov %rsp, %rdi\n"
	"	call self_early\n"
	"	mov %rbx, %rsp\n"
	"	mov %r12, %rdx\n"
	"	jmp _start\n"
	".size self_entry, . - self_entry\n");

#define BARE \
	__attribute__((no_stack_protector, no_sanitize_address, no_sanitize_undefined, \
		       no_profile_instrument_function, \
		       optimize("no-tree-loop-distribute-patterns"))) /* into strlen */

void self_early(long *stack);

BARE static long call(long number, const void *a, const void *b, const void *c, const void *d,
		      const void *e)
{
	register const void *r10 __asm__("r10") = d;
	register const void *r8 __asm__("r8") = e;
	long rc;

	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return rc;
}

BARE static const void *word(long n)
{
	return (const void *)n;
}

BARE static bool is_word(const char *s, const char *other)
{
	while (*s && *s == *other) {
		s++;
		other++;
	}
	return *s == *other;
}

/* A word that only looks like such a verb costs one copy too many. */
BARE static bool has_entering_verb(char **argv)
{
	for (; *argv; argv++) {
		for (size_t i = 0; *self_entering[i]; i++) {
			if (is_word(*argv, self_entering[i]))
				return true;
		}
	}
	return false;
}

/* As is_safe of self.c. */
BARE static bool is_safe(const char *exe)
{
	struct statfs fs;
	struct statx sx;

	if (!call(SYS_statfs, exe, &fs, NULL, NULL, NULL) && fs.f_flags & RDONLY)
		return true;
	return !call(SYS_statx, word(AT_FDCWD), exe, NULL, word(STATX_BASIC_STATS), &sx) &&
	       sx.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_VERITY);
}

BARE static void run_copy(const char *exe, char **argv, char **env)
{
	const struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	long fd = call(SYS_open_tree, word(AT_FDCWD), exe,
		       word(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), NULL, NULL);

	if (fd < 0)
		return;
	if (!call(SYS_mount_setattr, word(fd), "", word(AT_EMPTY_PATH), &ro, word(sizeof(ro))))
		call(SYS_execveat, word(fd), "", argv, env, word(AT_EMPTY_PATH));
	call(SYS_close, word(fd), NULL, NULL, NULL, NULL);
}

__attribute__((used)) BARE void self_early(long *stack)
{
	static const char exe[] = "/proc/self/exe";
	char **argv = (char **)(stack + 1), **env = argv + *stack + 1;

	if (!*stack || !has_entering_verb(argv + 1))
		return;
	self_is_safe = is_safe(exe);
	if (!self_is_safe)
		run_copy(exe, argv, env);
}
