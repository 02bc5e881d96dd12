/* Weak definitions, and weak references that nobody satisfies. */
#include <stdio.h>

extern int nowhere(int) __attribute__((weak));
extern int no_variable __attribute__((weak));
__attribute__((weak)) int chosen = 5;
__attribute__((weak)) int twice(int x) { return 2 * x; }

static int call_if_there(int (*function)(int), int x) { return function ? function(x) : -1; }

int main(void) {
    long sum = 0;
    for (int i = 0; i < 2000; ++i) {
        sum += call_if_there(nowhere, i) + call_if_there(twice, i);
        chosen += i & 1;
    }
    printf("%ld %d %d\n", sum, chosen, &no_variable == NULL);
    return 33;
}
