/* verbs.h - the verbs of cgctl; each gets argv with its own name first and returns the exit
 * status. */
#ifndef CGCTL_VERBS_H
#define CGCTL_VERBS_H

int cgctl_apply(int argc, char **argv);
int cgctl_attach(int argc, char **argv);
int cgctl_create(int argc, char **argv);
int cgctl_delegate(int argc, char **argv);
int cgctl_events(int argc, char **argv);
int cgctl_exec(int argc, char **argv);
int cgctl_freeze(int argc, char **argv);
int cgctl_get(int argc, char **argv);
int cgctl_info(int argc, char **argv);
int cgctl_kill(int argc, char **argv);
int cgctl_ls(int argc, char **argv);
int cgctl_ps(int argc, char **argv);
int cgctl_rm(int argc, char **argv);
int cgctl_set(int argc, char **argv);
int cgctl_snapshot(int argc, char **argv);
int cgctl_stat(int argc, char **argv);
int cgctl_thaw(int argc, char **argv);
int cgctl_top(int argc, char **argv);
int cgctl_wait(int argc, char **argv);

#endif
