/* leave.h - leaving the process that started us, to live on. */
#ifndef SHIM_LEAVE_H
#define SHIM_LEAVE_H

#include "lib/base.h"

/* After the fork: own session, no terminal, cwd /, and, unless stdio is to be passed on, /dev/null
 * for that. */
void leave_starter(bool keep_stdio);

#endif
