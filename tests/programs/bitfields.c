/* Unions, bit-fields, packed and over-aligned structures, flexible arrays. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct flags { unsigned a : 3, b : 7; int c : 5; unsigned long long d : 40; _Bool e : 1; };
struct __attribute__((packed)) packed { char c; int i; short s; };
struct aligned { _Alignas(64) char c; };
union number { float f; uint32_t u; unsigned char bytes[4]; };
struct flexible { int n; int values[]; };

static struct flags next(struct flags f, int i) {
    f.a += (unsigned)i;
    f.b ^= f.a;
    f.c = i % 31 - 15;
    f.d = f.d * 5 + 1;
    f.e = !f.e;
    return f;
}

static uint32_t bits(float f) { union number n = {.f = f}; return n.u; }

static int aligned(int i) { struct aligned a = {(char)i}; return ((uintptr_t)&a & 63) == 0 && a.c == (char)i; }

int main(void) {
    struct flags f = {1, 2, 3, 4, 1};
    uint32_t x = 0;
    int ok = 0;
    struct flexible *flexible = calloc(1, sizeof *flexible + 10 * sizeof(int));
    for (int i = 0; i < 1500; ++i) {
        f = next(f, i);
        x ^= bits((float)i / 3);
        ok += aligned(i);
        flexible->values[i % 10] += i;
    }
    printf("%u %u %d %llu %d %08x %d %zu %d\n", f.a, f.b, f.c, (unsigned long long)f.d, f.e, x, ok, sizeof(struct packed),
           flexible->values[7]);
    free(flexible);
    return 22;
}
