/* args.h - names for containers that got none; private to args. */
#ifndef ENGINE_ARGS_H
#define ENGINE_ARGS_H

#include "lib/opt.h"

enum { NAME_MAX_BYTES = 64 };

/* An adjective and a tree, such as "quiet_alder". Ends the program when there is no randomness. */
void name_random(char name[NAME_MAX_BYTES]);

#endif
