/* shim_notify - any datagram to the sd_notify proxy: what is handed on is made of its own lines,
 * and names no process, descriptor or limit. */
#include <string.h>

#include "shim/monitor.h"
#include "tests/fuzz/fuzz.h"

static char text[4096];

static bool begins(const char *line, size_t len, const char *word)
{
	return len >= strlen(word) && !memcmp(line, word, strlen(word));
}

static void check_line(const char *line, size_t len)
{
	static const char *const never[] = { "MAINPID",	      "FDSTORE",	"FDNAME",
					     "WATCHDOG_USEC", "EXTEND_TIMEOUT", "BARRIER" };

	if (memchr(line, '\0', len) || !len)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (begins(line, len, never[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t kept, n;

	if (len > sizeof(text))
		return 0;
	memcpy(text, data, len);
	kept = notify_filter(text, len);
	if (kept > len)
		abort();
	for (size_t at = 0; at < kept; at += n + 1) {
		const char *newline = memchr(text + at, '\n', kept - at);

		n = newline ? (size_t)(newline - (text + at)) : kept - at;
		check_line(text + at, n);
	}
	/* Once filtered, all of it may pass. */
	if (notify_filter(text, kept) != kept)
		abort();
	return 0;
}
