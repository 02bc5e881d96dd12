// Thread-locals in signal handlers of the thread, and in the child of a fork.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static _Thread_local volatile int count = 3;

static void handler(int signal) { count += signal; }

static void *work(void *unused) {
    (void)unused;
    for (int i = 0; i < 3000; ++i) {
        raise(SIGUSR1);
        count -= SIGUSR1;
        count += 1;
    }
    return (void *)(long)count;
}

int main(void) {
    signal(SIGUSR1, handler);
    count += 1;
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i) pthread_create(&threads[i], 0, work, 0);
    for (int i = 0; i < 4; ++i) {
        void *result;
        pthread_join(threads[i], &result);
        printf("%ld\n", (long)result);
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        printf("child %d\n", ++count);
        fflush(stdout);
        _exit(7);
    }
    int status;
    waitpid(child, &status, 0);
    printf("%d %d\n", WEXITSTATUS(status), count);
    return 49;
}
