/* Floating point whose last bit must be the same in every tier: no fused, reordered or approximated operation. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t bits(double d) { uint64_t u; memcpy(&u, &d, sizeof u); return u; }

static double horner(double x) { return ((0.1 * x + 0.7) * x - 1.3) * x + 0.3; }
static double dot(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}
static float single(float a, float b, float c) { return a * b - c; }
static int order(double a, double b) { return (a < b) | (a > b) << 1 | (a == b) << 2 | (a != b) << 3 | (isnan(a) != 0) << 4; }

int main(void) {
    double a[64], b[64];
    uint64_t h = 0;
    for (int i = 0; i < 64; ++i) { a[i] = 1.0 / (i + 3); b[i] = sqrt(i + 0.1); }
    for (int i = 0; i < 3000; ++i) {
        double x = i / 7.0;
        float f = single((float)x, 1.1f, (float)x * 1.1f);
        a[i % 64] += x * 1e-9;
        h = h * 1099511628211u ^ bits(horner(x)) ^ bits(dot(a, b, i % 64)) ^ bits(f);
        h += (uint64_t)order(x, i % 3 ? x : NAN) + (uint64_t)(int64_t)(x * -1.5) + (uint64_t)(i / 3 % -5);
    }
    printf("%016llx %a %a\n", (unsigned long long)h, horner(0.3), 1.0 / 0.0);
    return 26;
}
