/* What compilers' run-time libraries know of the processor: static linkers find it in an archive that nobody can look up in. */
#include "check.h"

#if defined(__x86_64__)
#include <cpuid.h>
static unsigned feature_bits(void) {
    unsigned a, b, c, d;
    CHECK(__get_cpuid(1, &a, &b, &c, &d));
    return c;
}
static int asked(int i) {
    switch (i) {
    case 0: return __builtin_cpu_supports("sse4.2") != 0;
    case 1: return __builtin_cpu_supports("avx2") != 0;
    case 2: return __builtin_cpu_supports("avx512vnni") != 0;
    case 3: return __builtin_cpu_supports("x86-64-v3") != 0;
    case 4: return __builtin_cpu_is("intel") != 0;
    case 5: return __builtin_cpu_is("amd") != 0;
    case 6: return __builtin_cpu_supports("x86-64") != 0;
    default: return __builtin_cpu_supports("gfni") != 0;
    }
}
static void check(void) {
    __builtin_cpu_init();
    CHECK(asked(0) == (int)(feature_bits() >> 20 & 1));
}
#else
static int asked(int i) { return i & 1; }
static void check(void) {}
#endif

int main(void) {
    int seen = 0;
    check();
    for (int i = 0; i < 3000; ++i) seen |= asked(i % 8) << i % 8;
    printf("%d\n", seen);
    return 74;
}
