/* ctl.c - parsing the control fifo. */
#include <string.h>

#include "lib/num.h"
#include "lib/str.h"
#include "shim/ctl.h"

static const struct ctl_word {
	const char *word;
	int n_numbers;
	enum ctl_verb verb;
} words[] = {
	{ "resize", 2, CTL_RESIZE }, { "1", 2, CTL_RESIZE }, { "reopen", 0, CTL_REOPEN },
	{ "2", 2, CTL_REOPEN },	     { "eof", 0, CTL_EOF },
};

/* Split at single or repeated blanks, in place. Returns the count, or max + 1 if there are more. */
static int split(char *line, char *words_out[], int max)
{
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " \t\r", &save); w; w = strtok_r(NULL, " \t\r", &save)) {
		if (n == max)
			return max + 1;
		words_out[n++] = w;
	}
	return n;
}

static void parse(char *line, struct ctl_command *cmd)
{
	uint64_t numbers[2] = { 0, 0 };
	char *part[3];
	int n = split(line, part, 3);

	for (size_t i = 0; n > 0 && i < ARRAY_LEN(words); i++) {
		if (!str_eq(words[i].word, part[0]) || n - 1 != words[i].n_numbers)
			continue;
		for (int k = 0; k < n - 1; k++)
			if (num_u64(part[k + 1], CTL_SIZE_MAX, &numbers[k]) < 0)
				return;
		*cmd = (struct ctl_command){ words[i].verb, (unsigned)numbers[0],
					     (unsigned)numbers[1] };
		return;
	}
}

size_t ctl_read(struct ctl_reader *r, const char *data, size_t len, struct ctl_command *cmd)
{
	const char *newline = memchr(data, '\n', len);
	size_t n = newline ? (size_t)(newline - data) : len;

	*cmd = (struct ctl_command){ 0 };
	if (r->len + n >= sizeof(r->line))
		r->skipping = 1;
	if (!r->skipping) {
		memcpy(r->line + r->len, data, n);
		r->len += n;
	}
	if (!newline)
		return n;
	r->line[r->len] = '\0';
	if (!r->skipping && !memchr(r->line, '\0', r->len))
		parse(r->line, cmd);
	r->len = 0;
	r->skipping = 0;
	return n + 1;
}
