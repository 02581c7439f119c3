/* die.h - the one way a program says that something failed.
 *
 * Messages are "tool: what failed 'object': reason": one line, one write(2), control bytes become
 * '?'. die and warn append errno's text; diex and warnx do not, and are for failures errno knows
 * nothing about. Library code (levels 0 to 4) returns -1 and errno instead and never calls these,
 * save functions named x*.
 */
#ifndef LIB_DIE_H
#define LIB_DIE_H

#include <stdarg.h>

#include "lib/base.h"

/* Where messages go. The default sink writes the line to stderr; a program with a log file brings
 * its own. msg has no newline, no tool prefix, and is already free of control bytes. */
typedef void die_sink(const char *level, const char *msg);

/* Set the name that starts every message; NAME is kept, not copied. May be "netns add". */
void die_name(const char *name);
const char *die_get_name(void);
/* Set the exit status of die and diex (1 unless told: chain loaders use 125). */
void die_status(int status);
int die_get_status(void);
void die_to(die_sink *sink);
/* For a sink: the errno that the message ends with; 0 when it has none. */
int die_errno(void);
/* Run FN once before die or diex leaves (not at a normal exit). */
void die_cleanup(void (*fn)(void));

_noreturn_ void die(const char *fmt, ...) _printf_(1, 2);
_noreturn_ void diex(const char *fmt, ...) _printf_(1, 2);
/* As diex, leaving with STATUS. */
_noreturn_ void die_with(int status, const char *fmt, ...) _printf_(2, 3);
void warn(const char *fmt, ...) _printf_(1, 2);
void warnx(const char *fmt, ...) _printf_(1, 2);
/* Trace to the sink, level "debug", if LASH_DEBUG is set and not empty. */
void debug(const char *fmt, ...) _printf_(1, 2);

/* Replace control bytes of S by '?', in place; bytes from 128 up stay. Returns S. */
char *die_clean(char *s);

#endif
