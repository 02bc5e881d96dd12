/* Jumps out of signal handlers, across frames of functions that are replaced meanwhile, and from a C library's callback. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <string.h>

static sigjmp_buf from_handler;
static jmp_buf outer, inner;
static volatile int handled;

static void on_signal(int number) {
    ++handled;
    siglongjmp(from_handler, number);
}

static int interrupted(int i) {
    volatile int steps = 0;
    volatile double weight = i / 2.0;
    char kept[32];
    memset(kept, i & 127, sizeof kept);
    int code = sigsetjmp(from_handler, 1);
    if (code == 0) {
        ++steps;
        raise(i % 2 ? SIGUSR1 : SIGUSR2);
        CHECK(!"reached");
    }
    for (unsigned k = 0; k < sizeof kept; ++k) CHECK(kept[k] == (char)(i & 127));
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
    CHECK(code == (i % 2 ? SIGUSR1 : SIGUSR2) && steps == 1 && weight == i / 2.0);
    return code;
}

static int fault(volatile int *address) {
    if (sigsetjmp(from_handler, 1) != 0) return -1;
    return *address;
}

static int by_leaving(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    if (x == 77 || y == 77) longjmp(inner, x + y);
    return x - y;
}

static int sorted(int with) {
    int values[] = {5, with, 3, 9, 1, 8};
    volatile int before = values[1];
    int code = setjmp(inner);
    if (code) return code + before;
    qsort(values, 6, sizeof values[0], by_leaving);
    return values[5];
}

static void descend(int depth, int i) {
    volatile int here = depth;
    if (depth == 0) longjmp(outer, i);
    descend(depth - 1, i);
    CHECK(here < 0);
}

static int again(int i) {
    volatile int rounds = 0;
    int code = setjmp(outer);
    if (code < i + 5) {
        ++rounds;
        descend(i % 20, code < i ? i : code + 1);
    }
    CHECK(rounds == (i == 0 ? 5 : 6));
    return code;
}

int main(void) {
    long sum = 0;
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    signal(SIGSEGV, on_signal);
    for (int i = 0; i < 1500; ++i) {
        sum += interrupted(i) + sorted(i % 10 == 0 ? 77 : 4) + again(i);
        if (i % 100 == 0) sum += fault((volatile int *)16) + fault(&(volatile int){i});
    }
    printf("%ld %d\n", sum, handled);
    return 61;
}
