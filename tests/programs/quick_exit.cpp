// quick_exit: handlers of at_quick_exit in the opposite order, no destructor, no atexit handler, from a nested call in a thread.
#include "check.h"
#include <cstdlib>
#include <thread>

struct Noisy {
    ~Noisy() { std::puts("never: destructor"); }
};
static Noisy noisy;
static int calls;

static int work(int i) { return ++calls + i; }
static void first() { std::printf("registered first, %d\n", calls); std::fflush(stdout); }
static void second() {
    int sum = 0;
    for (int i = 0; i < 2000; ++i) sum += work(i) & 1;
    std::printf("registered second, %d %d\n", calls, sum);
    std::fflush(stdout);
    std::_Exit(56);
}

static void deep(int n) {
    if (n == 0) std::quick_exit(1);
    work(n);
    deep(n - 1);
}

int main() {
    static thread_local Noisy of_thread;
    static Noisy local;
    CHECK(&of_thread != &local);
    std::atexit([] { std::puts("never: atexit"); });
    CHECK(std::at_quick_exit(second) == 0);
    CHECK(std::at_quick_exit(first) == 0);
    std::thread(deep, 1500).join();
    return 1;
}
