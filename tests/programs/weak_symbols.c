/* Weak definitions, weak references that nobody satisfies, aliases. */
#include <stdio.h>

extern int nowhere(int) __attribute__((weak));
extern int no_variable __attribute__((weak));
__attribute__((weak)) int chosen = 5;
__attribute__((weak)) int twice(int x) { return 2 * x; }

int thrice(int x) { return 3 * x; }
int also_thrice(int) __attribute__((alias("thrice")));
extern int maybe(int) __attribute__((weak, alias("thrice")));

static int variable = 7;
extern int other_name __attribute__((alias("variable"), visibility("hidden")));

static int call_if_there(int (*function)(int), int x) { return function ? function(x) : -1; }

int main(void) {
    long sum = 0;
    for (int i = 0; i < 2000; ++i) {
        sum += call_if_there(nowhere, i) + call_if_there(twice, i) + call_if_there(also_thrice, i) + maybe(1);
        ++other_name;
    }
    printf("%ld %d %d %d %d\n", sum, chosen, variable, &no_variable == NULL, thrice == also_thrice);
    return 33;
}
