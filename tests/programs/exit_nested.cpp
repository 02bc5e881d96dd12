// exit() from a nested call: handlers and global destructors run, locals of main are not destroyed.
#include <cstdio>
#include <cstdlib>

struct Noisy {
    const char *name;
    ~Noisy() { std::printf("destroy %s\n", name); }
};
static Noisy global{"global"};
static int hot;

static int work(int i) {
    static Noisy in_work{"static of work"};
    return ++hot + i;
}

static void handler() {
    int sum = 0;
    for (int i = 0; i < 2000; ++i) sum += work(i) & 1;
    std::printf("handler %d %d\n", hot, sum);
}

static void deep(int n) {
    if (n == 0) std::exit(17);
    work(n);
    deep(n - 1);
    std::puts("never");
}

int main() {
    Noisy local{"local"};
    std::atexit(handler);
    deep(1200);
    return 1;
}
