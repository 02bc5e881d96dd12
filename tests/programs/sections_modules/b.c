/* See a.c. */
#include "registry.h"

int log_count;

static int first(int x) { return x + 1; }
static int second(int x) { return x + ++log_count; }
REGISTER(first);
REGISTER(second);

entry *const *b_stop(void) { return __stop_registry; }
