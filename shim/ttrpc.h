/* ttrpc.h - containerd's RPC over a Unix stream: frames, and the messages that travel in them.
 *
 * A frame is a header of ten bytes (length, stream, type, flags; big endian) and up to 4 MiB. The
 * other side may be hostile: a frame that is longer is skipped, and what of it is known is told.
 */
#ifndef SHIM_TTRPC_H
#define SHIM_TTRPC_H

#include "lib/pb.h"

enum { TTRPC_HEADER = 10, TTRPC_MAX = 4 << 20 };
enum { TTRPC_REQUEST = 1, TTRPC_RESPONSE = 2, TTRPC_DATA = 3 };

/* google.rpc.Code */
enum ttrpc_code {
	CODE_OK = 0,
	CODE_UNKNOWN = 2,
	CODE_INVALID = 3,
	CODE_NOT_FOUND = 5,
	CODE_EXISTS = 6,
	CODE_EXHAUSTED = 8,
	CODE_PRECONDITION = 9,
	CODE_UNIMPLEMENTED = 12,
	CODE_UNAVAILABLE = 14,
};

struct ttrpc_frame {
	uint32_t stream, len;
	uint8_t type, flags;
	bool too_long; /* it has no data */
	const char *data;
};

/* Bytes as they come; zeroed at first. */
struct ttrpc_reader {
	struct buf in;
	size_t used;   /* of in: frames already taken */
	uint32_t skip; /* of a frame that is too long: bytes to come */
};

/* What one read(2) of FD has; returns as read does. */
ssize_t ttrpc_fill(struct ttrpc_reader *r, int fd);
/* The next whole frame; its data last until the next call. False: more is needed. */
bool ttrpc_next(struct ttrpc_reader *r, struct ttrpc_frame *f);
void ttrpc_reader_free(struct ttrpc_reader *r);

/* Append a frame to OUT. */
void ttrpc_put(struct buf *out, uint32_t stream, uint8_t type, const void *data, size_t len);

struct ttrpc_pair {
	char *key, *value;
};

struct ttrpc_request {
	char *service, *method;
	struct pb_bytes payload;
	int64_t timeout_ns;
	struct pb_list metadata; /* struct ttrpc_pair */
};

struct ttrpc_status {
	int32_t code;
	char *message;
};

struct ttrpc_response {
	struct ttrpc_status status;
	struct pb_bytes payload;
};

extern const struct pb_schema ttrpc_request, ttrpc_response;

#endif
