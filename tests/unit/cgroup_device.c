#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cgroup_device_private.h"
#include "lib/io.h"
#include "lib/str.h"
#include "tests/unit/tap.h"

static struct cgroup_device_rule rule(bool allow, const char *type, int64_t major, int64_t minor,
				      const char *access)
{
	return (struct cgroup_device_rule){
		.allow = allow,
		.type = (char *)(uintptr_t)type,
		.major = major,
		.minor = minor,
		.has_major = true,
		.has_minor = true,
		.access = (char *)(uintptr_t)access,
	};
}

static int add(struct device_set *s, bool allow, const char *type, int64_t major, int64_t minor,
	       const char *access)
{
	struct cgroup_device_rule r = rule(allow, type, major, minor, access);

	return device_set_rule(s, &r);
}

static void test_last_rule_wins(void)
{
	_device_set_ struct device_set s = { .allow_all = true };

	expect(device_set_allows(&s, 'c', 1, 3, DEVICE_ALL));
	expect_int(add(&s, false, "a", -1, -1, "rwm"), 0);
	expect(!device_set_allows(&s, 'c', 1, 3, DEVICE_READ));
	expect_int(add(&s, true, "c", 1, 3, "rw"), 0);
	expect(device_set_allows(&s, 'c', 1, 3, DEVICE_READ | DEVICE_WRITE));
	expect(!device_set_allows(&s, 'c', 1, 3, DEVICE_READ | DEVICE_MKNOD));
	expect(!device_set_allows(&s, 'b', 1, 3, DEVICE_READ));
	expect_int(add(&s, false, "c", 1, -1, "w"), 0);
	expect(device_set_allows(&s, 'c', 1, 3, DEVICE_READ));
	expect(!device_set_allows(&s, 'c', 1, 3, DEVICE_WRITE));
	expect_int(add(&s, true, NULL, 0, 0, NULL), 0);
	expect(device_set_allows(&s, 'b', 7, 7, DEVICE_ALL));
}

static void test_holes_are_refused(void)
{
	_device_set_ struct device_set s = { 0 };

	expect_int(add(&s, true, "c", 1, -1, "rwm"), 0);
	expect_errno(add(&s, false, "c", 1, 3, "r"), EINVAL);
	expect_int(add(&s, false, "c", 2, 3, "r"), 0);
	expect(device_set_allows(&s, 'c', 1, 3, DEVICE_ALL));
}

static void test_exceptions_to_all(void)
{
	_device_set_ struct device_set s = { .allow_all = true };

	expect_int(add(&s, false, "b", 8, 0, "w"), 0);
	expect(device_set_allows(&s, 'b', 8, 0, DEVICE_READ));
	expect(!device_set_allows(&s, 'b', 8, 0, DEVICE_READ | DEVICE_WRITE));
	expect(device_set_allows(&s, 'b', 8, 1, DEVICE_ALL));
}

static void test_malformed_rules(void)
{
	_device_set_ struct device_set s = { 0 };

	expect_errno(add(&s, true, "x", 1, 1, "r"), EINVAL);
	expect_errno(add(&s, true, "c", 1, 1, "rx"), EINVAL);
	expect_errno(add(&s, true, "c", -2, 1, "r"), ERANGE);
	expect_errno(add(&s, true, "c", 1, 1LL << 32, "r"), ERANGE);
}

static void test_parse_list(void)
{
	_device_set_ struct device_set s = { 0 }, all = { 0 };

	expect_int(device_set_parse(&s, "c 1:3 rwm\nb *:* m\nc 136:* rw\n"), 0);
	expect(!s.allow_all);
	expect_int(s.n, 3);
	expect(device_set_allows(&s, 'c', 136, 9, DEVICE_WRITE));
	expect(device_set_allows(&s, 'b', 4, 4, DEVICE_MKNOD));
	expect_int(device_set_parse(&all, "a *:* rwm\n"), 0);
	expect(all.allow_all);
	expect_errno(device_set_parse(&all, "c 1 rwm"), EINVAL);
	expect_errno(device_set_parse(&all, "c 1:3 xyz"), EINVAL);
}

