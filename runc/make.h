/* make.h - what create and run have in common: their options, and a container made from a bundle.
 */
#ifndef RUNC_MAKE_H
#define RUNC_MAKE_H

#include "lib/opt.h"
#include "lib/spec.h"
#include "runc/launch.h"

struct make_options {
	const char *bundle, *config, *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring, no_subreaper;
	int preserve_fds;
};

/* The rows of both verbs' tables. */
#define MAKE_OPTIONS(o) \
	{ 'b', "bundle", OPT_STR, &(o).bundle, "DIR", "the bundle's directory (.)" }, \
		{ 'f',	       "config", OPT_STR, \
		  &(o).config, "FILE",	 "use FILE, not config.json of the bundle" }, \
		{ 0,	   "console-socket", \
		  OPT_STR, &(o).console_socket, \
		  "PATH",  "send the terminal's master to this socket" }, \
		{ 0,	   "pidfd-socket", \
		  OPT_STR, &(o).pidfd_socket, \
		  "PATH",  "send a pidfd of init there" }, \
		{ 0, "pid-file", OPT_STR, &(o).pid_file, "FILE", "write init's pid there" }, \
		{ 0, "no-pivot", OPT_FLAG, &(o).no_pivot, NULL, "move the root instead of pivoting" }, \
		{ 0,	"no-new-keyring",	   OPT_FLAG, &(o).no_new_keyring, \
		  NULL, "keep the session keyring" }, \
		{ 0, "no-subreaper", OPT_FLAG, &(o).no_subreaper, NULL, "do not adopt orphans" }, \
	{ \
		0, "preserve-fds", OPT_INT, &(o).preserve_fds, "N", \
			"hand on N descriptors from 3 on" \
	}

/* Make container ID: bundle read and checked, state, cgroup, child, up to the moment before the
 * program is executed. SPEC is filled and lives as long as L. With TERMINAL_OURS the master arrives
 * on the returned socket (-1: no terminal); caller closes. */
int make_container(struct launch *l, struct spec *spec, struct container *c, const char *id,
		   const struct make_options *o, bool detach);

/* The first two steps of that alone, for restore: the bundle read (the working directory is the
 * bundle's afterwards), and the record of container ID made. */
void make_read(struct spec *spec, struct buf *text, const struct make_options *o);
void make_record(struct launch *l, const char *id, const struct buf *text);

/* Poststart hooks; a failure kills and deletes the container. Gives the lock back while they run.
 */
void make_poststart(struct container *c, const struct spec *spec);

/* Close what the caller left open behind what it wants handed on (3 to 3 + KEEP - 1), but for our
 * log. */
void close_inherited(int keep);
/* Make PATH absolute before the working directory changes; NULL stays NULL. Malloc'd. */
char *make_absolute(const char *path);
/* Connect to a socket an option named, or -1 for NULL. */
int connect_option(const char *what, const char *path);

#endif
