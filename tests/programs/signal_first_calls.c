/* Signal handlers that call functions for the first time, while the code they interrupt makes first calls as well, and a handler on
   a stack of its own. */
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>

static volatile sig_atomic_t handled, on_stack;
static atomic_long total;
static char *stack;
enum { STACK = 65536 };

#define FIRST(n) \
    static long first##n(long x) { static long calls; ++calls; return x + n + (calls > 0); } \
    static long in_handler##n(long x) { return first##n(x) * 2 - n; }
FIRST(0) FIRST(1) FIRST(2) FIRST(3) FIRST(4) FIRST(5) FIRST(6) FIRST(7)
static long (*const plain[8])(long) = {first0, first1, first2, first3, first4, first5, first6, first7};
static long (*const handlers[8])(long) = {in_handler0, in_handler1, in_handler2, in_handler3, in_handler4, in_handler5, in_handler6, in_handler7};

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)info, (void)context;
    int turn = handled++;
    CHECK(handlers[turn % 8](number) == 2 * (number + turn % 8 + 1) - turn % 8);
}
static void on_own_stack(int number) {
    char here;
    on_stack += &here >= stack && &here < stack + STACK;
    atomic_fetch_add(&total, number);
}

static void *raises(void *argument) {
    stack_t own = {.ss_sp = stack, .ss_size = STACK};
    CHECK(sigaltstack(&own, NULL) == 0);
    for (int i = 0; i < 1000; ++i) pthread_kill(pthread_self(), SIGUSR2);
    own.ss_flags = SS_DISABLE;
    sigaltstack(&own, NULL);
    return argument;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    stack = malloc(STACK);
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_own_stack;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR2, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    long sum = 0;
    for (int i = 0; i < 4000; ++i) {
        if (i % 8 == 0) raise(SIGUSR1);
        sum += plain[(i + 4) % 8](i);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, raises, NULL);
    pthread_join(thread, NULL);
    printf("%ld %d %d %ld\n", sum, handled >= 500, on_stack, atomic_load(&total));
    return 71;
}
