// Exceptions thrown through, caught in and rethrown by functions that become hot while they do so.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

static int destroyed;
struct Guard { ~Guard() { ++destroyed; } };

static int throws(int i) {
    Guard g;
    if (i % 5 == 0) throw i;
    if (i % 7 == 0) throw std::out_of_range("seven " + std::to_string(i));
    return i;
}

static int through(int i) {
    Guard g;
    return throws(i) + 1;
}

static int catches(int i) {
    try {
        return through(i);
    } catch (int n) {
        return -n;
    }
}

static int rethrows(int i) {
    try {
        return catches(i);
    } catch (const std::exception &e) {
        if (std::string(e.what()) == "seven 7") throw;
        return 0;
    }
}

static int nothrow(int i) noexcept {
    try { return rethrows(i); } catch (...) { return 1000; }
}

int main() {
    long sum = 0;
    for (int i = 1; i <= 1500; ++i) sum += nothrow(i);
    std::printf("%ld %d\n", sum, destroyed);
    try {
        try { throw std::runtime_error("inner"); }
        catch (...) { std::throw_with_nested(std::logic_error("outer")); }
    } catch (const std::logic_error &e) {
        std::printf("%s", e.what());
        try { std::rethrow_if_nested(e); } catch (const std::runtime_error &n) { std::printf(" of %s\n", n.what()); }
    }
    std::exception_ptr kept;
    try { through(10); } catch (...) { kept = std::current_exception(); }
    try { std::rethrow_exception(kept); } catch (int n) { std::printf("kept %d\n", n); }
    return 7;
}
