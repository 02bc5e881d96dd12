/* Vectors of 128, 256 and 512 bits in arguments and results, whole also when the call is the first one of the function; what the
   processor does not have is left out. */
#include "check.h"
#include <string.h>

typedef float v4 __attribute__((vector_size(16)));
typedef long l2 __attribute__((vector_size(16)));

static v4 madd(v4 a, v4 b, v4 c) { return a * b + c; }
static l2 mixed(int n, l2 a, double d, l2 b) { return a * n + b + (long)d; }

static float narrow(int i) {
    v4 x = {1, 2, 3, (float)i};
    l2 l = mixed(i, (l2){i, 1}, 2.5, (l2){3, i});
    x = madd(x, x, (v4){(float)l[0], (float)l[1], 0, 1});
    return x[0] + x[1] + x[2] + x[3];
}

#if defined(__x86_64__)
typedef double v8 __attribute__((vector_size(32)));
typedef int w16 __attribute__((vector_size(64)));
typedef unsigned char mask64 __attribute__((vector_size(64)));

#define AVX __attribute__((target("avx"), noinline))
#define AVX512 __attribute__((target("avx512f,avx512bw"), noinline))

/* One function for each first call: eight registers, and more that go through memory. */
AVX static v8 sum8(v8 a, v8 b, v8 c, v8 d, v8 e, v8 f, v8 g, v8 h, v8 i, v8 j) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}
AVX static v8 second(v8 a, int n, v8 b) { return n ? a : b; }
AVX static v8 third(int n, ...) {
    __builtin_va_list list;
    __builtin_va_start(list, n);
    v8 sum = {0};
    for (; n; --n) sum += __builtin_va_arg(list, v8);
    __builtin_va_end(list);
    return sum;
}
AVX static double wide(int i) {
    double total = 0;
    v8 (*volatile pointer)(v8, int, v8) = second;
    v8 x = {i, i + 1, i + 2, i + 3}, y = x * 2;
    v8 sum = sum8(x, y, x, y, x, y, x, y, x, y) + pointer(x, i & 1, y) + third(3, x, y, x);
    for (int k = 0; k < 4; ++k) {
        CHECK(sum[k] == (25 + 60) * (double)(i + k) + (i & 1 ? 1 : 2) * (i + k) + 4 * (i + k));
        total += sum[k];
    }
    return total;
}

AVX512 static w16 add16(w16 a, w16 b, w16 c, w16 d, w16 e, w16 f, w16 g, w16 h, w16 i) { return a + b * 2 + c + d + e + f + g + h * 3 + i; }
AVX512 static w16 keep16(w16 a, mask64 bytes, int n) { return bytes[63] == n ? a : -a; }
AVX512 static int widest(int i) {
    w16 x, all;
    mask64 bytes;
    for (int k = 0; k < 16; ++k) x[k] = i * 16 + k;
    memset(&bytes, i & 255, sizeof bytes);
    all = keep16(add16(x, x, x, x, x, x, x, x, x), bytes, i & 255);
    int sum = 0;
    for (int k = 0; k < 16; ++k) {
        CHECK(all[k] == 12 * (i * 16 + k));
        sum += all[k] & 15;
    }
    return sum;
}
static int has_avx(void) { return __builtin_cpu_supports("avx"); }
static int has_avx512(void) { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); }
#else
static double wide(int i) { return i; }
static int widest(int i) { return i; }
static int has_avx(void) { return 0; }
static int has_avx512(void) { return 0; }
#endif

int main(void) {
    double sum = 0;
    for (int i = 0; i < 2000; ++i) {
        sum += narrow(i % 100);
        if (has_avx()) sum += wide(i);
        if (has_avx512()) sum += widest(i);
    }
    printf("%.1f\n", sum);
    return 66;
}
