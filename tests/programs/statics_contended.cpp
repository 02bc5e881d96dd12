// Statics that eight threads want at once: each is initialised by one of them, and all see it whole.
#include "check.h"
#include <atomic>
#include <pthread.h>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

static constexpr int THREADS = 8, STATICS = 64;
static std::atomic<int> made[STATICS], failed[STATICS];

struct Slow {
    int values[16];
    explicit Slow(int n) {
        if (failed[n]++ < n % 3) throw std::runtime_error("again");
        for (int i = 0; i < 16; ++i) {
            values[i] = n;
            if (i % 4 == 0) std::this_thread::yield();
        }
        ++made[n];
    }
    int sum() const {
        int sum = 0;
        for (int value : values) sum += value;
        return sum;
    }
};

template <int N> static const Slow &get() {
    static const Slow slow(N);
    return slow;
}

static pthread_barrier_t barrier;
static const Slow *seen[THREADS][STATICS];

template <int N> static void visit(int thread) {
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 60; ++i) {
        try {
            const Slow &slow = get<N>();
            CHECK(slow.sum() == 16 * N);
            CHECK(made[N] == 1);
            CHECK(seen[thread][N] == nullptr || seen[thread][N] == &slow);
            seen[thread][N] = &slow;
        } catch (const std::runtime_error &) {
            CHECK(made[N] == 0 || seen[thread][N] == nullptr);
        }
    }
}

template <int... N> static void visit_all(int thread, std::integer_sequence<int, N...>) { (visit<N>(thread), ...); }

int main() {
    pthread_barrier_init(&barrier, nullptr, THREADS);
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; ++t)
        threads.emplace_back([t] { visit_all(t, std::make_integer_sequence<int, STATICS>()); });
    for (auto &thread : threads) thread.join();
    int total = 0;
    for (int n = 0; n < STATICS; ++n) {
        total += made[n];
        CHECK(failed[n] == n % 3 + 1);
        for (int t = 0; t < THREADS; ++t) CHECK(seen[t][n] == seen[0][n]);
    }
    std::printf("%d\n", total);
    return 51;
}
