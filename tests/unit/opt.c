#include <fcntl.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "tests/unit/tap.h"

static bool flag, other;
static const char *file;
static struct strv list;
static int number, fd;
static int64_t size;

static const struct opt opts[] = {
	{ 'v', "verbose", OPT_FLAG, &flag, NULL, "say more" },
	{ 'o', NULL, OPT_FLAG, &other, NULL, "other" },
	{ 'f', "file", OPT_STR, &file, "FILE", "a file" },
	{ 'e', "env", OPT_STRV, &list, "K=V", "environment" },
	{ 0, "number", OPT_INT, &number, "N", "a number" },
	{ 'm', "memory", OPT_SIZE, &size, "BYTES", "a size" },
	{ 0, "ready-fd", OPT_FD, &fd, "FD", "a descriptor" },
	{ 0 },
};

static struct strv words(const char *s)
{
	struct strv l = { 0 };

	strv_split(&l, s, ' ');
	return l;
}

/* Parse in a child, with stderr in *err; returns its exit status, 100 + the first operand's index
 * if it lived. */
static int parse_in_child(unsigned int flags, char **argv, struct buf *err)
{
	const struct usage u = { "[OPTION]...", "Test.", opts, flags, NULL };
	int p[2];

	fflush(stdout);
	expect_int(pipe2(p, O_CLOEXEC), 0);

	pid_t pid = xfork();

	if (!pid) {
		dup2(p[1], STDERR_FILENO);
		dup2(p[1], STDOUT_FILENO);
		die_name("tool");
		_exit(100 + opt_parse((int)strv_len(argv), argv, &u));
	}
	close(p[1]);
	expect_int(io_read_all(p[0], 65536, err), 0);
	close(p[0]);
	return proc_wait(pid);
}

static void test_forms(void)
{
	_strv_ struct strv argv = words("t -vo --file=a=b -eA=1 x -e B=2 --number 7 -m 1k y -- -v");
	const struct usage u = { "", "", opts, 0, NULL };
	int at = opt_parse(14, argv.v, &u);

	expect(flag && other);
	expect_str(file, "a=b");
	if (expect_int(list.n, 2))
		expect_str(list.v[1], "B=2");
	expect_int(number, 7);
	expect_int(size, 1024);
	expect_int(at, 11);
	expect_str(argv.v[at], "x");
	expect_str(argv.v[at + 1], "y");
	expect_str(argv.v[at + 2], "-v");
	strv_free(&list);
}

static void test_stop_leaves_the_command_alone(void)
{
	_strv_ struct strv argv = words("t cmd -v --nonsense");
	const struct usage u = { "", "", opts, OPT_STOP, NULL };

	flag = false;
	expect_int(opt_parse(4, argv.v, &u), 1);
	expect(!flag);
}

static void test_single_dash_long_options(void)
{
	_strv_ struct strv argv = words("t -file x -number=3 -v");
	const struct usage u = { "", "", opts, OPT_SINGLE, NULL };

	flag = false;
	expect_int(opt_parse(5, argv.v, &u), 5);
	expect_str(file, "x");
	expect_int(number, 3);
	expect(flag);
}

static void test_misuse_is_one_line(void)
{
	static const struct {
		const char *args, *message;
	} rows[] = {
		{ "t --nope", "tool: unknown option '--nope'; see 'tool --help'\n" },
		{ "t -x", "tool: unknown option '-x'; see 'tool --help'\n" },
		{ "t --file", "tool: option --file needs a value; see 'tool --help'\n" },
		{ "t --verbose=maybe",
		  "tool: --verbose takes true or false, not 'maybe'; see 'tool --help'\n" },
		{ "t --number 1x",
		  "tool: --number: bad value '1x': Invalid argument; see 'tool --help'\n" },
		{ "t --ready-fd 1",
		  "tool: --ready-fd: bad value '1': Numerical result out of range; see 'tool "
		  "--help'\n" },
		{ "t --ready-fd 999",
		  "tool: --ready-fd: bad value '999': Bad file descriptor; see 'tool --help'\n" },
		{ "t --a\nb", "tool: unknown option '--a?b'; see 'tool --help'\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_strv_ struct strv argv = words(rows[i].args);
		_buf_ struct buf err = { 0 };

		expect_int(parse_in_child(0, argv.v, &err), 2);
		expect_str(buf_str(&err), rows[i].message);
	}
}

static void test_chain_loader_misuse_is_125(void)
{
	_strv_ struct strv argv = words("t --nope");
	_buf_ struct buf err = { 0 };

	expect_int(parse_in_child(OPT_CHAIN, argv.v, &err), 125);
}

static void test_help_goes_to_stdout(void)
{
	_strv_ struct strv argv = words("t --help");
	_buf_ struct buf out = { 0 };

	expect_int(parse_in_child(0, argv.v, &out), 0);
	expect(str_starts(buf_str(&out), "usage: tool [OPTION]...\nTest.\n"));
	expect(strstr(buf_str(&out), "  -f, --file FILE                a file\n") != NULL);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_forms),
		TEST(test_stop_leaves_the_command_alone),
		TEST(test_single_dash_long_options),
		TEST(test_misuse_is_one_line),
		TEST(test_chain_loader_misuse_is_125),
		TEST(test_help_goes_to_stdout),
		{ 0 },
	};

	return tap_run(tests);
}
