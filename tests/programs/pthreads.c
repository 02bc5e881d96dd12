/* POSIX threads from C: a condition variable, pthread_once and a barrier. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static int turn, made;
static long sum;

static void make(void) { ++made; }
static int step(int i) { static int calls; return ++calls > 0 ? i % 13 : 0; }

static void *play(void *argument) {
    int me = *(int *)argument;
    pthread_once(&once, make);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 400; ++i) {
        pthread_mutex_lock(&mutex);
        while (turn != me) pthread_cond_wait(&changed, &mutex);
        sum = sum * 3 % 1000003 + step(i) + me;
        turn = 1 - me;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

int main(void) {
    pthread_t threads[2];
    int ids[2] = {0, 1};
    void *result;
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, play, &ids[i]);
    for (int i = 0; i < 2; ++i) pthread_join(threads[i], &result);
    printf("%ld %d %d\n", sum, made, *(int *)result);
    return 21;
}
