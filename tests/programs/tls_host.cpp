// What needs thread-locals of the C++ library's own: `call_once`, `async`, futures, packaged tasks; and `errno`.
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static std::once_flag once, retried;
static int runs, tries;

static long work(int n) {
    std::call_once(once, [n] { runs += n > 0 ? 1 : 1; });
    long sum = 0;
    for (int i = 1; i <= n; ++i) sum += i;
    return sum;
}

int main() {
    std::vector<std::future<long>> sums;
    for (int i = 0; i < 8; ++i) sums.push_back(std::async(std::launch::async, work, 1000 * i));
    long total = 0;
    for (auto &sum : sums) total += sum.get();
    std::printf("%ld %d\n", total, runs);

    for (int i = 0; i < 3; ++i) {
        try {
            std::call_once(retried, [] { if (++tries < 3) throw std::runtime_error("again"); });
            std::printf("done after %d\n", tries);
        } catch (const std::exception &error) {
            std::printf("%s\n", error.what());
        }
    }

    auto failing = std::async(std::launch::async, [] { if (runs == 1) throw std::logic_error("from a task"); return 1; });
    try {
        failing.get();
    } catch (const std::logic_error &error) {
        std::printf("%s\n", error.what());
    }
    auto lazy = std::async(std::launch::deferred, [] { return std::uncaught_exceptions(); });
    std::printf("%d\n", lazy.get());

    std::packaged_task<int(int)> task([](int x) { return x * 2; });
    auto result = task.get_future();
    std::thread(std::move(task), 21).join();
    std::printf("%d\n", result.get());

    std::promise<int> promise;
    std::mutex mutex;
    std::condition_variable changed;
    int turn = 0;
    std::thread other([&] {
        std::unique_lock lock(mutex);
        for (int i = 0; i < 100; ++i) {
            changed.wait(lock, [&] { return turn % 2 == 1; });
            ++turn;
            changed.notify_one();
        }
        promise.set_value_at_thread_exit(turn);
    });
    {
        std::unique_lock lock(mutex);
        for (int i = 0; i < 100; ++i) {
            ++turn;
            changed.notify_one();
            changed.wait(lock, [&] { return turn % 2 == 0; });
        }
    }
    std::printf("%d\n", promise.get_future().get());
    other.join();

    errno = 5;
    std::thread([] { errno = 7; }).join();
    std::printf("%d\n", errno);
    return 44;
}
