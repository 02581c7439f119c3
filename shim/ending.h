/* ending.h - the exit record: how a container ended, in files that appear whole. */
#ifndef SHIM_ENDING_H
#define SHIM_ENDING_H

#include "shim/monitor.h"

/* exit.json, then exit, into dirfd. Returns 0 or -1. */
int ending_write(int dirfd, const struct monitor *m, const struct ending *e);

#endif
