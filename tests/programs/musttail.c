/* Calls that must be tail calls: machines of functions that call each other a million times without growing the stack, also through
   tables, while these functions are replaced. */
#include "check.h"
#include <stdint.h>

struct machine { long steps, limit, acc; uintptr_t lowest; };

static void note(struct machine *m) {
    char here;
    uintptr_t at = (uintptr_t)&here;
    if (m->lowest == 0 || at < m->lowest) m->lowest = at;
}

static long even(struct machine *m, long n);
static long odd(struct machine *m, long n) {
    if (n == 0) return m->acc;
    m->acc = m->acc * 3 % 1000003;
    __attribute__((musttail)) return even(m, n - 1);
}
static long even(struct machine *m, long n) {
    if (n % 1000 == 0) note(m);
    if (n == 0) return -m->acc;
    m->acc += n;
    __attribute__((musttail)) return odd(m, n - 1);
}

typedef long state(struct machine *m, const unsigned char *code, long a, double weight);
static state add, twice, weigh, end;
static state *const table[4] = {add, twice, weigh, end};

static long add(struct machine *m, const unsigned char *code, long a, double weight) {
    ++m->steps;
    __attribute__((musttail)) return table[*code](m, code + 1, a + 7, weight);
}
static long twice(struct machine *m, const unsigned char *code, long a, double weight) {
    ++m->steps;
    __attribute__((musttail)) return table[*code](m, code + 1, a * 2 % 999983, weight);
}
static long weigh(struct machine *m, const unsigned char *code, long a, double weight) {
    ++m->steps;
    if (a % 64 == 0) note(m);
    __attribute__((musttail)) return table[*code](m, code + 1, a, weight * .5 + (double)a);
}
static long end(struct machine *m, const unsigned char *code, long a, double weight) {
    static const unsigned char program[] = {0, 1, 2, 1, 0, 0, 2, 3};
    if (m->steps >= m->limit) return a + (long)weight;
    __attribute__((musttail)) return table[*program](m, program + 1, a, weight);
    (void)code;
}

int main(void) {
    struct machine m = {0, 0, 1, 0};
    char here;
    long sum = even(&m, 1000000);
    for (int i = 0; i < 50; ++i) sum += even(&m, i);
    for (int i = 1; i <= 3; ++i) {
        m.steps = 0;
        m.limit = 400000;
        sum += end(&m, NULL, i, 0);
        CHECK(m.steps >= m.limit && m.steps < m.limit + 8);
    }
    CHECK((uintptr_t)&here - m.lowest < 16384);
    printf("%ld %ld\n", sum, m.acc);
    return 65;
}
