/* Structures returned and passed in registers, in memory, and mixed; long double and __int128. */
#include <complex.h>
#include <stdio.h>

struct two { long a, b; };
struct mixed { double d; int i; };
struct floats { float x, y, z; };
struct large { int v[20]; };
struct byte { char c; };

static struct two two(long a) { struct two t = {a, a + 1}; return t; }
static struct mixed mixed(struct mixed m, int i) { m.d += i; m.i += i; return m; }
static struct floats floats(struct floats f) { struct floats g = {f.y, f.z, f.x + 1}; return g; }
static struct large large(struct large l, int i) { l.v[i % 20] += i; return l; }
static struct byte byte(struct byte b) { ++b.c; return b; }
static long double extended(long double x) { return x / 3 + 1; }
static __int128 wide(__int128 a, unsigned __int128 b) { return a * 3 + (__int128)(b >> 64); }
static double complex turn(double complex z) { return z * I; }

int main(void) {
    struct two t = {0, 0};
    struct mixed m = {0, 0};
    struct floats f = {1, 2, 3};
    struct large l = {{0}};
    struct byte b = {0};
    long double e = 1;
    __int128 w = 1;
    double complex z = 1 + 2 * I;
    for (int i = 0; i < 1501; ++i) {
        t = two(t.b);
        m = mixed(m, i);
        f = floats(f);
        l = large(l, i);
        b = byte(b);
        e = extended(e);
        w = wide(w, (unsigned __int128)i << 65);
        z = turn(z);
    }
    printf("%ld %ld %.1f %d %.0f %.0f %.0f\n", t.a, t.b, m.d, m.i, f.x, f.y, f.z);
    printf("%d %d %d %.15Lf %llx%016llx %.0f %.0f\n", l.v[0], l.v[19], b.c, e, (unsigned long long)((unsigned __int128)w >> 64),
           (unsigned long long)w, creal(z), cimag(z));
    return 12;
}
