#include <stdarg.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"

struct parse {
	int argc;
	char **argv;
	const struct usage *u;
	int at; /* the argument being looked at */
};

static int misuse_status(const struct usage *u)
{
	return u && u->flags & OPT_CHAIN ? 125 : 2;
}

_noreturn_ static void vmisuse(int status, const char *fmt, va_list ap)
{
	char msg[1024];

	vsnprintf(msg, sizeof(msg), fmt, ap);
	die_with(status, "%s; see '%s --help'", msg, die_get_name());
}

_noreturn_ static void misuse(const struct usage *u, const char *fmt, ...) _printf_(2, 3);

_noreturn_ static void misuse(const struct usage *u, const char *fmt, ...)
{
	va_list ap;

	/* No va_end: vmisuse ends the process. */
	va_start(ap, fmt);
	vmisuse(misuse_status(u), fmt, ap);
}

void opt_misuse(const char *fmt, ...)
{
	va_list ap;

	/* No va_end: vmisuse ends the process. */
	va_start(ap, fmt);
	vmisuse(die_get_status() == 125 ? 125 : 2, fmt, ap);
}

void opt_operands(int n, int min, int max)
{
	if (n < min)
		opt_misuse(min == 1 ? "an operand is missing" : "%d operands are needed", min);
	if (max >= 0 && n > max)
		opt_misuse(max == 0 ? "takes no operands" : "at most %d operands", max);
}

void opt_program(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (argv0 && *argv0)
		die_name(slash ? slash + 1 : argv0);
}

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && !(o->kind == OPT_CALL && !o->argname);
}

static void show_option(const struct opt *o)
{
	char left[64];
	int n = 0;

	if (o->letter)
		n = snprintf(left, sizeof(left), "-%c%s", o->letter, o->name ? ", " : "");
	else
		n = snprintf(left, sizeof(left), "    ");
	if (o->name)
		n += snprintf(left + n, sizeof(left) - (size_t)n, "--%s", o->name);
	if (takes_value(o))
		snprintf(left + n, sizeof(left) - (size_t)n, " %s",
			 o->argname ? o->argname : "VALUE");
	printf("  %-30s %s\n", left, o->help);
}

_noreturn_ static void show_help(const struct usage *u)
{
	printf("usage: %s %s\n%s\n", die_get_name(), u->synopsis, u->purpose);
	if (u->verbs)
		printf("\nverbs:\n");
	for (const struct verb *v = u->verbs; v && v->name; v++) {
		if (v->purpose)
			printf("  %-12s %s\n", v->name, v->purpose);
	}
	printf("\noptions:\n");
	for (const struct opt *o = u->opts; o && (o->letter || o->name); o++) {
		if (o->help)
			show_option(o);
	}
	printf("  %-30s %s\n  %-30s %s\n", "    --help", "show this help", "    --version",
	       "show the version");
	exit(fflush(stdout) ? 1 : 0);
}

_noreturn_ static void show_version(void)
{
	printf("%s (lash) %s\n", die_get_name(), VERSION);
	exit(fflush(stdout) ? 1 : 0);
}

static void store_flag(const struct usage *u, const struct opt *o, const char *value)
{
	if (!value || str_eq(value, "true"))
		*(bool *)o->value = true;
	else if (str_eq(value, "false"))
		*(bool *)o->value = false;
	else
		misuse(u, "--%s takes true or false, not '%s'", o->name, value);
}

static void store(const struct usage *u, const struct opt *o, const char *value, const char *shown)
{
	int bad = 0;

	switch (o->kind) {
	case OPT_FLAG:
		store_flag(u, o, value);
		break;
	case OPT_STR:
		*(const char **)o->value = value;
		break;
	case OPT_STRV:
		strv_add(o->value, value);
		break;
	case OPT_INT:
		bad = num_int(value, 0, INT32_MAX, o->value);
		break;
	case OPT_U64:
		bad = num_u64(value, UINT64_MAX, o->value);
		break;
	case OPT_SIZE:
		bad = num_size(value, true, o->value);
		break;
	case OPT_FD:
		bad = num_int(value, 3, INT32_MAX, o->value) ||
		      fd_set_cloexec(*(int *)o->value, true);
		break;
	case OPT_CALL:
		((opt_call *)(uintptr_t)o->value)(value ? value : "");
		break;
	}
	if (bad)
		misuse(u, "%s: bad value '%s': %s", shown, value, strerror(errno));
}

