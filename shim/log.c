/* log.c - counting what a log could not take, and saying so. */
#include <inttypes.h>

#include "shim/log.h"

void log_lose(struct log *log, uint64_t records, uint64_t bytes, int reason)
{
	log->lost_records += records;
	log->lost_bytes += bytes;
	log->lost_errno = reason;
}

bool log_note(const struct log *log, char note[LOG_NOTE_MAX], struct record *rec)
{
	uint64_t records = log->lost_records - log->told_records;
	int n;

	if (!records)
		return false;
	n = snprintf(note, LOG_NOTE_MAX, "shim: %" PRIu64 " records (%" PRIu64 " bytes) lost: %s",
		     records, log->lost_bytes - log->told_bytes, strerror(log->lost_errno));
	*rec = (struct record){ .text = note, .len = (size_t)n, .stream = STREAM_ERR };
	return true;
}

void log_told(struct log *log, uint64_t records, uint64_t bytes)
{
	log->told_records = records;
	log->told_bytes = bytes;
}
