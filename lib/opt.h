/* opt.h - a program's command line: a table of options, a table of verbs, help and misuse.
 *
 * --help (stdout, 0) and --version are answered here. Misuse prints one line on stderr and exits 2,
 * or 125 where flags say OPT_CHAIN. Values are stored through the table's pointers; strings stay
 * argv's.
 */
#ifndef LIB_OPT_H
#define LIB_OPT_H

#include "lib/base.h"
#include "lib/str.h"

enum opt_kind {
	OPT_FLAG, /* bool: set true; --name=false|true is understood */
	OPT_STR,  /* const char *: last one wins */
	OPT_STRV, /* struct strv: every one, in order, copied */
	OPT_INT,  /* int, 0 and up */
	OPT_U64,  /* uint64_t */
	OPT_SIZE, /* int64_t bytes, num_size's suffixes, -1 for none */
	OPT_FD,	  /* int: an open descriptor above 2; made close-on-exec */
	OPT_CALL, /* opt_call *: called at once; NULL argname means it takes no value */
};

/* VALUE is "" where the option takes none. To refuse: opt_misuse(). */
typedef void opt_call(const char *value);

struct opt {
	char letter;	  /* 0 for none */
	const char *name; /* long name, no dashes; NULL for none */
	enum opt_kind kind;
	void *value;	     /* by kind, see above; for OPT_CALL the function: opt_fn(f) */
	const char *argname; /* "FILE" */
	const char *help;    /* NULL hides it from --help */
};

/* A function in a table of object pointers: POSIX promises the conversion (dlsym relies on it). */
#define opt_fn(f) ((void *)(uintptr_t)(opt_call *)(f))

enum opt_flags {
	OPT_STOP = 1,	/* the first operand ends the options (docker's and chain loaders' way) */
	OPT_CHAIN = 2,	/* OPT_STOP, and our own failures exit 125 */
	OPT_SINGLE = 4, /* accept -name for --name where no letter is meant (Go programs' way) */
};

struct usage {
	const char *synopsis;	/* behind the program's name: "-p FILE COMMAND [ARG]..." */
	const char *purpose;	/* one sentence */
	const struct opt *opts; /* ends with { 0 } */
	unsigned int flags;
	const struct verb *verbs; /* ends with { 0 }; listed by --help */
};

struct verb {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the verb; its result is the exit status */
	const char *purpose;		   /* NULL hides it from --help */
};

/* Parse argv[1..]; returns the index of the first operand. Without OPT_STOP or OPT_CHAIN options
 * may follow operands, and argv is reordered so that operands come last. "--" ends the options
 * always. */
int opt_parse(int argc, char **argv, const struct usage *u);

/* Parse the program's own options, then run the verb named by the first operand, with die's name
 * "PROGRAM VERB". Returns the verb's result; an unknown or missing verb is misuse. */
int opt_run_verb(int argc, char **argv, const struct usage *u);

/* Misuse: one line, exit 2 (125 for a chain loader). */
_noreturn_ void opt_misuse(const char *fmt, ...) _printf_(1, 2);
/* Misuse unless MIN <= n <= MAX operands were left (MAX < 0: no upper limit). */
void opt_operands(int n, int min, int max);

/* Name the program after argv[0]'s last component, unless die_name was called; first thing in main.
 */
void opt_program(const char *argv0);

#endif
