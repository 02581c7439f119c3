#include <string.h>

#include "cgctl/unit_bus_private.h"
#include "lib/mem.h"
#include "lib/num.h"

/* One value of a basic type, from its text. */
static int append_basic(sd_bus_message *m, char type, const char *text)
{
	const char sig[] = { type, '\0' };
	int64_t number = 0;
	uint64_t natural = 0;

	if (strchr("sog", type))
		return sd_bus_message_append(m, sig, text);
	if (type == 'b')
		return sd_bus_message_append(m, sig, (int)str_eq(text, "true"));
	if (*text == '-' ? num_i64(text, INT64_MIN, 0, &number) < 0
			 : num_u64(text, UINT64_MAX, &natural) < 0)
		return -errno;
	if (*text == '-')
		natural = (uint64_t)number;
	/* All that is narrower is passed as an int. */
	if (strchr("xt", type))
		return sd_bus_message_append(m, sig, natural);
	return sd_bus_message_append(m, sig, (int)natural);
}

/* "a(ss)" takes two texts an element, "as" one. */
static int append_array(sd_bus_message *m, const struct unit_prop *p)
{
	bool pairs = p->sig[1] == '(';
	_free_ char *element = pairs ? xmemdup0(p->sig + 2, strlen(p->sig) - 3) : NULL;
	int r = sd_bus_message_open_container(m, 'a', p->sig + 1);

	for (size_t i = 0; i < p->v.n && r >= 0; i++) {
		if (!pairs) {
			r = append_basic(m, p->sig[1], p->v.v[i]);
			continue;
		}
		if (i % 2 == 0)
			r = sd_bus_message_open_container(m, 'r', element);
		if (r >= 0)
			r = append_basic(m, element[i % 2], p->v.v[i]);
		if (i % 2 && r >= 0)
			r = sd_bus_message_close_container(m);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_prop(sd_bus_message *m, const struct unit_prop *p)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', p->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', p->sig);
	if (r >= 0)
		r = *p->sig == 'a' ? append_array(m, p) : append_basic(m, *p->sig, p->v.v[0]);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int unit_bus_append(sd_bus_message *m, const struct unit_props *props)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	for (size_t i = 0; i < props->n && r >= 0; i++)
		r = append_prop(m, &props->v[i]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}
