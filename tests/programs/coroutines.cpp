// flags: -std=c++20
// Coroutines: generators, tasks that wait for each other by symmetric transfer, exceptions in them, frames that outlive promotions.
#include "check.h"
#include <coroutine>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

static int frames;

template <class T> struct Generator {
    struct promise_type {
        T value;
        std::exception_ptr failure;
        promise_type() { ++frames; }
        ~promise_type() { --frames; }
        Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(T v) {
            value = v;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { failure = std::current_exception(); }
    };
    std::coroutine_handle<promise_type> handle;
    explicit Generator(std::coroutine_handle<promise_type> h) : handle(h) {}
    Generator(Generator &&other) : handle(std::exchange(other.handle, {})) {}
    ~Generator() { if (handle) handle.destroy(); }
    bool next() {
        handle.resume();
        if (handle.promise().failure) std::rethrow_exception(handle.promise().failure);
        return !handle.done();
    }
    T value() const { return handle.promise().value; }
};

static Generator<long> numbers(long from, long to) {
    static int started = 0;
    ++started;
    for (long i = from; i < to; ++i) co_yield i * started;
    --started;
}
static Generator<long> filtered(long limit) {
    Generator<long> source = numbers(0, limit);
    while (source.next())
        if (source.value() % 3 != 0) co_yield source.value();
    if (limit % 2) throw std::runtime_error("odd");
}

struct Task {
    struct promise_type {
        std::coroutine_handle<> waiting = std::noop_coroutine();
        long result = 0;
        promise_type() { ++frames; }
        ~promise_type() { --frames; }
        Task get_return_object() { return Task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        struct Final {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().waiting; }
            void await_resume() noexcept {}
        };
        Final final_suspend() noexcept { return {}; }
        void return_value(long v) { result = v; }
        void unhandled_exception() { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
    explicit Task(std::coroutine_handle<promise_type> h) : handle(h) {}
    Task(Task &&other) : handle(std::exchange(other.handle, {})) {}
    ~Task() { if (handle) handle.destroy(); }
    bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) {
        handle.promise().waiting = h;
        return handle;
    }
    long await_resume() { return handle.promise().result; }
};

static Task leaf(long x) { co_return x * 3 % 1009; }
static Task sum(long n) {
    long total = 0;
    for (long i = 0; i < n; ++i) total += co_await leaf(i + total);
    co_return total;
}
static long run(Task task) {
    task.handle.resume();
    CHECK(task.handle.done());
    return task.handle.promise().result;
}

int main() {
    long total = 0, odd = 0;
    Generator<long> endless = numbers(0, 1L << 40);
    for (int i = 0; i < 400; ++i) {
        Generator<long> some = filtered(i % 50);
        try {
            while (some.next()) total += some.value();
        } catch (const std::runtime_error &) {
            ++odd;
        }
        CHECK(endless.next());
        total += endless.value();
        total += run(sum(i % 20));
    }
    total += run(sum(20000));
    std::vector<Generator<long>> many;
    for (int i = 0; i < 100; ++i) many.push_back(numbers(i, 10 * i));
    for (int round = 0; round < 30; ++round)
        for (auto &generator : many)
            if (!generator.handle.done() && generator.next()) total += generator.value();
    many.clear();
    CHECK(frames == 1);
    std::printf("%ld %ld\n", total, odd);
    return 67;
}
