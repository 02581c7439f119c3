/* cgctl top - show what groups are using.
 *
 * On a terminal a screen that is drawn anew until q is typed; else one sample after the other.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

#include "cgctl/group.h"
#include "cgctl/top.h"
#include "cgctl/verbs.h"
#include "lib/die.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/tty.h"

static const char *order_name = "cpu", *delay = "1";
static int count, depth = 3;
static bool json;

static const struct opt opts[] = {
	{ 'n', "count", OPT_INT, &count, "N", "end after N samples" },
	{ 'd', "delay", OPT_STR, &delay, "TIME", "between samples: 2, 500ms (1)" },
	{ 's', "sort", OPT_STR, &order_name, "KEY", "cpu (default), memory, tasks, io or name" },
	{ 0, "depth", OPT_INT, &depth, "N", "levels below GROUP to show (3)" },
	{ 0, "json", OPT_FLAG, &json, NULL, "print an object a group, one a line" },
	{ 0 }
};

static const char *const order_names[TOP_ORDERS] = {
	[TOP_CPU] = "cpu", [TOP_MEMORY] = "memory", [TOP_TASKS] = "tasks",
	[TOP_IO] = "io",   [TOP_NAME] = "name",
};

static struct termios before;
static bool drawing;

static enum top_order find_order(void)
{
	for (int i = 0; i < TOP_ORDERS; i++) {
		if (!strcmp(order_names[i], order_name))
			return (enum top_order)i;
	}
	opt_misuse("no such order '%s'", order_name);
}

static int parse_delay(void)
{
	int64_t ns;

	if (num_duration_ns(delay, &ns) < 0 || ns < 10000000 || ns / 1000000 > INT32_MAX)
		opt_misuse("'%s' is no time of 10 ms or more", delay);
	return (int)(ns / 1000000);
}

static void put(const char *s)
{
	if (io_puts(STDOUT_FILENO, s) < 0)
		die("write standard output");
}

/* The terminal as it was. A signal handler may call it. */
static void leave_screen(void)
{
	static const char out[] = "\033[?25h\033[?1049l";

	if (!drawing)
		return;
	drawing = false;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	if (write(STDOUT_FILENO, out, sizeof(out) - 1) < 0)
		return;
}

static void on_end(int sig)
{
	leave_screen();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Wakes the wait for a key, and with it the drawing. */
static void on_resize(_unused_ int sig)
{
}

static void enter_screen(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction resize = { .sa_handler = on_resize };
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		die("read the terminal's settings");
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	drawing = true;
	die_cleanup(leave_screen);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		signal(ends[i], on_end);
	sigaction(SIGWINCH, &resize, NULL);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		die("change the terminal's settings");
	put("\033[?1049h\033[?25l");
}

static void draw(const struct top_sample *s, enum top_order order)
{
	struct winsize size;
	_buf_ struct buf out = { 0 }, lines = { 0 };

	if (tty_get_size(STDOUT_FILENO, &size) < 0 || !size.ws_col)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	top_format(s, order, size.ws_row > 3 ? size.ws_row - 2 : 1, size.ws_col, &lines);
	/* Drawn over what is there, and only the rest of each line erased: no flicker. */
	buf_adds(&out, "\033[H");
	for (const char *at = buf_str(&lines); *at;) {
		size_t len = strcspn(at, "\n");

		buf_addf(&out, "%.*s\033[K\r\n", (int)len, at);
		at += len + (at[len] != '\0');
	}
	buf_adds(&out, "\033[Jc cpu  m memory  t tasks  i io  n name  q quit");
	put(buf_str(&out));
}

/* Wait a delay, or for a key; false: quit. */
static bool take_key(enum top_order *order, int delay_ms, bool *waited)
{
	static const char keys[TOP_ORDERS] = {
		[TOP_CPU] = 'c', [TOP_MEMORY] = 'm', [TOP_TASKS] = 't',
		[TOP_IO] = 'i',	 [TOP_NAME] = 'n',
	};
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int n = poll(&in, 1, delay_ms);
	char key;

	*waited = n == 0;
	if (n <= 0)
		return true;
	if (read(STDIN_FILENO, &key, 1) != 1)
		return false;
	for (int i = 0; i < TOP_ORDERS; i++) {
		if (keys[i] == key)
			*order = (enum top_order)i;
	}
	return key != 'q' && key != 4;
}

static void run_screen(const struct cgroup *g, enum top_order order, int delay_ms)
{
	struct top_sample old = { 0 }, new = { 0 };
	bool waited = true;

	enter_screen();
	for (int shown = 0; !count || shown <= count;) {
		if (waited) {
			top_free(&old);
			old = new;
			top_read(&new, g, depth);
			top_rates(&new, &old);
			shown++;
		}
		top_sort(&new, order);
		draw(&new, order);
		if (!take_key(&order, delay_ms, &waited))
			break;
	}
	leave_screen();
	top_free(&old);
	top_free(&new);
}

static void print(struct top_sample *s, enum top_order order)
{
	_buf_ struct buf out = { 0 };

	top_sort(s, order);
	if (json)
		top_format_json(s, &out);
	else
		top_format(s, order, 0, 0, &out);
	xgroup_print(&out);
}

/* Rates take two samples, so the first is printed after a delay. */
static void run_lines(const struct cgroup *g, enum top_order order, int delay_ms)
{
	struct top_sample old = { 0 }, new = { 0 };

	top_read(&old, g, depth);
	for (int i = 0; !count || i < count; i++) {
		poll(NULL, 0, delay_ms);
		top_read(&new, g, depth);
		top_rates(&new, &old);
		print(&new, order);
		top_free(&old);
		old = new;
	}
	top_free(&old);
}

int cgctl_top(int argc, char **argv)
{
	const struct usage u = { "[-n N] [-d TIME] [-s KEY] [--depth N] [--json] [GROUP]",
				 "Show what a group and those below it use, until q is typed.",
				 opts, 0, NULL };
	struct cgroup_layout layout;
	_cgroup_ struct cgroup g = CGROUP_NONE;
	int at = opt_parse(argc, argv, &u);
	enum top_order order = find_order();
	int delay_ms = parse_delay();

	opt_operands(argc - at, 0, 1);
	xlayout_open(&layout);
	xgroup_open(&g, &layout, at < argc ? argv[at] : "/");
	if (!json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		run_screen(&g, order, delay_ms);
	else
		run_lines(&g, order, delay_ms);
	cgroup_layout_close(&layout);
	return 0;
}
