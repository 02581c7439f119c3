/* report.h - what a transfer does, one JSON object a line on stdout, for programs that follow it.
 *
 * "manifest": the manifest and its config are in the layout. "blob": all of a blob has come and is
 * what its digest says; "file", in the layout, has it until it is at its place in blobs/.
 * "progress": bytes done of a total. "done": the image has its name. Whoever reads may go away:
 * then so does the process, of SIGPIPE.
 */
#ifndef IMGUNPACK_REPORT_H
#define IMGUNPACK_REPORT_H

#include "lib/digest.h"

void report_manifest(const struct digest *d, int64_t size, const char *media_type);
void report_blob(const struct digest *d, int64_t size, const char *file);
void report_progress(int64_t done, int64_t total);
void report_done(const struct digest *d, const char *name);

#endif
