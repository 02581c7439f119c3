/* verbs.h - the verbs of bundle; each gets argv with its own name first and returns the exit
 * status. */
#ifndef BUNDLE_VERBS_H
#define BUNDLE_VERBS_H

int bundle_create(int argc, char **argv);
int bundle_edit(int argc, char **argv);
int bundle_get(int argc, char **argv);
int bundle_check(int argc, char **argv);
int bundle_spec(int argc, char **argv);

#endif
