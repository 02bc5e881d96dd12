// Threads that run the same functions while these become hot: atomics, a mutex, and no thread_local.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

static std::atomic<long> atomic_sum{0};
static std::mutex lock;
static long locked_sum;

static int &once() {
    static std::atomic<int> made{0};
    static int value = ++made;
    return value;
}

static long mix(long x) { return (x * 31 + 7) % 101; }

static void add(int i) {
    atomic_sum.fetch_add(mix(i), std::memory_order_relaxed);
    std::lock_guard<std::mutex> guard(lock);
    locked_sum += mix(i) + once();
}

struct Worker {
    virtual ~Worker() = default;
    virtual void run(int from) {
        for (int i = from; i < from + 3000; ++i) add(i);
    }
};

int main() {
    Worker worker;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back([&worker, t] { worker.run(t * 3000); });
    for (auto &t : threads) t.join();
    std::printf("%ld %ld %d\n", atomic_sum.load(), locked_sum, once());
    return atomic_sum + 12000 == locked_sum ? 20 : 1;
}
