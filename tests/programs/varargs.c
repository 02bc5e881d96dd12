/* Variable arguments of every register class, more than fit in registers, and forwarded lists. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct pair { int a; double b; };
struct big { char text[40]; };

static double sum(const char *kinds, ...) {
    va_list args;
    double total = 0;
    va_start(args, kinds);
    for (; *kinds; ++kinds) {
        switch (*kinds) {
        case 'i': total += va_arg(args, int); break;
        case 'l': total += (double)va_arg(args, long long); break;
        case 'd': total += va_arg(args, double); break;
        case 'L': total += (double)va_arg(args, long double); break;
        case 'p': { struct pair p = va_arg(args, struct pair); total += p.a + p.b; break; }
        case 'b': total += (double)strlen(va_arg(args, struct big).text); break;
        }
    }
    va_end(args);
    return total;
}

static int forward(char *out, size_t size, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int first = vsnprintf(out, size, format, args);
    int second = vsnprintf(out, size, format, again);
    va_end(again);
    return first == second ? first : -1;
}

static int format(char *out, size_t size, const char *text, ...) {
    va_list args;
    va_start(args, text);
    int n = forward(out, size, text, args);
    va_end(args);
    return n;
}

int main(void) {
    struct pair p = {1, 0.5};
    struct big b = {"twelve chars"};
    double total = 0;
    char text[64];
    int length = 0;
    for (int i = 0; i < 1500; ++i) {
        total += sum("iiiiiiiidddddddddd", 1, 2, 3, 4, 5, 6, 7, i, .5, .5, .5, .5, .5, .5, .5, .5, .5, .25);
        total += sum("pLbl", p, 2.5L, b, 1000000000000LL);
        length += format(text, sizeof text, "%d %s %.2f %c", i, "x", i / 4.0, 'c');
    }
    printf("%.2f %d %s\n", total, length, text);
    return 10;
}
