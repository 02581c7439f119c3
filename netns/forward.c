#include <fcntl.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/io.h"
#include "netns/netns.h"

/* Below networks/, hidden from those who list it. */
static const char marker[] = ".forwarding-was-off";

bool forward_was_off(void)
{
	return !faccessat(state_networks(), marker, F_OK, 0);
}

static const char *switch_of(int family)
{
	return family == AF_INET6 ? "/proc/sys/net/ipv6/conf/all/forwarding"
				  : "/proc/sys/net/ipv4/ip_forward";
}

bool forward_is_off(int family)
{
	_free_ char *now = file_read_line(AT_FDCWD, switch_of(family));

	return now && str_eq(now, "0");
}

/* Marker, guard, switch, in this order: killed in between, the host does not forward, and the next
 * one of us starts over. */
void forward_on(struct nft *nft, int family)
{
	const char *path = switch_of(family);
	int fd;

	if (!forward_is_off(family))
		return;
	fd = openat(state_networks(), marker, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		die("record that the host did not forward");
	close(fd);
	table_guard(nft);
	if (nft_commit(nft))
		die("guard the host's forwarding");
	if (file_poke(AT_FDCWD, path, "1\n"))
		die("turn on forwarding in '%s'", path);
}
