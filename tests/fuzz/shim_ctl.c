/* shim_ctl - control lines: however they are cut, the same commands come out. */
#include <string.h>

#include "shim/ctl.h"
#include "tests/fuzz/fuzz.h"

enum { COMMANDS_MAX = 4096 };

struct commands {
	struct ctl_command v[COMMANDS_MAX];
	size_t n;
};

static void feed(struct ctl_reader *r, const char *data, size_t len, struct commands *out)
{
	while (len) {
		struct ctl_command cmd;
		size_t n = ctl_read(r, data, len, &cmd);

		if (!n || n > len)
			abort();
		if (cmd.rows > CTL_SIZE_MAX || cmd.cols > CTL_SIZE_MAX)
			abort();
		if (cmd.verb != CTL_NONE && out->n < COMMANDS_MAX)
			out->v[out->n++] = cmd;
		data += n;
		len -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct commands whole, pieces;
	struct ctl_reader a = { 0 }, b = { 0 };
	const char *s = (const char *)data;

	whole.n = pieces.n = 0;
	feed(&a, s, len, &whole);
	for (size_t i = 0, n; i < len; i += n) {
		n = 1 + data[i] % 7;
		if (n > len - i)
			n = len - i;
		feed(&b, s + i, n, &pieces);
	}
	if (whole.n != pieces.n || memcmp(whole.v, pieces.v, whole.n * sizeof(whole.v[0])))
		abort();
	return 0;
}
