// A thread_local with a destructor, in several threads and in main.
#include <cstdio>
#include <thread>

struct PerThread {
    int n = 0;
    ~PerThread() { std::printf("thread ends with %d\n", n); }
};
static thread_local PerThread mine;
thread_local int plain = 5;

static int bump() {
    ++plain;
    return ++mine.n;
}

int main() {
    for (int t = 1; t <= 3; ++t)
        std::thread([t] { for (int i = 0; i < t * 1000; ++i) bump(); }).join();
    bump();
    std::printf("main %d %d\n", mine.n, plain);
    return 32;
}
