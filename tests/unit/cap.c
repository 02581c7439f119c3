#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/cap.h"
#include "lib/proc.h"
#include "tests/unit/tap.h"

enum { CHOWN = 0, KILL = 5, NET_BIND = 10, BPF = 39 };

static uint64_t bit(int n)
{
	return UINT64_C(1) << n;
}

static void test_number_knows_the_one_spelling(void)
{
	static const char *const bad[] = {
		"",	    "CAP_", "CAP_KILLED", "KILL",   "cap_kill",
		"CAP_kill", "5",    "CAP_5",	  "CAP_63", "CAP_KILL "
	};

	expect_int(caps_number("CAP_CHOWN"), CHOWN);
	expect_int(caps_number("CAP_KILL"), KILL);
	expect_int(caps_number("CAP_BPF"), BPF);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_errno(caps_number(bad[i]), ENOENT);
}

static void test_name_and_number_agree(void)
{
	char name[CAPS_NAME_MAX];
	int n = 0;

	while (caps_name(n, name)) {
		expect_int(caps_number(name), n);
		n++;
	}
	expect(n >= 41);
	expect(!caps_name(63, name));
}

static void test_kernel_has_the_old_ones(void)
{
	uint64_t all = caps_of_kernel();

	expect(all & bit(CHOWN));
	expect(all & bit(BPF));
	expect(!(all & bit(63)));
	expect(!(caps_permitted() & ~all));
}

static const char *last_unknown;

static void note_unknown(const char *name)
{
	last_unknown = name;
}

static void test_add_names_leaves_the_unknown_out(void)
{
	char *const names[] = { (char[]){ "CAP_KILL" }, (char[]){ "CAP_FLY" },
				(char[]){ "CAP_CHOWN" }, NULL };
	uint64_t set = bit(BPF);

	expect_int(caps_add_names(&set, names, note_unknown), 1);
	expect(set == (bit(BPF) | bit(KILL) | bit(CHOWN)));
	expect_str(last_unknown, "CAP_FLY");
	expect_int(caps_add_names(&set, NULL, note_unknown), 0);
	expect_int(caps_add_names(&set, names, NULL), 1);
}

static uint64_t status_set(const char *label)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long set = ~0ULL;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, label, strlen(label)))
			sscanf(line + strlen(label), "%llx", &set);
	}
	if (f)
		fclose(f);
	return set;
}

/* Run in a child: 0 when all five sets are what was asked for, else the number of the first that is
 * not. */
static int apply_in_child(const struct caps *c, uint64_t want_ambient)
{
	pid_t pid = xfork();

	if (!pid) {
		if (caps_drop_bounding(c->bounding))
			_exit(10);
		if (caps_keep() || setgid(65534) || setuid(65534))
			_exit(11);
		if (caps_apply(c))
			_exit(12);
		if (status_set("CapBnd:") != c->bounding)
			_exit(1);
		if (status_set("CapEff:") != c->effective)
			_exit(2);
		if (status_set("CapPrm:") != c->permitted)
			_exit(3);
		if (status_set("CapInh:") != c->inheritable)
			_exit(4);
		_exit(status_set("CapAmb:") == want_ambient ? 0 : 5);
	}
	return proc_wait(pid);
}

static void test_apply_survives_a_change_of_user(void)
{
	const struct caps c = {
		.bounding = bit(KILL) | bit(CHOWN),
		.effective = bit(KILL),
		.permitted = bit(KILL) | bit(CHOWN),
		.inheritable = bit(KILL) | bit(CHOWN),
		.ambient = bit(KILL) | bit(NET_BIND),
	};
	const struct caps none = { 0 };

	if (geteuid())
		return;
	expect_int(apply_in_child(&c, bit(KILL)), 0);
	expect_int(apply_in_child(&none, 0), 0);
}

static void test_apply_leaves_out_what_cannot_be_had(void)
{
	pid_t pid = xfork();

	if (!pid) {
		const struct caps less = { .effective = bit(KILL), .permitted = bit(KILL) };
		const struct caps more = { .effective = bit(KILL) | bit(CHOWN),
					   .permitted = bit(KILL) | bit(CHOWN) };

		if (caps_apply(&less) || caps_apply(&more))
			_exit(1);
		_exit(status_set("CapEff:") == (status_set("CapPrm:") & bit(KILL)) ? 0 : 2);
	}
	expect_int(proc_wait(pid), 0);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_number_knows_the_one_spelling),
		TEST(test_name_and_number_agree),
		TEST(test_kernel_has_the_old_ones),
		TEST(test_add_names_leaves_the_unknown_out),
		TEST(test_apply_survives_a_change_of_user),
		TEST(test_apply_leaves_out_what_cannot_be_had),
		{ 0 },
	};

	return tap_run(tests);
}
