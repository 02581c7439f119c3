#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/cgroup_device_private.h"
#include "lib/mem.h"

/* The kernel hands the program { type | access << 16, major, minor }; types and access bits are its
 * BPF_DEVCG_*. Registers: r1 context, r2 type, r3 access, r4 major, r5 minor. */
enum { INSNS_A_RULE = 8, PROGRAMS_MAX = 64 };

static void emit(struct device_program *p, struct bpf_insn insn)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 128;
		p->insn = xreallocarray(p->insn, p->cap, sizeof(*p->insn));
	}
	p->insn[p->n++] = insn;
}

static struct bpf_insn load(int dst, short offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				  .dst_reg = dst & 15,
				  .src_reg = BPF_REG_1,
				  .off = offset };
}

static struct bpf_insn alu(int op, int dst, int imm)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | op | BPF_K),
				  .dst_reg = dst & 15,
				  .imm = imm };
}

static struct bpf_insn move(int dst, int src)
{
	return (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
				  .dst_reg = dst & 15,
				  .src_reg = src & 15 };
}

/* A 32-bit comparison that skips to the rule's end; the caller fills in how far that is. */
static struct bpf_insn skip(int op, int dst, int64_t imm)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_JMP32 | op | BPF_K),
				  .dst_reg = dst & 15,
				  .imm = (int)(uint32_t)imm };
}

static void emit_return(struct device_program *p, bool allow)
{
	emit(p, alu(BPF_MOV, BPF_REG_0, allow));
	emit(p, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static int kernel_access(unsigned access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
}

static void emit_exception(struct device_program *p, const struct device_exception *e,
			   bool allow_all)
{
	int access = kernel_access(e->access);
	size_t start = p->n;

	emit(p,
	     skip(BPF_JNE, BPF_REG_2, e->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
	if (e->major >= 0)
		emit(p, skip(BPF_JNE, BPF_REG_4, e->major));
	if (e->minor >= 0)
		emit(p, skip(BPF_JNE, BPF_REG_5, e->minor));
	/* An exception to "all" is met by any of its access, one to "none" by nothing beyond it. */
	if (e->access != DEVICE_ALL) {
		emit(p, move(BPF_REG_0, BPF_REG_3));
		emit(p, alu(BPF_AND, BPF_REG_0, allow_all ? access : ~access));
		emit(p, skip(allow_all ? BPF_JEQ : BPF_JNE, BPF_REG_0, 0));
	}
	emit_return(p, !allow_all);
	for (size_t i = start; i < p->n; i++) {
		if ((p->insn[i].code & 7) == BPF_JMP32)
			p->insn[i].off = (short)(p->n - i - 1);
	}
}

void device_program_make(struct device_program *p, const struct device_set *s)
{
	emit(p, load(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type)));
	emit(p, move(BPF_REG_3, BPF_REG_2));
	emit(p, alu(BPF_AND, BPF_REG_2, 0xffff));
	emit(p, alu(BPF_RSH, BPF_REG_3, 16));
	emit(p, load(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major)));
	emit(p, load(BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor)));
	for (size_t i = 0; i < s->n; i++)
		emit_exception(p, &s->v[i], s->allow_all);
	emit_return(p, s->allow_all);
}

void device_program_free(struct device_program *p)
{
	free(p->insn);
	*p = (struct device_program){ 0 };
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

int device_program_load(const struct device_program *p)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)p->insn;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, "lash_devices", 13);
	return bpf(BPF_PROG_LOAD, &attr);
}

static int query(int dirfd, uint32_t *ids, uint32_t *n)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dirfd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = *n;
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return -1;
	*n = attr.query.prog_cnt;
	return 0;
}

static int open_program(uint32_t id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static int attach(int dirfd, int progfd, int replacefd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dirfd;
	attr.attach_bpf_fd = (uint32_t)progfd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replacefd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replacefd;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int dirfd, int progfd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dirfd;
	attr.attach_bpf_fd = (uint32_t)progfd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return bpf(BPF_PROG_DETACH, &attr);
}

/* Programs are ANDed, so between attaching and detaching processes get less, never more. A program
 * that we may not open only restricts further: it stays. */
static int attach_then_detach(int dirfd, int progfd, const uint32_t *ids, uint32_t n)
{
	if (attach(dirfd, progfd, -1) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		_close_ int oldfd = open_program(ids[i]);

		if (oldfd >= 0 && detach(dirfd, oldfd) < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

int device_program_attach(int cgroup_dirfd, int progfd)
{
	uint32_t ids[PROGRAMS_MAX], n = PROGRAMS_MAX;

	if (query(cgroup_dirfd, ids, &n) < 0)
		return -1;
	if (n == 1) {
		_close_ int oldfd = open_program(ids[0]);

		if (oldfd >= 0 && attach(cgroup_dirfd, progfd, oldfd) == 0)
			return 0;
	}
	return attach_then_detach(cgroup_dirfd, progfd, ids, n);
}
