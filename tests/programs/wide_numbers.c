/* __int128, long double, _Complex and half precision: passed, returned, divided, converted, in memory and through pointers. */
#include "check.h"
#include <complex.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef __int128 wide;
typedef unsigned __int128 uwide;

static uwide step(uwide x, int i) { return x * 0x9e3779b97f4a7c15u + ((uwide)i << 64 | (unsigned)i); }
static wide divided(wide a, wide b) { return a / b + a % b; }
static uwide shifted(uwide x, int by) { return x << by | x >> (128 - by); }
static wide from_ninth(int a, int b, int c, int d, int e, wide f, wide g) { return a + b + c + d + e + f - g; }
static wide of_double(double d) { return (wide)d; }
static double to_double(uwide x) { return (double)x; }
static _Bool overflows(wide a, wide b, wide *result) { return __builtin_mul_overflow(a, b, result); }

static long double horner(long double x, int n) {
    long double sum = 0;
    for (int i = 0; i < n; ++i) sum = sum * x + 1.0L / (i + 1);
    return sum;
}
static long double many(long double a, double b, long double c, float d, long double e) { return a - b * c + d / e; }
static long double complex rotate(long double complex z) { return z * (0.6L + 0.8L * I); }
static float complex small(float complex z, double complex w) { return z * (float complex)w + conjf(z); }
static __fp16 half_in_memory;
static float half(float x) { half_in_memory = x; return half_in_memory * 2; }

static uint64_t bits(long double x) {
    unsigned char bytes[sizeof x] = {0};
    memcpy(bytes, &x, 10);
    uint64_t low, high = 0;
    memcpy(&low, bytes, 8);
    memcpy(&high, bytes + 8, 2);
    return low * 31 + high;
}
static void show(const char *what, uwide x) { printf("%s %016llx%016llx\n", what, (unsigned long long)(x >> 64), (unsigned long long)x); }

int main(void) {
    uwide x = 1, h = 0;
    wide signed_sum = 0, product;
    uint64_t numbers = 0;
    int overflowed = 0;
    long double complex z = 1;
    float complex s = 1;
    for (int i = 1; i < 2000; ++i) {
        x = step(x, i);
        h ^= shifted(x, i % 127 + 1);
        signed_sum += divided((wide)x, (wide)(x >> 70) - 30000) + from_ninth(1, 2, 3, 4, i, (wide)h, (wide)x);
        signed_sum += of_double(-1e30 / i) + (wide)to_double(x >> (i % 60));
        overflowed += overflows((wide)x, i % 7, &product);
        numbers = numbers * 7 + bits(horner(1.0L / i, i % 30)) + bits(many(i, .1, .3L, .5f, (long double)(wide)(x >> 90) + 1));
        z = rotate(z);
        s = small(s, .5 + .25 * I) / 2;
        numbers ^= (uint64_t)(half(i / 16.0f) * 64);
        CHECK(fabsl(cabsl(z) - 1) < 1e-15L);
    }
    show("h", h);
    show("sum", (uwide)signed_sum);
    printf("%016llx %d %.18Lf %.6f\n", (unsigned long long)numbers, overflowed, creall(z), crealf(s));
    return 64;
}
