// Thread-locals of C: with initialisers and zeros, static and local, a large and an over-aligned one, one with addresses in its
// initialiser, and a pointer to one that another thread writes through.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

_Thread_local int counter = 7;
static _Thread_local long zeros;
static _Thread_local char big[100000];
static _Thread_local _Alignas(256) char aligned[3] = "ab";
static int shared = 5;
static int twice(int x) { return 2 * x; }
static _Thread_local struct {
    int *data;
    int (*code)(int);
    const char *text;
} addresses = {&shared, twice, "text"};

static int next(void) {
    static _Thread_local int local = 100;
    return ++local;
}

// Chosen at run time, so that the address is an operand of a phi or a select.
static int *choose(int which, int *other) { return which ? &counter : other; }

static void *work(void *argument) {
    intptr_t number = (intptr_t)argument;
    for (int i = 0; i < 1000 * (int)number; ++i) {
        ++counter;
        zeros += number;
        big[i % sizeof big] += 1;
        next();
    }
    int sum = 0;
    for (size_t i = 0; i < sizeof big; ++i) sum += big[i];
    int other = 3;
    *choose(1, &other) += 1;
    *choose(0, &other) += 1;
    char *text = malloc(200);
    snprintf(text, 200, "%d %ld %d %d %d %d %s %d %d %s", counter, zeros, sum, next(), other, (int)((uintptr_t)aligned % 256), aligned,
             *addresses.data == 5, addresses.code(21), addresses.text);
    aligned[0] = 'x';
    addresses.code = 0;
    return text;
}

static pthread_barrier_t barrier;
static int *_Atomic of_other;

static void *owner(void *unused) {
    (void)unused;
    of_other = &counter;
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return (void *)(intptr_t)counter;
}

int main(void) {
    int *const before = &counter;
    pthread_t threads[8];
    for (intptr_t i = 0; i < 8; ++i) pthread_create(&threads[i], 0, work, (void *)i);
    for (int i = 0; i < 8; ++i) {
        void *text;
        pthread_join(threads[i], &text);
        puts(text);
        free(text);
    }
    puts(work((void *)9));
    printf("%d %d %s\n", before == &counter, *before, aligned);

    pthread_barrier_init(&barrier, 0, 2);
    pthread_create(&threads[0], 0, owner, 0);
    pthread_barrier_wait(&barrier);
    printf("%d\n", of_other != &counter);
    *of_other = 1234;
    pthread_barrier_wait(&barrier);
    void *result;
    pthread_join(threads[0], &result);
    printf("%d %d\n", (int)(intptr_t)result, counter);
    return 41;
}
