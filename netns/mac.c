#include <string.h>
#include <sys/random.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "netns/netns.h"

/* Unicast, locally administered: with a MAC of its own each time, a recycled address is noticed. */
void mac_random(uint8_t mac[NL_MAC_BYTES])
{
	if (getrandom(mac, NL_MAC_BYTES, 0) != NL_MAC_BYTES)
		die("get random bytes");
	mac[0] = (mac[0] & 0xfc) | 0x02;
}

void mac_parse(const char *text, uint8_t mac[NL_MAC_BYTES])
{
	unsigned m[NL_MAC_BYTES];
	char end;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5],
		   &end) != NL_MAC_BYTES)
		diex("not a MAC address: '%s'", text);
	for (int i = 0; i < NL_MAC_BYTES; i++)
		mac[i] = m[i];
	if (mac[0] & 1)
		diex("a multicast MAC address: '%s'", text);
}

char *mac_text(const uint8_t m[NL_MAC_BYTES])
{
	return xasprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* Never used twice: the kernel may still be busy removing the one before. */
char *random_link_name(void)
{
	uint32_t n;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		die("get random bytes");
	return xasprintf("veth%08x", n);
}
