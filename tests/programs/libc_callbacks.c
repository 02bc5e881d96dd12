/* Functions that the C library calls back: qsort, bsearch, tsearch, a signal handler, and hot ones among them. */
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int compares, walked;
static volatile sig_atomic_t signals;

static int by_value(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    ++compares;
    return (x > y) - (x < y);
}

static void walk(const void *node, VISIT visit, int depth) {
    (void)depth;
    if (visit == postorder || visit == leaf) walked += **(const int *const *)node;
}

static void on_signal(int number) {
    (void)number;
    ++signals;
}

int main(void) {
    static int values[500];
    void *tree = NULL;
    int found = 0;
    signal(SIGUSR1, on_signal);
    for (int i = 0; i < 500; ++i) values[i] = (i * 7919) % 500;
    qsort(values, 500, sizeof values[0], by_value);
    for (int key = 0; key < 1000; ++key) found += bsearch(&key, values, 500, sizeof values[0], by_value) != NULL;
    for (int i = 0; i < 100; ++i) tsearch(&values[i], &tree, by_value);
    twalk(tree, walk);
    for (int i = 0; i < 1500; ++i) raise(SIGUSR1);
    printf("%d %d %d %d %d\n", values[0], found, walked, (int)signals, compares > 5000);
    return 25;
}
