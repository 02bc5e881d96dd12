/* Two files with statics and static functions of the same names: each has its own. See b.c. */
#include <stdio.h>

#include "pair.h"

static int counter = 100;
static const char *label = "a";
int shared = 7;

static int step(void) {
    static int calls;
    return ++calls + ++counter;
}

int a_step(void) { return step(); }
const char *a_label(void) { return label; }

int main(void) {
    long a = 0, b = 0;
    for (int i = 0; i < 2500; ++i) {
        a += a_step();
        b += b_step();
        shared += i & 1;
    }
    printf("%s %ld %s %ld %d %d\n", a_label(), a, b_label(), b, b_shared(), &shared == b_shared_address());
    return a_callback() != b_callback() ? 31 : 1;
}

static int callback(int x) { return x + 1; }
int (*a_callback(void))(int) { return callback; }
