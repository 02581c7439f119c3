/* format.h - the two ways a log record is written.
 *
 * json   Docker's json-file, byte for byte: {"log":"...\n","stream":"stdout","time":"..."}
 * k8s    the CRI's: TIME stdout F|P TEXT
 *
 * Each writes at most FORMAT_MAX bytes to out, ends in a newline and returns the length.
 */
#ifndef SHIM_FORMAT_H
#define SHIM_FORMAT_H

#include "lib/buf.h"
#include "shim/record.h"

enum { FORMAT_MAX = 6 * LOG_LINE_MAX + 128 }; /* a NUL becomes \u0000 */

size_t format_json(char *out, const struct record *rec, const struct stamp *st);
size_t format_k8s(char *out, const struct record *rec, const struct stamp *st);

/* Put attrs, members of the object with a comma behind them, into the json record of len bytes in
 * out. Returns the new length. */
size_t format_json_attrs(char *out, size_t len, const struct stamp *st, const struct buf *attrs);

/* len bytes as the inside of a JSON string, escaped as Go's encoder does it. At most 6 * len. */
size_t format_json_text(char *out, const char *text, size_t len);

#endif