/* The same questions to the set and to its program, interpreted here: they must agree. */
static bool interpret(const struct device_program *p, char type, uint32_t major, uint32_t minor,
		      unsigned access)
{
	uint32_t kernel = (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
			  (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
			  (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
	uint32_t dev = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	uint32_t ctx[3] = { dev | kernel << 16, major, minor }, r[11] = { 0 };

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct bpf_insn *i = &p->insn[pc];
		uint32_t imm = (uint32_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			r[i->dst_reg] = ctx[i->off / 4];
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			r[i->dst_reg] = r[i->src_reg];
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			r[i->dst_reg] = imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] &= imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] >>= imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			pc += r[i->dst_reg] != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			pc += r[i->dst_reg] == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0];
		default:
			expect(!"an instruction we know");
			return false;
		}
	}
	expect(!"the program ends");
	return false;
}

static void expect_agreement(const struct device_set *s)
{
	_device_program_ struct device_program p = { 0 };
	static const uint32_t numbers[] = { 0, 1, 3, 5, 8, 136, 4294967295u };

	device_program_make(&p, s);
	for (size_t i = 0; i < ARRAY_LEN(numbers) * ARRAY_LEN(numbers) * 14; i++) {
		uint32_t major = numbers[i / 14 / ARRAY_LEN(numbers)];
		uint32_t minor = numbers[i / 14 % ARRAY_LEN(numbers)];
		unsigned access = 1 + (unsigned)(i % 7);
		char type = i % 14 < 7 ? 'b' : 'c';

		if (!expect_int(interpret(&p, type, major, minor, access),
				device_set_allows(s, type, major, minor, access)))
			return;
	}
}

static void test_program_agrees_with_its_set(void)
{
	_device_set_ struct device_set none = { 0 }, all = { .allow_all = true };

	expect_agreement(&none);
	expect_agreement(&all);
	for (size_t i = 0; i < device_defaults_n; i++)
		expect_int(device_set_rule(&none, &device_defaults[i]), 0);
	expect_int(add(&none, true, "b", 8, -1, "r"), 0);
	expect_agreement(&none);
	expect_int(add(&all, false, "b", 8, -1, "w"), 0);
	expect_int(add(&all, false, "c", 1, 3, "rm"), 0);
	expect_agreement(&all);
}

static const char *text_of(int dirfd, const char *name)
{
	static struct buf b;

	buf_reset(&b);
	return file_read(dirfd, name, 4096, &b) < 0 ? "(none)" : buf_str(&b);
}

static void put(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || io_puts(fd, text) < 0)
		perror(name);
	close(fd);
}

static void test_v1_writes_only_the_difference(void)
{
	_device_set_ struct device_set want = { 0 };
	_buf_ struct buf why = { 0 };
	int dirfd = -1;

	tap_dir(&dirfd);
	put(dirfd, "devices.list", "c 1:3 rwm\nc 5:2 rw\n");
	put(dirfd, "devices.allow", "");
	put(dirfd, "devices.deny", "");
	add(&want, true, "c", 1, 3, "rwm");
	expect_int(device_v1_set(dirfd, &want, &why), 0);
	expect_str(text_of(dirfd, "devices.deny"), "c 5:2 rw");
	expect_str(text_of(dirfd, "devices.allow"), "");
	put(dirfd, "devices.list", "c 1:3 r\n");
	put(dirfd, "devices.deny", "");
	expect_int(device_v1_set(dirfd, &want, &why), 0);
	expect_str(text_of(dirfd, "devices.deny"), "");
	expect_str(text_of(dirfd, "devices.allow"), "c 1:3 wm");
	put(dirfd, "devices.list", "a *:* rwm\n");
	expect_int(device_v1_set(dirfd, &want, &why), 0);
	expect_str(text_of(dirfd, "devices.deny"), "a");
	expect_str(text_of(dirfd, "devices.allow"), "c 1:3 rwm");
	close(dirfd);
}

static const struct test tests[] = {
	TEST(test_last_rule_wins),
	TEST(test_holes_are_refused),
	TEST(test_exceptions_to_all),
	TEST(test_malformed_rules),
	TEST(test_parse_list),
	TEST(test_program_agrees_with_its_set),
	TEST(test_v1_writes_only_the_difference),
	{ 0 },
};

int main(void)
{
	return tap_run(tests);
}
