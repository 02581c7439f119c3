/* ttrpc - bytes of a connection, in pieces of any size: frames come out whole and in order, the
 * same ones however the bytes arrived, and no message in them harms whoever decodes it.
 *
 * Input: the first byte is how many bytes arrive at once.
 */
#include <string.h>
#include <sys/socket.h>

#include "shim/ttrpc.h"
#include "shim/v2_proto.h"
#include "tests/fuzz/fuzz.h"

static const struct pb_schema *const messages[] = {
	&pb_create, &pb_exec,	      &pb_checkpoint,	      &pb_update,	    &pb_kill,
	&pb_resize, &pb_close_io,     &pb_shutdown,	      &pb_process,	    &pb_any,
	&pb_state,  &pb_runc_options, &pb_checkpoint_options, &pb_bootstrap_params,
};

static uint64_t mix(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 1099511628211u;
	return sum;
}

/* What was decoded is encoded and decoded again: the same bytes. */
static void try_message(const struct pb_schema *s, const void *data, size_t len)
{
	_buf_ struct buf once = { 0 }, twice = { 0 };
	char msg[1024] = { 0 };

	if (s->size > sizeof(msg))
		abort();
	if (pb_decode(s, data, len, msg) == 0)
		pb_encode(s, msg, &once);
	pb_free(s, msg);
	if (!once.len)
		return;
	if (pb_decode(s, once.data, once.len, msg) < 0)
		abort();
	pb_encode(s, msg, &twice);
	pb_free(s, msg);
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
}

static void take(const struct ttrpc_frame *f)
{
	struct ttrpc_request r = { .service = NULL };
	struct ttrpc_response a = { .payload = { NULL, 0 } };

	if (pb_decode(&ttrpc_request, f->data, f->len, &r) == 0)
		for (size_t i = 0; i < ARRAY_LEN(messages); i++)
			try_message(messages[i], r.payload.data, r.payload.len);
	pb_free(&ttrpc_request, &r);
	(void)!pb_decode(&ttrpc_response, f->data, f->len, &a);
	pb_free(&ttrpc_response, &a);
}

/* A sum over all frames. */
static uint64_t read_all(const uint8_t *data, size_t len, size_t piece, bool look)
{
	struct ttrpc_reader r = { .used = 0 };
	struct ttrpc_frame f;
	uint64_t sum = 0;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		if (write(ends[0], data + at, n) != (ssize_t)n ||
		    ttrpc_fill(&r, ends[1]) != (ssize_t)n)
			abort();
		while (ttrpc_next(&r, &f)) {
			if (f.too_long == (f.len <= TTRPC_MAX))
				abort();
			sum = mix(sum, &f.stream, sizeof(f.stream));
			if (f.too_long)
				continue;
			sum = mix(sum, f.data, f.len);
			if (look)
				take(&f);
		}
	}
	ttrpc_reader_free(&r);
	close(ends[0]);
	close(ends[1]);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t piece = len ? data[0] % 64 + 1u : 1;

	if (len < 2)
		return 0;
	if (read_all(data + 1, len - 1, piece, true) != read_all(data + 1, len - 1, 8192, false))
		abort();
	return 0;
}