static const struct opt *find_long(const struct usage *u, const char *name, size_t len)
{
	for (const struct opt *o = u->opts; o && (o->letter || o->name); o++) {
		if (o->name && strlen(o->name) == len && !memcmp(o->name, name, len))
			return o;
	}
	return NULL;
}

static const struct opt *find_letter(const struct usage *u, char letter)
{
	for (const struct opt *o = u->opts; o && (o->letter || o->name); o++) {
		if (letter && o->letter == letter)
			return o;
	}
	return NULL;
}

static const char *next_value(struct parse *p, const char *shown)
{
	if (p->at + 1 >= p->argc)
		misuse(p->u, "option %s needs a value", shown);
	return p->argv[++p->at];
}

/* --name, --name=value, --name value; NAME is behind the dashes. */
static void parse_long(struct parse *p, const char *name)
{
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	const struct opt *o = find_long(p->u, name, len);
	char shown[64];

	snprintf(shown, sizeof(shown), "--%.*s", (int)len, name);
	if (!o && !value && str_eq(name, "help"))
		show_help(p->u);
	if (!o && !value && str_eq(name, "version"))
		show_version();
	if (!o)
		misuse(p->u, "unknown option '%s'", shown);
	if (takes_value(o) && !value)
		value = next_value(p, shown);
	else if (!takes_value(o) && o->kind == OPT_CALL && value)
		misuse(p->u, "option %s takes no value", shown);
	store(p->u, o, value, shown);
}

/* -abc, -fVALUE, -f VALUE, -f=VALUE */
static void parse_letters(struct parse *p, const char *s)
{
	for (; *s; s++) {
		const struct opt *o = find_letter(p->u, *s);
		char shown[] = { '-', *s, '\0' };

		if (!o && *s == 'h' && !s[1])
			show_help(p->u);
		if (!o)
			misuse(p->u, "unknown option '%s'", shown);
		if (takes_value(o)) {
			const char *value = s[1] == '=' ? s + 2
					    : s[1]	? s + 1
							: next_value(p, shown);

			store(p->u, o, value, shown);
			return;
		}
		store(p->u, o, NULL, shown);
	}
}

static void parse_option(struct parse *p, const char *arg)
{
	size_t len = strcspn(arg + 1, "=");

	if (arg[1] == '-')
		parse_long(p, arg + 2);
	else if (p->u->flags & OPT_SINGLE && (len > 1 || !find_letter(p->u, arg[1])) &&
		 (find_long(p->u, arg + 1, len) || str_eq(arg, "-help") || str_eq(arg, "-version")))
		parse_long(p, arg + 1);
	else
		parse_letters(p, arg + 1);
}

/* Of argv[1..END), put the N that are operands behind the others; both keep their order. */
static void move_back(char **argv, int end, char **operands, int n)
{
	int kept = 1, seen = 0;

	for (int i = 1; i < end; i++) {
		if (seen < n && argv[i] == operands[seen])
			seen++;
		else
			argv[kept++] = argv[i];
	}
	for (int i = 0; i < n; i++)
		argv[kept + i] = operands[i];
}

int opt_parse(int argc, char **argv, const struct usage *u)
{
	struct parse p = { .argc = argc, .argv = argv, .u = u, .at = 1 };
	bool stop = u->flags & (OPT_STOP | OPT_CHAIN);
	_free_ char **operands = xcalloc((size_t)argc + 1, sizeof(*operands));
	int n = 0;

	if (u->flags & OPT_CHAIN)
		die_status(125);
	for (; p.at < argc; p.at++) {
		char *arg = argv[p.at];

		if (str_eq(arg, "--")) {
			p.at++;
			break;
		}
		if (arg[0] == '-' && arg[1])
			parse_option(&p, arg);
		else if (stop)
			break;
		else
			operands[n++] = arg;
	}

	move_back(argv, p.at, operands, n);
	return p.at - n;
}

/* "PROGRAM VERB", and "PROGRAM VERB VERB" where verbs have verbs. */
static void name_verb(const char *verb)
{
	static char *name;
	char *longer = xasprintf("%s %s", die_get_name(), verb);

	die_name(longer);
	free(name);
	name = longer;
}

int opt_run_verb(int argc, char **argv, const struct usage *u)
{
	int at = opt_parse(argc, argv, u);

	if (at >= argc)
		misuse(u, "a verb is missing");
	for (const struct verb *v = u->verbs; v->name; v++) {
		if (str_eq(v->name, argv[at])) {
			name_verb(v->name);
			return v->run(argc - at, argv + at);
		}
	}
	misuse(u, "unknown verb '%s'", argv[at]);
}
