#include <curl/curl.h>
#include <string.h>
#include <time.h>

#include "imgunpack/http.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"

enum { RETRY_AFTER_MAX_S = 86400 };

static char *url_part(CURLU *u, CURLUPart part, unsigned int flags)
{
	char *curl_owned = NULL, *copy;

	if (curl_url_get(u, part, &curl_owned, flags) != CURLUE_OK)
		return NULL;
	copy = xstrdup(curl_owned);
	curl_free(curl_owned);
	return copy;
}

char *http_resolve(const char *base, const char *location)
{
	CURLU *u = curl_url();
	char *url = NULL;

	if (curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
		_free_ char *scheme = url_part(u, CURLUPART_SCHEME, 0);

		if (scheme && (str_eq(scheme, "http") || str_eq(scheme, "https")))
			url = url_part(u, CURLUPART_URL, 0);
	}
	curl_url_cleanup(u);
	return url;
}

static char *origin(const char *url)
{
	CURLU *u = curl_url();
	char *text = NULL;

	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
		_free_ char *scheme = url_part(u, CURLUPART_SCHEME, 0);
		_free_ char *host = url_part(u, CURLUPART_HOST, 0);
		_free_ char *port = url_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);

		text = xasprintf("%s://%s:%s", scheme ? scheme : "", host ? host : "",
				 port ? port : "");
	}
	curl_url_cleanup(u);
	return text;
}

bool http_same_origin(const char *url_a, const char *url_b)
{
	_free_ char *a = origin(url_a);
	_free_ char *b = origin(url_b);

	return a && b && !strcasecmp(a, b);
}

char *http_escape(const char *s)
{
	char *curl_owned = curl_easy_escape(NULL, s, 0), *copy;

	if (!curl_owned)
		diex("out of memory for a transfer");
	copy = xstrdup(curl_owned);
	curl_free(curl_owned);
	return copy;
}

int64_t http_retry_after_ms(const struct http_request *r)
{
	const char *value = http_header(r, "retry-after");
	uint64_t seconds;
	time_t when, now;

	if (!value)
		return -1;
	if (!num_u64(value, RETRY_AFTER_MAX_S, &seconds))
		return (int64_t)seconds * 1000;
	when = curl_getdate(value, NULL);
	now = time(NULL);
	if (when < 0)
		return -1;
	if (when > now + RETRY_AFTER_MAX_S)
		when = now + RETRY_AFTER_MAX_S;
	return when < now ? 0 : (int64_t)(when - now) * 1000;
}
