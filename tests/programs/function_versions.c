/* Functions that the compiler makes for several processors, with resolvers of its own; symbols renamed in assembly; weakref. */
#include "check.h"

#if defined(__x86_64__)
#define VERSIONS __attribute__((target_clones("default", "avx2", "arch=x86-64-v3", "arch=x86-64-v4")))
__attribute__((target("default"))) int which(int x) { return x + (0 & x); }
__attribute__((target("sse4.2"))) int which(int x) { return x + (0 & x) + 0; }
#else
#define VERSIONS
int which(int x) { return x; }
#endif

VERSIONS int dot(const int *a, const int *b, int n) {
    int sum = 0;
    for (int i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}
VERSIONS static int scaled(int x) { return x * 3; }

static int (*const table[])(const int *, const int *, int) = {dot, dot};
static int renamed(int x) __asm__("a_name_of_assembly");
static int renamed(int x) { return x + 5; }
static int absent(int) __attribute__((weakref("function_that_is_absent")));

int main(void) {
    int (*const first)(const int *, const int *, int) = dot;
    int a[64], b[64];
    long sum = 0;
    for (int i = 0; i < 64; ++i) a[i] = i, b[i] = 2 * i;
    for (int i = 0; i < 3000; ++i) {
        CHECK(absent == NULL && first(a, b, i % 64) == dot(a, b, i % 64));
        sum += dot(a, b, i % 64) + table[i & 1](a, b, 3) + which(i) + scaled(i) + renamed(i);
    }
    printf("%ld\n", sum);
    return 85;
}
