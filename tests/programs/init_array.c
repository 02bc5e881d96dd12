/* Functions that the system calls because their addresses are in sections, beside constructors in LLVM's list. */
#include <stdio.h>

typedef void start(int, char **, char **);
typedef void stop(void);

/* Volatile, so that no constructor is run by the compiler. */
static volatile int steps;
static char path[32];

#define START(id)                                                                                  \
    static void id(int argc, char **argv, char **envp) {                                           \
        path[steps++] = #id[0];                                                                    \
        if (argc < 1 || !argv[0] || !envp) path[steps++] = '!';                                    \
    }
#define STOP(id)                                                                                   \
    static void id(void) { puts(#id); }

START(first)
START(a_hundred)
START(two_hundred)
START(x_old)
START(y_old)
START(z_last)
STOP(end_early)
STOP(end_numbered)
STOP(end_late)

static start *const starts[] __attribute__((used, section(".init_array"), aligned(8))) = {x_old, y_old};
__attribute__((constructor)) static void listed(void) { path[steps++] = 'l'; }
__attribute__((constructor(150))) static void listed_early(void) { path[steps++] = 'e'; }
__attribute__((destructor)) static void listed_end(void) { puts("listed_end"); }
static start *const numbered __attribute__((used, section(".init_array.00100"))) = a_hundred;
static start *const later __attribute__((used, section(".init_array.200"))) = two_hundred;
static start *const before __attribute__((used, section(".preinit_array"))) = first;
start *const at_last __attribute__((section(".init_array"))) = z_last;
static stop *const stops[] __attribute__((used, section(".fini_array"), aligned(8))) = {end_late, end_early};
static stop *const numbered_stop __attribute__((used, section(".fini_array.7"))) = end_numbered;

int main(void) {
    long sum = 0;
    for (int i = 0; i < 2000; ++i)
        sum += at_last == z_last && starts[0] == x_old;
    printf("%s %ld\n", path, sum);
    return 83;
}
