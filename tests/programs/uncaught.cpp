// An exception that nobody catches: std::terminate, a handler of the program's own, and death by SIGABRT.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

struct Local {
    ~Local() { std::puts("not unwound when nobody catches"); }
};

static int hot(int i) {
    if (i == 1500) throw std::runtime_error("nobody catches this");
    return i & 3;
}

int main() {
    std::set_terminate([] {
        std::puts("terminate");
        std::fflush(stdout);
        std::abort();
    });
    std::atexit([] { std::puts("never"); });
    int sum = 0;
    for (int i = 0; i < 1500; ++i) sum += hot(i);
    std::printf("%d\n", sum);
    Local local;
    return hot(1500);
}
