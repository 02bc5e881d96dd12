/* Two names for one function and for one variable: one address, and a store through one name is seen through the other. */
#include <stdio.h>

int thrice(int x) { return 3 * x; }
int also_thrice(int) __attribute__((alias("thrice")));
extern int maybe(int) __attribute__((weak, alias("thrice")));

static int variable = 7;
extern int other_name __attribute__((alias("variable"), visibility("hidden")));

static int both(int i) {
    variable = i;
    other_name += 1;
    return variable;
}

static int call(int (*function)(int), int x) { return function == thrice ? function(x) : -1; }

int main(void) {
    long sum = 0;
    for (int i = 0; i < 2000; ++i) sum += call(also_thrice, i) + maybe(1) + both(i);
    printf("%ld %d %d %d\n", sum, variable, thrice == also_thrice, &variable == &other_name);
    return 37;
}
