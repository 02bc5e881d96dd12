/* Lists of variable arguments that are passed on, copied and walked at two places, of structures, wide and short types, and calls
   through pointers to such functions. */
#include "check.h"
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

struct small { char c; };
struct floats { float a, b; };
struct mixed { double d; long l; };
struct three { long a, b, c; };
struct long_one { long double x; };
union either { int i; double d; };

struct totals { long double sum; int count; };

static void take_one(char kind, va_list *list, struct totals *totals) {
    long double x = 0;
    switch (kind) {
    case 'c': x = (char)va_arg(*list, int); break;
    case 'i': x = va_arg(*list, int); break;
    case 'q': x = (long double)va_arg(*list, __int128); break;
    case 'd': x = va_arg(*list, double); break;
    case 'L': x = va_arg(*list, long double); break;
    case 's': x = va_arg(*list, struct small).c; break;
    case 'f': { struct floats f = va_arg(*list, struct floats); x = f.a - f.b; break; }
    case 'm': { struct mixed m = va_arg(*list, struct mixed); x = m.d + m.l; break; }
    case 't': { struct three t = va_arg(*list, struct three); x = t.a + t.b * 2 + t.c * 3; break; }
    case 'l': x = va_arg(*list, struct long_one).x; break;
    case 'u': x = va_arg(*list, union either).d; break;
    case 'p': x = *va_arg(*list, int *); break;
    case 'w': x = (long double)wcslen(va_arg(*list, const wchar_t *)); break;
    default: CHECK(!"kind");
    }
    totals->sum = totals->sum * 3 + x;
    ++totals->count;
}

static struct totals with_list(const char *kinds, va_list list) {
    struct totals once = {0, 0}, twice = {0, 0};
    va_list copy, half;
    va_copy(copy, list);
    for (const char *k = kinds; *k; ++k) {
        if (k == kinds + 3) {
            va_copy(half, copy);
            take_one(*k, &half, &(struct totals){0, 0});
            va_end(half);
        }
        take_one(*k, &copy, &once);
    }
    va_end(copy);
    for (const char *k = kinds; *k; ++k) take_one(*k, (va_list *)list, &twice);
    CHECK(once.sum == twice.sum && once.count == twice.count);
    return twice;
}

static struct totals __attribute__((noinline)) all(const char *kinds, ...) {
    va_list list;
    va_start(list, kinds);
    struct totals totals = with_list(kinds, list);
    va_end(list);
    return totals;
}
static double many_fixed(int a, double b, long double c, struct three d, int e, int f, int g, int h, ...) {
    va_list list;
    va_start(list, h);
    double x = va_arg(list, double) + va_arg(list, int);
    va_end(list);
    return a + b + (double)c + d.c + e + f + g + h + x;
}
static struct totals (*const pointers[2])(const char *, ...) = {all, all};

int main(void) {
    long double sum = 0;
    int counted = 0;
    double (*volatile fixed)(int, double, long double, struct three, int, int, int, int, ...) = many_fixed;
    for (int i = 0; i < 1200; ++i) {
        struct three t = {i, i + 1, i + 2};
        union either u = {.d = i * .5};
        struct totals x = pointers[i & 1]("ciqdLsfmtlupwdi", (char)i, INT_MIN, (__int128)i << 70, .5, 1.25L, (struct small){'x'},
                                          (struct floats){i, 1}, (struct mixed){.25, i}, t, (struct long_one){2.5L}, u, &i, L"wide", 1.5, i);
        struct totals y = all("dddddddddiiiiiiim", 1., 2., 3., 4., 5., 6., 7., 8., 9., 1, 2, 3, 4, 5, 6, i, (struct mixed){1, 2});
        sum = sum / 2 + x.sum + y.sum + fixed(1, 2, 3, t, 4, 5, 6, 7, .5, i);
        counted += x.count + y.count;
    }
    printf("%.6Lf %d\n", sum, counted);
    return 62;
}
