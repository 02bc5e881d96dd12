/* A program that registers things in sections and walks them by the linker's bounds. */
#include <stdint.h>
#include <stdio.h>

struct command {
    const char *name;
    int (*run)(int);
    int weight;
};

#define COMMAND(id, w)                                                                             \
    static int run_##id(int x) { return x + w; }                                                   \
    static const struct command command_##id                                                       \
        __attribute__((used, section("commands"), aligned(8))) = {#id, run_##id, w}

COMMAND(one, 1);
COMMAND(two, 20);
int counters_a __attribute__((section("counters"))) = 5;
COMMAND(three, 300);
int counters_b __attribute__((section("counters"))) = 6;
static char mixed_char __attribute__((used, section("mixed"))) = 1;
static long mixed_long __attribute__((used, section("mixed"))) = 2;
static short mixed_short __attribute__((used, section("mixed"))) = 3;

extern const struct command __start_commands[], __stop_commands[];
extern int __start_counters[], __stop_counters[];
extern char __start_mixed[], __stop_mixed[];
extern char __start_nothing[] __attribute__((weak)), __stop_nothing[] __attribute__((weak));

/* Bounds in the value of a variable. */
static const struct {
    int *start, *stop;
} range = {__start_counters, __stop_counters};

static long walk(int x) {
    long sum = 0;
    for (const struct command *c = __start_commands; c < __stop_commands; ++c)
        sum += c->run(x) * c->weight;
    for (int *p = range.start; p < range.stop; ++p)
        sum += ++*p;
    return sum;
}

int main(void) {
    long sum = 0;
    for (int i = 0; i < 2000; ++i)
        sum += walk(i) + counters_a;
    for (const struct command *c = __start_commands; c < __stop_commands; ++c)
        printf("%s %d\n", c->name, c->run(0));
    printf("%ld %d %d\n", sum, counters_a, counters_b);
    printf("%td %td %td\n", __stop_commands - __start_commands, __stop_counters - __start_counters,
           __stop_mixed - __start_mixed);
    printf("%d %d\n", (char *)&mixed_long - __start_mixed == 8, (char *)&mixed_short - __start_mixed == 16);
    int *volatile first = &counters_a;
    printf("%d %d\n", first == __start_counters, (uintptr_t)&mixed_long % sizeof(long) == 0);
    printf("%d %d\n", mixed_char, __start_nothing == __stop_nothing && !__start_nothing);
    return 81;
}
