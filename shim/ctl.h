/* ctl.h - the control fifo's language, a line a command.
 *
 *   resize ROWS COLS    1 ROWS COLS    the terminal's size
 *   reopen              2 N N          the logs were renamed away: begin new ones
 *   eof                                end the container's stdin
 *
 * The numbered forms are conmon's. A line that is none of these is skipped, and only that line.
 */
#ifndef SHIM_CTL_H
#define SHIM_CTL_H

#include <stddef.h>

enum { CTL_LINE_MAX = 200, CTL_SIZE_MAX = 10000 };

enum ctl_verb { CTL_NONE, CTL_RESIZE, CTL_REOPEN, CTL_EOF };

struct ctl_command {
	enum ctl_verb verb;
	unsigned rows, cols;
};

/* Lines out of a stream that may be cut anywhere. Zero it first. */
struct ctl_reader {
	char line[CTL_LINE_MAX];
	size_t len;
	int skipping; /* within a line that is too long */
};

/* Use up one line of data. Returns the bytes taken; *cmd is CTL_NONE when they made no command. */
size_t ctl_read(struct ctl_reader *r, const char *data, size_t len, struct ctl_command *cmd);

#endif
