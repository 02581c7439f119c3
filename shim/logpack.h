/* logpack.h - elders of a log file, compressed by gzip(1) while the container goes on.
 *
 * One at a time, the youngest first, into a file of another name that takes the elder's place once
 * it is whole and has the elder's time. Rotation does not wait for it. What is not compressed when
 * the container ends, or when gzip fails, stays as it is until the next rotation.
 */
#ifndef SHIM_LOGPACK_H
#define SHIM_LOGPACK_H

#include "shim/logfile.h"

void logpack_rotated(struct logfile *lf);
/* Was PID ours? */
bool logpack_reaped(struct logfile *lf, pid_t pid, int wait_status);
void logpack_stop(struct logfile *lf);

#endif
