/* place.h - a container's directory: how strangers to the monitor find and understand it.
 *
 *   pid, shim-pid   the container's first process, the monitor's
 *   pid-start       when that process started, in ticks since boot
 *   options         the monitor's own options, NUL-terminated, for one that takes over
 *   pipes           inode numbers of the pipes of stdout and stderr, for the same
 *   .stdio/         or the fifos that are used instead
 *   runtime         the runtime's command and global arguments, one a line
 *   log             DRIVER:PATH, one a line
 *   tty             there when it has a terminal
 *   attach.sock     SOCK_SEQPACKET; out: a byte 2 or 3 and data, in: data
 *   ctl             fifo, see ctl.h
 *   notify/         notify.sock, for sd_notify
 *   health, health.json   starting, healthy or unhealthy, and the latest probes
 *   restarts        how often it was started again
 *   stop            made by whoever stops it on purpose: it is not to be started again
 *   events          where events go to, a path
 *   exit, exit.json how it ended, from the moment it did
 *
 * The monitor holds an exclusive flock on the directory until `exit` is there. So a shared lock
 * that is granted means: the end is recorded, or the monitor was killed.
 */
#ifndef SHIM_PLACE_H
#define SHIM_PLACE_H

#include "lib/str.h"

#define PLACE_PID "pid"
#define PLACE_SHIM_PID "shim-pid"
#define PLACE_RUNTIME "runtime"
#define PLACE_LOG "log"
#define PLACE_TTY "tty"
#define PLACE_ATTACH "attach.sock"
#define PLACE_CTL "ctl"
#define PLACE_PID_START "pid-start"
#define PLACE_OPTIONS "options"
#define PLACE_PIPES "pipes"
#define PLACE_STDIO ".stdio"
#define PLACE_NOTIFY "notify"
#define PLACE_STOP "stop"
#define PLACE_RESTARTS "restarts"
#define PLACE_EVENTS "events"
#define PLACE_HEALTH "health"
#define PLACE_HEALTH_JSON "health.json"
#define PLACE_EXIT "exit"
#define PLACE_JSON "exit.json"
/* only while the container is being made */
#define PLACE_RUNTIME_PID ".pid.runtime"
#define PLACE_CONSOLE ".console.sock"

/* The directory of ID: dir if given, else $LASH_RUN/shim/ID. Ends the program on a bad ID.
 * Malloc'd. */
char *place_path(const char *dir, const char *id);

/* Open it. Ends the program, naming the container, if there is none. */
int place_xopen(const char *dir, const char *id);

/* The recorded exit code. Returns 0, or -1: ENOENT while it runs. */
int place_exit_code(int dirfd, int *code);

/* Wait for the end. Returns the exit code; -1 and ECHILD if the monitor went without recording one.
 */
int place_wait(int dirfd);

/* Has the monitor let go (ended, or killed)? */
bool place_is_over(int dirfd);

/* Take the monitor's lock. Waiters hold it for a moment when the former monitor has just gone.
 * Returns 0, or -1 and EWOULDBLOCK: there is a monitor. */
int place_lock(int dirfd);

/* Append the lines of a file in it. Returns 0 or -1. */
int place_lines(int dirfd, const char *name, struct strv *lines);

/* Write LINE (with its newline) into the control fifo. Returns 0 or -1; ENXIO: nobody reads it. */
int place_control(int dirfd, const char *line);

#endif
