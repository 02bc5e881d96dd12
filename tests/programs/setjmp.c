/* longjmp out of and across functions that are being replaced. */
#include <setjmp.h>
#include <stdio.h>

static jmp_buf out;
static volatile int entered;

static void leave(int i) {
    ++entered;
    if (i % 3 == 0) longjmp(out, i + 1);
}

static void middle(int i) {
    volatile int local = i;
    leave(local);
    ++entered;
}

static int attempt(int i) {
    volatile int kept = i * 2;
    int code = setjmp(out);
    if (code != 0) return code + kept;
    middle(i);
    return 0;
}

int main(void) {
    long sum = 0;
    for (int i = 0; i < 3000; ++i) sum += attempt(i);
    printf("%ld %d\n", sum, entered);
    return 13;
}
