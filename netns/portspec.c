#include <netinet/in.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "netns/netns.h"

static const struct {
	const char *name;
	int number;
} protocols[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP } };

int protocol_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		if (str_eq(name, protocols[i].name))
			return protocols[i].number;
	}
	return -1;
}

void ports_free(struct ports *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].hostIP);
		free(p->v[i].protocol);
	}
	free(p->v);
	*p = (struct ports){ 0 };
}

static int refuse(char why[WHY_MAX], const char *reason)
{
	snprintf(why, WHY_MAX, "%s", reason);
	return set_errno(EINVAL);
}

/* "80" or "80-90" into *FIRST and *LAST. */
static int parse_range(const char *s, uint32_t *first, uint32_t *last, char why[WHY_MAX])
{
	_free_ char *copy = xstrdup(s);
	char *dash = strchr(copy, '-');
	uint64_t a, b;

	if (dash)
		*dash = '\0';
	if (num_u64(copy, 65535, &a) || !a)
		return refuse(why, "a port is a number from 1 to 65535");
	b = a;
	if (dash && (num_u64(dash + 1, 65535, &b) || !b))
		return refuse(why, "a port is a number from 1 to 65535");
	if (b < a)
		return refuse(why, "the range ends before it starts");
	*first = a;
	*last = b;
	return 0;
}

/* Cut "/PROTOCOL" off S. */
static int parse_protocol(char *s, struct portspec *spec, char why[WHY_MAX])
{
	char *slash = strchr(s, '/');

	snprintf(spec->protocol, sizeof(spec->protocol), "tcp");
	if (!slash)
		return 0;
	*slash = '\0';
	for (char *c = slash + 1; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	}
	if (protocol_number(slash + 1) < 0)
		return refuse(why, "the protocol must be tcp, udp or sctp");
	snprintf(spec->protocol, sizeof(spec->protocol), "%s", slash + 1);
	return 0;
}

/* The host's address: "1.2.3.4", "[fd00::1]", or "" for any. */
static int parse_ip(char *s, struct portspec *spec, char why[WHY_MAX])
{
	size_t len = strlen(s);
	bool brackets = s[0] == '[' && len > 1 && s[len - 1] == ']';

	if (!len)
		return 0;
	if (brackets) {
		s[len - 1] = '\0';
		s++;
	}
	if (strchr(s, '/') || addr_parse(s, &spec->host_ip) ||
	    (spec->host_ip.family == AF_INET6) != brackets)
		return refuse(why, "the host's address must be IPv4, or IPv6 in brackets");
	return 0;
}

/* A range on both sides goes port by port; a range of the host alone offers its ports for the one.
 */
static int check_lengths(const struct portspec *spec, char why[WHY_MAX])
{
	uint32_t inside = spec->last - spec->first, outside = spec->host_last - spec->host_first;

	if (spec->host_first && inside && inside != outside)
		return refuse(why, "the two ranges differ in length");
	return 0;
}

int portspec_parse(const char *s, struct portspec *spec, char why[WHY_MAX])
{
	_free_ char *copy = xstrdup(s);
	char *container = copy, *host = NULL, *colon;

	*spec = (struct portspec){ 0 };
	if (parse_protocol(copy, spec, why))
		return -1;
	colon = strrchr(copy, ':');
	if (colon) {
		*colon = '\0';
		container = colon + 1;
		host = copy;
	}
	if (parse_range(container, &spec->first, &spec->last, why))
		return -1;
	if (!host)
		return 0;
	colon = strrchr(host, ':');
	if (colon) {
		*colon = '\0';
		if (parse_ip(host, spec, why))
			return -1;
		host = colon + 1;
	}
	if (*host && parse_range(host, &spec->host_first, &spec->host_last, why))
		return -1;
	return check_lengths(spec, why);
}
