/* Functions that tell the JIT how to treat them: annotations change when code is compiled, never what it does. */
#include "check.h"

#define SAYS(text) __attribute__((annotate("tjit:" text)))

SAYS("eager") static int eager(int x) { return x + 1; }
SAYS("never") __attribute__((noinline)) static int never(int x) { return x * 3; }
SAYS("pin;calls=5;loops=100") int pinned(int x) {
    int sum = 0;
    for (int i = 0; i < x; ++i) sum += never(i);
    return sum;
}
SAYS("calls=2") SAYS("pipeline=default<O1>") int quick(int x) { return eager(x) - 2; }

/* Of other tools, and with arguments, which are not for the JIT. */
__attribute__((annotate("other", 1, "two"))) int annotated_for_others(int x) { return x ^ 5; }
SAYS("eager") int variable = 4;
/* Nobody calls it, nothing refers to it but the annotation. */
SAYS("eager") static __attribute__((used)) int unused(void) { return 0; }

typedef int function(int);
SAYS("eager") __attribute__((weak)) function *const table[] = {eager, never, pinned, quick, annotated_for_others};

int main(void) {
    long sum = 0;
    for (int turn = 0; turn < 3000; ++turn)
        for (int i = 0; i < 5; ++i) sum += table[i](turn % 7 + variable);
    printf("%ld\n", sum);
    return table[0] == eager ? 143 : 1;
}
