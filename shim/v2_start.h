/* v2_start.h - the actions containerd runs us with. Each returns main's exit status; the working
 * directory is the bundle. */
#ifndef SHIM_V2_START_H
#define SHIM_V2_START_H

#include "shim/v2.h"

int start_main(const struct v2_args *a);
int delete_main(const struct v2_args *a);
int info_main(void);

/* Where the server of A's container listens: DIR (NULL: containerd's), named by containerd's own
 * address, the namespace and the pod. Malloc'd. */
char *start_socket(const struct v2_args *a, const char *dir);
bool start_is_served(const char *socket);
/* Until it is closed nobody else makes or removes sockets beside SOCKET. -1 and errno. */
int start_lock(const char *socket);

#endif
