/* See a.c. */
#include "pair.h"

static int counter = 500;
static const char *label = "b";

static int step(void) {
    static int calls = 10;
    return ++calls - ++counter;
}

int b_step(void) { return step(); }
const char *b_label(void) { return label; }
int b_shared(void) { return shared; }
int *b_shared_address(void) { return &shared; }

static int callback(int x) { return x + 1; }
int (*b_callback(void))(int) { return callback; }
