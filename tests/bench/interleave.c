/* interleave - time several shell commands in turn, so that a noisy machine is noisy to each of
 * them alike.
 *
 * interleave [-n ROUNDS] [-b TITLE] [-p PREPARE] [-j FILE] NAME=COMMAND...: in every round each
 * command runs once (directly when it is plain words, else by sh -c; output to /dev/null), after
 * PREPARE, which is not timed and finds the command's NAME in $CONTENDER. Prints medians, the 10th
 * and 90th percentile, the CPU time and the largest process (children included) and the ratio of
 * the first command's median to each; -j appends one JSON object. A failing command ends the run.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/proc.h"
#include "lib/str.h"

struct contender {
	const char *name, *command;
	double *ms;
	double cpu_ms; /* user and system, all rounds */
	long rss_kb;   /* the largest process */
};

static int rounds = 20;
static const char *title = "";
static const char *prepare, *json_file;

static const struct opt opts[] = {
	{ 'n', "rounds", OPT_INT, &rounds, "N", "how often each command runs (20)" },
	{ 'b', "title", OPT_STR, &title, "TEXT", "what is measured" },
	{ 'p', "prepare", OPT_STR, &prepare, "COMMAND", "run before each timed command" },
	{ 'j', "json", OPT_STR, &json_file, "FILE", "append the result as one JSON object" },
	{ 0 },
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(const struct rusage *r)
{
	return (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1e3 +
	       (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec) / 1e3;
}

/* What a shell does with plain words, without the price of one. */
static void exec_command(const char *command)
{
	_strv_ struct strv words = { 0 };

	if (strpbrk(command, "|&;<>()$`\\\"'*?[]#~={}%!\n"))
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	strv_split(&words, command, ' ');
	xexec(words.v);
}

static void run(const char *command, struct rusage *usage)
{
	pid_t pid = xfork();
	int wstatus;

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
			die("open '/dev/null'");
		exec_command(command);
	}
	if (wait4(pid, &wstatus, 0, usage) < 0)
		die("wait for '%s'", command);
	if (proc_exit_code(wstatus))
		diex("'%s' exited with %d", command, proc_exit_code(wstatus));
}

static void get_ready(const struct contender *c)
{
	struct rusage usage;

	setenv("CONTENDER", c->name, 1);
	if (prepare)
		run(prepare, &usage);
}

static void measure(struct contender *c, int round)
{
	struct rusage usage;

	get_ready(c);

	double start = now_ms();

	run(c->command, &usage);
	c->ms[round] = now_ms() - start;
	c->cpu_ms += cpu_ms(&usage);
	if (usage.ru_maxrss > c->rss_kb)
		c->rss_kb = usage.ru_maxrss;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double percentile(const struct contender *c, int percent)
{
	return c->ms[(rounds - 1) * percent / 100];
}

static void print_table(const struct contender *c, int n)
{
	printf("%s (%d rounds, interleaved)\n", title, rounds);
	printf("  %-20s %10s %9s %9s %9s %8s %7s %9s\n", "", "median ms", "p10", "p90", "cpu ms",
	       "rss kB", "ratio", "cpu ratio");
	for (int i = 0; i < n; i++)
		printf("  %-20s %10.2f %9.2f %9.2f %9.2f %8ld %7.3f %9.3f\n", c[i].name,
		       percentile(&c[i], 50), percentile(&c[i], 10), percentile(&c[i], 90),
		       c[i].cpu_ms / rounds, c[i].rss_kb,
		       percentile(&c[0], 50) / percentile(&c[i], 50), c[0].cpu_ms / c[i].cpu_ms);
}

static void emit_ms(struct emit *e, const char *key, double ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", ms);
	emit_raw(e, key, text, strlen(text));
}

static void append_json(const struct contender *c, int n)
{
	_close_ int fd = open(json_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };

	emit_object(&e, NULL);
	emit_str(&e, "title", title);
	emit_int(&e, "rounds", rounds);
	emit_array(&e, "results");
	for (int i = 0; i < n; i++) {
		emit_object(&e, NULL);
		emit_str(&e, "name", c[i].name);
		emit_ms(&e, "median_ms", percentile(&c[i], 50));
		emit_ms(&e, "p10_ms", percentile(&c[i], 10));
		emit_ms(&e, "p90_ms", percentile(&c[i], 90));
		emit_ms(&e, "cpu_ms", c[i].cpu_ms / rounds);
		emit_ms(&e, "ratio", percentile(&c[0], 50) / percentile(&c[i], 50));
		emit_int(&e, "max_rss_kb", c[i].rss_kb);
		emit_end(&e);
	}
	emit_end(&e);
	emit_end(&e);
	buf_addc(&b, '\n');
	if (fd < 0 || io_write(fd, b.data, b.len))
		die("write '%s'", json_file);
}

static struct contender contender(char *arg)
{
	char *eq = strchr(arg, '=');

	if (!eq)
		opt_misuse("'%s' is not NAME=COMMAND", arg);
	*eq = '\0';
	return (struct contender){ .name = arg,
				   .command = eq + 1,
				   .ms = xcalloc((size_t)rounds, sizeof(double)) };
}

int main(int argc, char **argv)
{
	const struct usage u = { "[OPTION]... NAME=COMMAND...", "Time commands in turn.", opts, 0,
				 NULL };

	opt_program(argv[0]);
	argv += opt_parse(argc, argv, &u);

	int n = (int)strv_len(argv);
	_free_ struct contender *c = xcalloc((size_t)n, sizeof(*c));

	opt_operands(n, 1, -1);
	for (int i = 0; i < n; i++)
		c[i] = contender(argv[i]);
	for (int i = 0; i < n; i++) {
		get_ready(&c[i]);
		run(c[i].command, &(struct rusage){ 0 });
	} /* warm caches, fail early */
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < n; i++)
			measure(&c[i], round);
	}
	for (int i = 0; i < n; i++)
		qsort(c[i].ms, (size_t)rounds, sizeof(double), compare);
	print_table(c, n);
	if (json_file)
		append_json(c, n);
	for (int i = 0; i < n; i++)
		free(c[i].ms);
	return 0;
}
