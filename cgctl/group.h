/* group.h - opening groups for the verbs; what fails is reported and ends the program. */
#ifndef CGCTL_GROUP_H
#define CGCTL_GROUP_H

#include "lib/cgroup_res.h"

void xlayout_open(struct cgroup_layout *l);
void xgroup_open(struct cgroup *g, const struct cgroup_layout *l, const char *path);
/* As above, but no such group is no failure: false. */
bool xgroup_try(struct cgroup *g, const struct cgroup_layout *l, const char *path);
/* The default of --timeout. */
enum { GROUP_TIMEOUT_S = 10 };
/* Seconds of --timeout in milliseconds. */
int group_timeout_ms(int seconds);
/* "memory.max=64M" cut at its first '=', in place; malloc'd. What is none is misuse. */
struct cgroup_setting *group_words(char **words, size_t n);
/* The name of process PID without control bytes, malloc'd; NULL when it is gone. */
char *group_comm(pid_t pid);
/* Print what a verb has gathered. */
void xgroup_print(const struct buf *out);

#endif
