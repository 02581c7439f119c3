/* request.h - making protobuf messages of syntax proto2, as criu's requests are: a field that is
 * required is written when it is 0, too, which lib/pb.h (proto3) leaves out.
 */
#ifndef RUNC_REQUEST_H
#define RUNC_REQUEST_H

#include "lib/base.h"
#include "lib/buf.h"

void request_add_u64(struct buf *b, unsigned int field, uint64_t value);
/* Nothing when S is NULL or "". */
void request_add_str(struct buf *b, unsigned int field, const char *s);
/* Nothing when it is false: that is what an absent one means. */
void request_add_bool(struct buf *b, unsigned int field, bool on);
void request_add_msg(struct buf *b, unsigned int field, const struct buf *msg);

#endif
