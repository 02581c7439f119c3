/* v2_runtime.h - which runtime, with which arguments.
 *
 * Options come with Create; what `delete` needs of them is kept in the bundle, since that is called
 * with none.
 */
#ifndef SHIM_V2_RUNTIME_H
#define SHIM_V2_RUNTIME_H

#include "lib/str.h"
#include "shim/v2.h"

#define V2_OPTIONS_FILE "options.json"

/* Runc's options, if ANY has them. Returns 0, or -1 when they are malformed. */
_check_ int runtime_options(const struct any *any, struct runc_options *o);
/* Fill in what was not said. */
void runtime_complete(struct runc_options *o);
_check_ int runtime_save(int bundlefd, const struct runc_options *o);
_check_ int runtime_load(int bundlefd, struct runc_options *o);

/* "runc --root ROOT/NS --log LOG ... ": what comes before the verb. */
void runtime_globals(const struct runc_options *o, const char *ns, const char *log,
		     struct strv *argv);
/* Run "RUNTIME GLOBALS VERB WORDS..." as the job; the words end with NULL. IO NULL: no stdin,
 * output kept for the job's error. */
void runtime_job(struct job *j, const struct stdio *io, const char *verb, ...)
	__attribute__((sentinel));
void runtime_job_v(struct job *j, const struct strv *words, const struct stdio *io);

#endif
