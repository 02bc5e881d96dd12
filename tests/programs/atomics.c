/* C11 atomics of all sizes and operations from several threads, in loops whose functions are replaced: no update is lost. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { THREADS = 6, ROUNDS = 4000 };

static _Atomic(unsigned char) byte;
static atomic_short half;
static atomic_int word;
static atomic_long longer;
static _Atomic double number;
static _Atomic(struct pair { int a, b; }) pair;
static atomic_flag flag = ATOMIC_FLAG_INIT;
static long guarded;
static _Atomic(struct node *) list;
struct node { struct node *next; int value; };
static struct node nodes[THREADS][ROUNDS / 10];
static _Atomic(int *) pointer;
static int array[THREADS * ROUNDS + 1];

static void lock(void) { while (atomic_flag_test_and_set_explicit(&flag, memory_order_acquire)) sched_yield(); }
static void unlock(void) { atomic_flag_clear_explicit(&flag, memory_order_release); }
static void push(struct node *node, int value) {
    node->value = value;
    node->next = atomic_load_explicit(&list, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&list, &node->next, node, memory_order_release, memory_order_relaxed)) {}
}
static void add_pair(int by) {
    struct pair old = atomic_load(&pair), new;
    do {
        new = (struct pair){old.a + by, old.b - by};
    } while (!atomic_compare_exchange_strong(&pair, &old, new));
}
static void step(int thread, int i) {
    ++byte;
    atomic_fetch_sub_explicit(&half, 1, memory_order_relaxed);
    word ^= 1 << (i & 15);
    atomic_fetch_add(&longer, i);
    number += 0.5;
    add_pair(i & 3);
    *atomic_fetch_add(&pointer, 1) += 1;
    if (i % 10 == 0) push(&nodes[thread][i / 10], i);
    lock();
    guarded += thread + i;
    unlock();
}

static void *work(void *argument) {
    for (int i = 0; i < ROUNDS; ++i) step((int)(intptr_t)argument, i);
    atomic_thread_fence(memory_order_seq_cst);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    atomic_store(&pointer, array);
    for (intptr_t t = 0; t < THREADS; ++t) pthread_create(&threads[t], NULL, work, (void *)t);
    for (int t = 0; t < THREADS; ++t) pthread_join(threads[t], NULL);
    long values = 0, count = 0, once = 0;
    for (struct node *node = list; node; node = node->next, ++count) values += node->value;
    for (int i = 0; i <= THREADS * ROUNDS; ++i) once += array[i] == (i < THREADS * ROUNDS);
    struct pair last = pair;
    CHECK(last.a == -last.b && once == THREADS * ROUNDS + 1);
    printf("%d %d %d %ld %.1f %d %ld %ld %ld\n", byte, half, word, longer, number, last.a, guarded, count, values);
    return 70;
}
