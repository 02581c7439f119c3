/* verbs.h - shim's verbs, a file each; what they return is the exit status. */
#ifndef SHIM_VERBS_H
#define SHIM_VERBS_H

#include "lib/opt.h"

extern const struct verb shim_verbs[];

int shim_run(int argc, char **argv);
int shim_adopt(int argc, char **argv);
int shim_attach(int argc, char **argv);
int shim_health(int argc, char **argv);
int shim_logs(int argc, char **argv);
int shim_resize(int argc, char **argv);
int shim_wait(int argc, char **argv);

#endif
