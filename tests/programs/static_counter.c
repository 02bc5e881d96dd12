/* Counters in static storage that outlive every version of the functions that hold them. */
#include <stdio.h>

static long total;

static int next(void) {
    static int n;
    return ++n;
}

static int *slot(int i) {
    static int slots[8];
    return &slots[i & 7];
}

int main(void) {
    int *before = slot(3);
    for (int i = 0; i < 5000; ++i) {
        total += next();
        ++*slot(i);
    }
    printf("next %d total %ld slot %d same %d\n", next(), total, *slot(3), slot(3) == before);
    return next() == 5002 ? 2 : 1;
}
