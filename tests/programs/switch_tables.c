/* Dense and sparse switches, fall-through, ranges and strings chosen by tables. */
#include <stdio.h>

static int dense(int i) {
    switch (i % 12) {
    case 0: return 5;
    case 1: return 9;
    case 2: return 2;
    case 3:
    case 4: return 7;
    case 5: i += 100; /* fall through */
    case 6: return i;
    case 7: return -i;
    case 8 ... 10: return 88;
    default: return 1;
    }
}

static int sparse(long key) {
    switch (key) {
    case 3: return 1;
    case 1000: return 2;
    case -70000: return 3;
    case 123456789012L: return 4;
    case 42: return 5;
    default: return 0;
    }
}

static const char *name(unsigned i) {
    switch (i & 7) {
    case 0: return "zero";
    case 1: return "one";
    case 2: return "two";
    case 3: return "three";
    case 4: return "four";
    case 5: return "five";
    case 6: return "six";
    default: return "seven";
    }
}

int main(void) {
    static const long keys[] = {3, 1000, -70000, 123456789012L, 42, 7};
    long sum = 0, letters = 0;
    for (int i = 0; i < 3000; ++i) {
        sum += dense(i) * sparse(keys[i % 6]);
        for (const char *c = name((unsigned)i); *c; ++c) letters += *c;
    }
    printf("%ld %ld %s\n", sum, letters, name(5));
    return 15;
}
