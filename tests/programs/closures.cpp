// Closures and std::function: statics in them, captures that outlive promotion, functions that return functions, bind, references.
#include "check.h"
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

static int destroyed;
struct Tracked {
    int value;
    explicit Tracked(int v) : value(v) {}
    Tracked(const Tracked &) = default;
    ~Tracked() { ++destroyed; }
};

template <class F> static int apply(F &&f, int x) {
    static int calls = 0; // One for each closure's type.
    return f(x) + ++calls;
}
static auto counter(int start) {
    static int counters = 0;
    ++counters;
    return [count = start, id = counters]() mutable { return id * 1000 + ++count; };
}
static std::function<int(int)> compose(std::vector<std::function<int(int)>> all) {
    return [all = std::move(all)](int x) { return std::accumulate(all.begin(), all.end(), x, [](int v, const auto &f) { return f(v); }); };
}
static std::function<long(long)> fibonacci(std::map<long, long> &memo) {
    return [&memo](long n) {
        std::function<long(long)> again = [&](long k) -> long {
            if (k < 2) return k;
            if (auto found = memo.find(k); found != memo.end()) return found->second;
            return memo[k] = again(k - 1) + again(k - 2);
        };
        return again(n);
    };
}
static int plain(int x) { return x ^ 5; }
struct Functor {
    int times = 0;
    int operator()(int x) { return x + ++times; }
    int method(int a, int b) const { return times * a - b; }
};
static int (*converted())(int) {
    return [](int x) {
        static int total = 0;
        return total += x;
    };
}

int main() {
    long sum = 0;
    auto one = counter(0), two = counter(500);
    Functor functor;
    auto tracked = std::make_shared<Tracked>(7);
    std::weak_ptr<Tracked> weak = tracked;
    std::function<int(int)> keeps = [tracked, copy = Tracked(3)](int x) { return tracked->value * x + copy.value; };
    tracked.reset();
    auto all = compose({plain, std::ref(functor), [](int x) { return x * 3 % 10007; }, keeps});
    auto bound = std::bind(&Functor::method, &functor, std::placeholders::_2, std::placeholders::_1);
    int (*const function)(int) = converted();
    std::map<long, long> memo;
    auto fib = fibonacci(memo);
    std::vector<int> values(50);
    for (int i = 0; i < 1500; ++i) {
        sum += apply([](int x) { return x; }, i) + apply([i](int x) { return x - i; }, i) + one() + two() + all(i) + bound(i, 2);
        CHECK(converted() == function);
        sum += function(1) + (i % 100 == 0 ? fib(i % 80) % 1000 : 0);
        std::iota(values.begin(), values.end(), i % 10);
        sum += std::count_if(values.begin(), values.end(), [&](int v) { return v % (i % 7 + 1) == 0; });
        std::sort(values.begin(), values.end(), [n = i % 13](int a, int b) { return (a ^ n) < (b ^ n); });
        sum += values[7];
        CHECK(keeps.target_type() != typeid(void) && all && !weak.expired());
    }
    const int before = destroyed;
    keeps = nullptr;
    all = plain;
    CHECK(weak.expired() && destroyed > before);
    std::printf("%ld %zu %d %d\n", sum, memo.size(), functor.times, all(3));
    return 79;
}
